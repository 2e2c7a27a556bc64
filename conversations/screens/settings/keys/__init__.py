"""API keys: listed, created with their secret shown once, and revoked."""
