"""The business hours of a workspace."""
