"""What can happen to a ticket."""

from __future__ import annotations

from accounts.journal import define

TICKET_OPENED = define("ticket.opened", "ticket", "Ticket opened.")
TICKET_STATUS_CHANGED = define("ticket.status_changed", "ticket", "Status changed.")
TICKET_ASSIGNED = define("ticket.assigned", "ticket", "Assignee changed.")
TICKET_PRIORITY_CHANGED = define("ticket.priority_changed", "ticket", "Priority changed.")
TICKET_TAGGED = define("ticket.tagged", "ticket", "Tags changed.")
TICKET_UPDATED = define("ticket.updated", "ticket", "Ticket details changed.")
TICKET_SNOOZED = define("ticket.snoozed", "ticket", "Snoozed or unsnoozed.")
TICKET_MESSAGED = define("ticket.messaged", "ticket", "New message in a linked conversation.")
TICKET_READ = define("ticket.read", "ticket", "Marked as read.")
TICKET_RECOUNTED = define("ticket.recounted", "ticket", "Ticket counts updated.")
TICKET_DELETED = define("ticket.deleted", "ticket", "Ticket deleted.")
