"""Notifying members by mail: of what was assigned to them, and of mailboxes that have to be reconnected."""
