"""What can happen to a ticket."""

from __future__ import annotations

from accounts.events import define

TICKET_OPENED = define("ticket.opened", "ticket", "A ticket came into being.")
TICKET_STATUS_CHANGED = define("ticket.status_changed", "ticket", "Its state changed.")
TICKET_ASSIGNED = define("ticket.assigned", "ticket", "It was given to someone, or to no one.")
TICKET_PRIORITY_CHANGED = define("ticket.priority_changed", "ticket", "Its priority changed.")
TICKET_TAGGED = define("ticket.tagged", "ticket", "Its labels changed.")
TICKET_UPDATED = define("ticket.updated", "ticket", "Another of its fields changed.")
TICKET_SNOOZED = define("ticket.snoozed", "ticket", "It sleeps until a moment, or was woken.")
TICKET_MESSAGED = define("ticket.messaged", "ticket", "A customer or the team wrote in a linked conversation.")
TICKET_READ = define("ticket.read", "ticket", "The team has seen what was new.")
TICKET_RECOUNTED = define(
    "ticket.recounted", "ticket", "Its message figures changed as a conversation was linked, unlinked or read."
)
TICKET_DELETED = define("ticket.deleted", "ticket", "It was deleted; its conversations stay.")
