"""The verbs of the desk. Every door makes one call into here; each verb permits, locks, decides and records one event."""

from conversations.actions.assistant import (
    answer_run,
    append_message,
    ask_assistant,
    cancel_run,
    delete_thread,
    fail_run,
    recover_run,
)
from conversations.actions.assistant_queue import begin_queued, clear_queue, edit_queued, enqueue, remove_queued
from conversations.actions.contacts import identify, update_contact
from conversations.actions.delivery import set_delivery
from conversations.actions.hand_over import hand_over, settle, take_over
from conversations.actions.knowledge import (
    create_article,
    create_macro,
    delete_article,
    delete_macro,
    publish_article,
    unpublish_article,
    update_article,
    update_macro,
)
from conversations.actions.messages import note, receive, reply
from conversations.actions.notes import delete_note, edit_note
from conversations.actions.proposals import decide_proposal
from conversations.actions.saved_views import create_view, delete_view, favorite_view, update_view
from conversations.actions.start import start
from conversations.actions.status import set_status, snooze, wake
from conversations.actions.suggestions import (
    dismiss_suggestion,
    fail_suggestion,
    judge_suggestions,
    make_suggestion,
    request_suggestion,
)
from conversations.actions.ticket_messages import broadcast, note_in_ticket, reply_in_ticket
from conversations.actions.ticketing import delete_ticket, escalate, link, open_ticket, unlink
from conversations.actions.triage import (
    assign,
    edit_subject,
    mark_read,
    set_priority,
    set_tags,
    unassign_member,
)
from conversations.actions.undo import undo

__all__ = [
    "answer_run", "append_message", "ask_assistant", "assign", "begin_queued", "broadcast", "cancel_run",
    "clear_queue", "create_article", "create_macro", "create_view", "decide_proposal", "delete_article",
    "delete_macro", "delete_note", "delete_thread", "delete_ticket", "delete_view", "dismiss_suggestion", "edit_note",
    "edit_queued", "edit_subject", "enqueue", "escalate", "fail_run", "fail_suggestion", "favorite_view", "hand_over",
    "identify", "judge_suggestions", "link", "make_suggestion", "mark_read", "note", "note_in_ticket", "open_ticket",
    "publish_article", "receive", "recover_run", "remove_queued", "reply", "reply_in_ticket", "request_suggestion",
    "set_delivery", "set_priority", "set_status", "set_tags", "settle", "snooze", "start", "take_over", "unassign_member", "undo",
    "unlink",
    "unpublish_article", "update_article", "update_contact", "update_macro", "update_view", "wake",
]  # fmt: skip
