"""A person's own keys."""
