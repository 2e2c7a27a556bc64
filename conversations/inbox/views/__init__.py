"""The views of the inbox: reading, writing, files, and the person's own."""

from conversations.inbox.views.assistant import assistant
from conversations.inbox.views.changes import (
    assign,
    edit_subject,
    escalate,
    mark_read,
    set_priority,
    set_status,
    set_tags,
    snooze,
    take_over,
    undo,
    unlink,
    wake,
)
from conversations.inbox.views.files import download
from conversations.inbox.views.lists import counts, inbox, rows
from conversations.inbox.views.person import home, preferences
from conversations.inbox.views.suggestions import dismiss, suggest
from conversations.inbox.views.threads import conversation, fresh, message_text
from conversations.inbox.views.writing import note, reply

__all__ = [
    "assign", "assistant", "conversation", "counts", "dismiss", "download", "edit_subject", "escalate", "fresh", "home",
    "inbox", "mark_read", "message_text", "note", "preferences", "reply", "rows", "set_priority", "set_status", "set_tags",
    "snooze", "suggest", "take_over", "undo", "unlink", "wake",
]  # fmt: skip
