"""Notifying members by mail of what was assigned to them."""
