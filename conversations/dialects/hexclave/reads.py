"""What the calls read, compiled: lists, one conversation, and its thread."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from accounts.compiled import compiled, printing
from accounts.windows import window
from conversations.api import outputs
from conversations.dialects.hexclave import answers, shapes
from conversations.models import Conversation, EntryPoint, Message, MessageKind
from conversations.models.conversation import ConversationQuerySet
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries

AGENTS = "last_activity"
CUSTOMERS = "last_visible"
"""Which of a conversation's last messages an audience sees."""

_CONVERSATION = {
    AGENTS: outputs.columns(answers.HexclaveAgentConversation, Conversation),
    CUSTOMERS: outputs.columns(answers.HexclaveConversation, Conversation),
}
_MESSAGE = outputs.columns(answers.HexclaveMessage, Message)
_ENTRY_POINT = outputs.columns(answers.HexclaveEntryPoint, EntryPoint)


def newest(audience: str) -> ConversationQuerySet:
    """The workspace's conversations with what is printed of one, newest first as the audience sees them."""
    return printing(queries.conversations(), _CONVERSATION[audience]).order_by(f"-{audience}_at", "-pk")


def chosen(audience: str, status: str | None, *, contact: int | None) -> ConversationQuerySet:
    """The conversations that people handle: of a status, and of a contact."""
    rows = newest(audience).for_people()
    if status is not None:
        rows = shapes.STATUSES.among(rows, "status", status)
    return rows if contact is None else rows.filter(contact=contact)


@compiled
def page(
    audience: str, status: str | None, start: int, limit: int, *, contact: int | None = None
) -> QuerySet[Conversation]:
    """The conversations of a page, one more than fit it."""
    return window(chosen(audience, status, contact=contact), start, limit + 1)


@compiled
def one(audience: str, *, public_id: uuid.UUID, contact: int | None = None) -> QuerySet[Conversation]:
    """The conversation of an id; with a contact, if it is theirs and has something for them to see."""
    rows = newest(audience).filter(public_id=public_id)
    return (rows if contact is None else rows.filter(contact=contact, last_visible__isnull=False))[:1]


def thread(audience: str, conversation: Conversation) -> list[Message]:
    """What the audience sees of the thread, oldest first, with senders and `files`: two queries."""
    rows = _entries.rows(audience, conversation=conversation.pk)
    return queries.knowing(conversation, thread_queries.with_files(rows))


def entry_points(conversation: Conversation) -> list[EntryPoint]:
    """The doors that the conversation has used, in order."""
    return _entry_points.rows(conversation=conversation.pk)


@compiled
def _entries(audience: str, *, conversation: int) -> QuerySet[Message]:
    rows = Message.objects.filter(conversation=conversation)
    if audience == CUSTOMERS:
        rows = rows.exclude(kind=MessageKind.NOTE)
    return printing(rows, queries.of_messages(_MESSAGE)).order_by("created_at", "id")


@compiled
def _entry_points(*, conversation: int) -> QuerySet[EntryPoint]:
    return EntryPoint.objects.filter(conversation=conversation).only(*_ENTRY_POINT).order_by("id")
