"""The verbs of live chat: widgets, visitors' sessions, and what visitors do in their conversations.

For: the frame's API, PostHog's format and the settings, which make one call into here. In: rows, plain values, `by` (the visitor, the
member) and `at`, all by keyword. Out: the changed row.
A session is locked first (`holding`), so that what is written in it and who its visitor is never change at once. It imports the core verbs
and those of the assistant.
"""

from conversations.chat.actions.assistant import decide_in_chat
from conversations.chat.actions.holding import SessionEnded
from conversations.chat.actions.sessions import (
    Opened,
    describe_visitor,
    end_session,
    identify_visitor,
    start_session,
)
from conversations.chat.actions.transcripts import request_transcript
from conversations.chat.actions.turns import mark_seen, reopen_as_customer, resolve_as_customer
from conversations.chat.actions.widgets import add_keys, create_widget, delete_widget, update_widget
from conversations.chat.actions.writing import start_conversation, write

__all__ = [
    "Opened",
    "SessionEnded",
    "add_keys",
    "create_widget",
    "decide_in_chat",
    "delete_widget",
    "describe_visitor",
    "end_session",
    "identify_visitor",
    "mark_seen",
    "reopen_as_customer",
    "request_transcript",
    "resolve_as_customer",
    "start_conversation",
    "start_session",
    "update_widget",
    "write",
]  # fmt: skip
