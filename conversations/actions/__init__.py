"""The core verbs of the desk: conversations, messages, contacts and tickets, one module a subject.

For: every door, which makes one call into here; each verb permits, locks, decides and records one event.
In: rows, plain values, `by` (the actor) and `at` (the moment), all by keyword. Out: the changed row.
Raises the errors of `accounts.errors`; the door puts them into words. Effects on the outside follow from the event.

`lifecycle` is the pure rule of whose turn it is. `locking`, `entries`, `routing`, `turns`, `summaries`, `carrying`, `settling`, `files`, `senders`,
`outgoing`, `mentioning`, `releasing`, `forgetting`, `ticket_counts` and `wishes` hold what the verbs share; they permit and record nothing by themselves.
`outgoing`, `ticket_counts`, `aliases` and `wishes` hold what the verbs share; they permit and record nothing by themselves.
Features and doors import the package and name the verb (`actions.assign`). It imports queries, models and the verbs of tickets.
"""

from conversations.actions.addresses import add_address, remove_address
from conversations.actions.attributes import set_attributes
from conversations.actions.blocking import block_contact, unblock_contact
from conversations.actions.callbacks import mark_called, unmark_called
from conversations.actions.companies import (
    create_company,
    merge_companies,
    set_company,
    undo_company_merge,
    update_company,
)
from conversations.actions.composing import compose, forward
from conversations.actions.contact_notes import add_contact_note, delete_contact_note, edit_contact_note
from conversations.actions.contacts import identify, update_contact
from conversations.actions.continuing import continue_or_receive
from conversations.actions.corrections import edit_message, withdraw_message
from conversations.actions.delivery import deliver, discard, mark_failed, mark_sent, retry, retry_all, set_delivery
from conversations.actions.drafts import attach_to_draft, discard_draft, restore_draft, save_draft
from conversations.actions.following import follow, see_mentions, unfollow
from conversations.actions.ids import add_id, remove_id
from conversations.actions.merging import merge, undo_merge
from conversations.actions.merging_contacts import mark_distinct, merge_contacts, undo_contact_merge
from conversations.actions.messages import note, receive, reply
from conversations.actions.moving import join, keep_apart, move_message, split, undo_move
from conversations.actions.notes import delete_note, edit_note
from conversations.actions.outbox import cancel, hold, reschedule, review, schedule
from conversations.actions.recipients import set_cc
from conversations.actions.recording import record_conversation
from conversations.actions.redacting import redact
from conversations.actions.reverting import undo_caused
from conversations.actions.saved_views import create_view, delete_view, favorite_view, move_view, update_view
from conversations.actions.spam import mark_spam, undo_spam, unmark_spam
from conversations.actions.start import start
from conversations.actions.status import set_status, snooze, unsnooze
from conversations.actions.tagging import delete_tag, recolour_tag, rename_tag, replace_tag
from conversations.actions.teams import move_team, move_team_of_channels, move_team_of_mailboxes
from conversations.actions.ticket_messages import (
    broadcast,
    broadcast_later,
    cancel_broadcast,
    edit_note_of_ticket,
    note_in_ticket,
    note_on_ticket,
    reply_in_ticket,
)
from conversations.actions.ticketing import delete_ticket, escalate, link, open_ticket, unlink
from conversations.actions.trashing import purge, restore, trash
from conversations.actions.triage import (
    assign,
    change_tags,
    claim,
    edit_subject,
    mark_read,
    mark_unread,
    set_priority,
    set_tags,
    unassign_member,
)
from conversations.actions.undo import undo

__all__ = [
    "add_address", "add_contact_note", "add_id", "assign", "attach_to_draft", "block_contact", "broadcast", "broadcast_later",
    "cancel", "cancel_broadcast", "change_tags", "claim", "compose", "continue_or_receive", "create_company",
    "create_view", "delete_contact_note", "delete_note", "delete_tag", "delete_ticket", "delete_view", "deliver",
    "discard", "discard_draft", "edit_contact_note", "edit_message", "edit_note", "edit_note_of_ticket", "edit_subject", "escalate",
    "favorite_view", "follow", "forward", "hold", "identify", "join", "keep_apart", "link", "mark_called",
    "mark_distinct", "mark_failed", "mark_read", "mark_sent", "mark_spam", "mark_unread", "merge", "merge_companies",
    "merge_contacts", "move_message", "move_team", "move_team_of_channels", "move_team_of_mailboxes", "move_view",
    "note", "note_in_ticket", "note_on_ticket", "open_ticket", "purge", "receive", "recolour_tag", "record_conversation", "redact",
    "remove_address", "remove_id", "rename_tag", "replace_tag", "reply", "reply_in_ticket", "reschedule", "restore", "restore_draft",
    "retry", "retry_all", "review", "save_draft", "schedule", "see_mentions", "set_attributes", "set_cc", "set_company",
    "set_delivery", "set_priority", "set_status", "set_tags", "snooze", "split", "start", "trash", "unassign_member",
    "unblock_contact", "undo", "undo_caused", "undo_company_merge", "undo_contact_merge", "undo_merge", "undo_move",
    "undo_spam", "unfollow", "unlink", "unmark_called", "unmark_spam", "unsnooze", "update_company", "update_contact",
    "update_view", "withdraw_message",
]  # fmt: skip
