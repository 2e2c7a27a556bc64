"""Saved views: listed, made, changed, shared, put in order and deleted."""
