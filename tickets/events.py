"""What can happen to a ticket."""

from __future__ import annotations

from accounts.journal import define

TICKET_OPENED = define("ticket.opened", "ticket", "Ticket opened.", "status", "priority")
TICKET_STATUS_CHANGED = define("ticket.status_changed", "ticket", "Status changed.", "status", "previous")
TICKET_ASSIGNED = define(
    "ticket.assigned", "ticket", "Assignee changed.", "assignee_id", "team_id", "previous_assignee_id"
)
TICKET_PRIORITY_CHANGED = define("ticket.priority_changed", "ticket", "Priority changed.", "priority", "previous")
TICKET_TAGGED = define("ticket.tagged", "ticket", "Tags changed.", "added", "removed")
TICKET_UPDATED = define("ticket.updated", "ticket", "Ticket details changed.", "fields", "due_at")
TICKET_SNOOZED = define("ticket.snoozed", "ticket", "Snoozed or unsnoozed.", "until")
TICKET_MESSAGED = define("ticket.messaged", "ticket", "New message in a linked conversation.", "from_customer")
TICKET_READ = define("ticket.read", "ticket", "Marked as read.")
TICKET_RECOUNTED = define(
    "ticket.recounted", "ticket", "Ticket counts updated.", "message_count", "linked_id", "unlinked_id"
)
TICKET_NOTE_ADDED = define("ticket.note_added", "ticket", "Note about a ticket added.", "note_id")
TICKET_NOTE_EDITED = define("ticket.note_edited", "ticket", "Note about a ticket edited.", "note_id")
TICKET_NOTE_DELETED = define("ticket.note_deleted", "ticket", "Note about a ticket deleted.", "note_id")
TICKET_MENTIONED = define("ticket.mentioned", "ticket", "Member mentioned in a note.", "user_id", "note_id")
TICKET_DELETED = define("ticket.deleted", "ticket", "Ticket deleted.", "number")
HOURS_CHANGED = define("workspace.hours_changed", "workspace", "Business hours changed.", "time_zone", "weekly")
TICKET_ATTRIBUTES_CHANGED = define("ticket.attributes_changed", "ticket", "Attributes changed.", "keys", "values")
ATTRIBUTE_CREATED = define("attribute.created", "attribute", "Custom attribute created.", "subject", "kind", "key")
ATTRIBUTE_UPDATED = define("attribute.updated", "attribute", "Custom attribute changed.", "fields")
ATTRIBUTE_ARCHIVED = define("attribute.archived", "attribute", "Custom attribute archived or restored.", "archived")
ATTRIBUTE_MOVED = define("attribute.moved", "attribute", "Custom attribute moved in the list.", "position")
TICKET_ERASED = define("ticket.erased", "ticket", "Content erased.")
TAG_UPDATED = define("tag.updated", "tag", "Tag changed.", "fields")
TAG_DELETED = define("tag.deleted", "tag", "Tag deleted.", "into_id")
