"""The verbs of tickets, of custom attributes and of business hours. No HTTP, and nothing about conversations, whose verbs call these.

In: rows, plain values, `by` (the actor) and `at` (the moment), all by keyword. Out: the changed row.
"""

from tickets.actions.attributes import (
    archive_attribute,
    create_attribute,
    move_attribute,
    set_attributes,
    update_attribute,
)
from tickets.actions.hours import set_hours
from tickets.actions.notes import REPEAT_WITHIN, add_note, delete_note, edit_note
from tickets.actions.tickets import (
    MESSAGE_CUT,
    NUMBERS,
    MessageSummary,
    assign,
    delete,
    erase,
    mark_read,
    move_team,
    note_message,
    open_ticket,
    recount,
    replace_tag,
    set_priority,
    set_status,
    set_tags,
    snooze,
    unassign_member,
    unsnooze,
    update,
)

__all__ = [
    "MESSAGE_CUT", "NUMBERS", "REPEAT_WITHIN", "MessageSummary", "add_note", "archive_attribute", "assign",
    "create_attribute", "delete", "delete_note", "edit_note", "erase", "mark_read", "move_attribute", "move_team",
    "note_message", "open_ticket", "recount", "replace_tag", "set_attributes", "set_hours", "set_priority", "set_status",
    "set_tags", "snooze", "unassign_member", "unsnooze", "update", "update_attribute",
]  # fmt: skip
