"""The verbs of the desk. Every door makes one call into here; each verb permits, locks, decides and records one event."""

from conversations.actions.contacts import identify, update_contact
from conversations.actions.delivery import set_delivery
from conversations.actions.messages import note, receive, reply
from conversations.actions.start import start
from conversations.actions.status import set_status, snooze, wake
from conversations.actions.ticketing import escalate, link, unlink
from conversations.actions.triage import assign, edit_subject, mark_read, set_priority, set_tags

__all__ = [
    "assign", "edit_subject", "escalate", "identify", "link", "mark_read", "note", "receive", "reply", "set_delivery", "set_priority",
    "set_status", "set_tags", "snooze", "start", "unlink", "update_contact", "wake",
]  # fmt: skip
