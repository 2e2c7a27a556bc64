"""The start page after signing in, and a person's preferences."""
