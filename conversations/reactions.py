"""The one table of which reactions an event has, in the order in which they run. A reaction is idempotent and changes anything only through a verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from django.utils.module_loading import import_string

from accounts.journal import EventType, subscribe
from accounts.models import Event
from conversations import events

REACTIONS: Mapping[EventType, tuple[str, ...]] = {
    events.ASSISTANT_HANDED_OVER: (
        "conversations.chat.reactions.route_handed_over",
    ),
    events.BULK_JOB_FINISHED: (
        "conversations.notifications.reactions.tell_of_many",
    ),
    events.CONVERSATION_ASSIGNED: (
        "conversations.notifications.reactions.tell_the_assignee",
    ),
    events.CONVERSATION_STATUS_CHANGED: (
        "conversations.assistant.reactions.count_as_resolved",
    ),
    events.CONVERSATION_TAGGED: (
        "conversations.channels.discord.reactions.mirror_tags",
    ),
    events.MAILBOX_DISCONNECTED: (
        "conversations.notifications.reactions.tell_the_admins",
    ),
    events.REPLY_SENT: (
        "conversations.channels.reactions.deliver_reply",
        "conversations.channels.email.reactions.wait_for_the_customer",
        # In one transaction, hence in the order of locks: the assistant's thread before the conversation.
        "conversations.assistant.reactions.give_way",
        "conversations.assistant.reactions.judge_drafts",
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
