"""The one table of which reactions an event has, in the order in which they run. A reaction is idempotent and changes anything only through a verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from django.utils.module_loading import import_string

from accounts.journal import EventType, subscribe
from accounts.models import Event
from conversations import events
from tickets import events as ticket_events

REACTIONS: Mapping[EventType, tuple[str, ...]] = {
    events.ASSISTANT_HANDED_OVER: (
        "conversations.chat.reactions.route_handed_over",
    ),
    events.BULK_JOB_CANCELLED: (
        "conversations.notifications.reactions.notify_of_many",
    ),
    events.BULK_JOB_FINISHED: (
        "conversations.notifications.reactions.notify_of_many",
    ),
    events.BULK_JOB_UNDONE: (
        "conversations.notifications.reactions.take_back_many",
    ),
    events.CONVERSATION_ASSIGNED: (
        "conversations.notifications.reactions.notify_of_assignment",
    ),
    events.CONVERSATION_READ: (
        "conversations.notifications.reactions.mark_notifications_read",
    ),
    events.CONVERSATION_STARTED: (
        "conversations.notifications.reactions.notify_of_new",
    ),
    events.CONVERSATION_STATUS_CHANGED: (
        "conversations.assistant.reactions.count_as_resolved",
    ),
    events.CONVERSATION_TAGGED: (
        "conversations.channels.discord.reactions.mirror_tags",
    ),
    events.DELIVERY_CHANGED: (
        "conversations.notifications.reactions.notify_of_failure",
    ),
    events.MAILBOX_DISCONNECTED: (
        "conversations.notifications.reactions.notify_of_lost_mailbox",
    ),
    events.MESSAGE_RECEIVED: (
        "conversations.notifications.reactions.notify_of_reply",
    ),
    events.NOTE_ADDED: (
        "conversations.notifications.reactions.notify_of_mention",
    ),
    events.NOTE_EDITED: (
        "conversations.notifications.reactions.notify_of_mention",
    ),
    events.REPLY_FAILED: (
        "conversations.notifications.reactions.notify_of_failure",
    ),
    events.REPLY_HELD: (
        "conversations.notifications.reactions.notify_of_failure",
    ),
    events.REPLY_SENT: (
        "conversations.channels.reactions.deliver_reply",
        "conversations.channels.email.reactions.wait_for_the_customer",
        # In one transaction, hence in the order of locks: the assistant's thread before the conversation.
        "conversations.assistant.reactions.give_way",
        "conversations.assistant.reactions.judge_drafts",
    ),
    ticket_events.TICKET_MENTIONED: (
        "conversations.notifications.reactions.notify_of_mention_in_ticket",
    ),
    ticket_events.TICKET_READ: (
        "conversations.notifications.reactions.mark_notifications_of_ticket_read",
    ),
}  # fmt: skip


@cache
def all_reactions() -> Mapping[EventType, tuple[Callable[[Event], None], ...]]:
    """The table's functions."""
    return {kind: tuple(import_string(path) for path in paths) for kind, paths in REACTIONS.items()}


def register() -> None:
    """Register every reaction with the journal. Called once, when Django is ready."""
    for kind, reactions in all_reactions().items():
        for reaction in reactions:
            subscribe([kind], reaction.__name__, reaction)
