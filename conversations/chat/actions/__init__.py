"""The verbs of live chat: widgets, visitors' sessions, and what visitors do in their conversations.

For: every door by which visitors of a website write, and the settings of widgets.
In: rows, plain values, `by` (the visitor, or who sets a widget up) and `at` (the moment), all by keyword. Out: the changed row.
A session is locked before its contact, that before the assistant's thread, and that before the conversation.

`holding` has what the verbs share; it permits and records nothing by itself. Doors import the package and name the verb; it
imports the core verbs and those of the assistant.
"""

from conversations.chat.actions.assistant import decide_in_chat
from conversations.chat.actions.holding import SessionEnded
from conversations.chat.actions.restoring import Outcome, Restored, request_restore, restore
from conversations.chat.actions.sessions import (
    Opened,
    describe_visitor,
    end_session,
    identify_visitor,
    start_session,
)
from conversations.chat.actions.ticketing import start_ticket, write_in_ticket
from conversations.chat.actions.transcripts import request_transcript
from conversations.chat.actions.turns import mark_seen, reopen_as_customer, resolve_as_customer
from conversations.chat.actions.widgets import add_keys, create_widget, delete_widget, update_widget
from conversations.chat.actions.writing import start_conversation, write

__all__ = [
    "Opened", "Outcome", "Restored", "SessionEnded", "add_keys", "create_widget", "decide_in_chat", "delete_widget", "describe_visitor",
    "end_session", "identify_visitor", "mark_seen", "reopen_as_customer", "request_restore", "request_transcript", "resolve_as_customer",
    "restore", "start_conversation", "start_session", "start_ticket", "update_widget", "write", "write_in_ticket",
]  # fmt: skip
