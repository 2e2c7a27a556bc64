"""What live chat asks: which widget a key opens, and what a visitor sees."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from accounts.errors import NotFound
from conversations.actions.contacts import OF_CHAT
from conversations.models import (
    Channel,
    ChatSession,
    Contact,
    Conversation,
    Handler,
    Message,
    MessageKind,
    SenderKind,
    Widget,
)
from conversations.models.chat import POSTHOG_TOKEN, WOES_KEY
from conversations.queries import conversations
from conversations.queries.thread import with_files

_FIELDS = {WOES_KEY: "woes_key", POSTHOG_TOKEN: "posthog_token"}


def find(key: str) -> Widget | None:
    """The widget that a key opens, with its workspace: the key comes before any scope."""
    field = next((field for beginning, field in _FIELDS.items() if key.startswith(beginning)), "key")
    if not re.fullmatch(r"[A-Za-z0-9_]{1,60}", key):
        return None
    # The key names the workspace: no scope can be open yet.
    found = Widget.all_workspaces.select_related("workspace").filter(**{field: key}, is_active=True)
    return found.first()


def conversations_of(session: ChatSession) -> QuerySet[Conversation]:
    """The conversations that a visitor sees, the latest first.

    A verified one sees all of their own, but of those with the assistant only the chats; any other the chats of their session.
    """
    rows = Conversation.objects.select_related("contact", "assignee", "team", "last_message")
    rows = rows.filter(contact=session.contact_id, joined_into=None).exclude(handler=Handler.NOBODY)
    is_chat = Q(channel=Channel.CHAT)
    rows = rows.filter(is_chat if not session.is_verified else is_chat | ~Q(handler=Handler.ASSISTANT))
    return rows.filter(last_visible__isnull=False).order_by("-last_visible_at", "-id")


def conversation_of(session: ChatSession, public_id: UUID | None) -> Conversation:
    """One of them; one that was joined stands for the visitor's own that has its messages. Raises NotFound."""
    found = conversations_of(session).filter(public_id=public_id).first() if public_id else None
    if found is None and public_id is not None:
        place = conversations.with_messages_of(public_id, session.contact)
        found = conversations_of(session).filter(pk=place.pk).first() if place is not None else None
    if found is None:
        raise NotFound("there is no such conversation")
    return found


def shown(conversation: Conversation) -> QuerySet[Message]:
    """What the customer sees of a conversation: messages and status changes, of other people's only the team's."""
    theirs = Q(sender_contact=conversation.contact_id) | ~Q(sender_kind=SenderKind.CUSTOMER)
    return Message.objects.filter(theirs, conversation=conversation).exclude(kind=MessageKind.NOTE)


def by_the_team(conversation: Conversation) -> QuerySet[Message]:
    """The team's and the assistant's messages: those that the customer may not have seen yet."""
    rows = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE)
    return rows.exclude(sender_kind=SenderKind.CUSTOMER)


def seen_until(conversation: Conversation) -> datetime | None:
    """Until when the customer has seen the messages: as their chat says, or else when they wrote last."""
    return conversation.customer_seen_at or conversation.last_inbound_at


def unread(session: ChatSession) -> dict[int, int]:
    """How many of the team's messages the visitor has not seen, by the conversation's row, where there are any. One query.

    What came outside chats counts only once a chat has shown it.
    """
    rows = conversations_of(session).filter(Q(channel=Channel.CHAT) | Q(customer_seen_at__isnull=False))
    return _unread(Q(conversation__in=rows.order_by().values("pk")))


def unread_in(conversation: Conversation) -> int:
    """The same of one conversation."""
    return _unread(Q(conversation=conversation)).get(conversation.pk, 0)


def _unread(which: Q) -> dict[int, int]:
    seen = Coalesce("conversation__customer_seen_at", "conversation__last_inbound_at", "conversation__created_at")
    rows = Message.objects.filter(which, kind=MessageKind.MESSAGE).exclude(sender_kind=SenderKind.CUSTOMER)
    counts = rows.filter(created_at__gt=seen).order_by().values_list("conversation").annotate(count=Count("pk"))
    return dict(counts)


def last_answers(conversations: Iterable[Conversation]) -> dict[int, Message]:
    """The last message of the team or the assistant in each, by the conversation's row. One query."""
    rows = Message.objects.filter(conversation__in=[one.pk for one in conversations], kind=MessageKind.MESSAGE)
    answers = rows.filter(sender_kind__in=(SenderKind.AGENT, SenderKind.ASSISTANT))
    found = answers.order_by("conversation", "-created_at", "-id").distinct("conversation")
    return {one.conversation_id: one for one in found}


def last_shown(conversations: Sequence[Conversation]) -> dict[int, Message]:
    """The last message that the customer sees in each, with its files, by the conversation's row. Two queries."""
    theirs = Q(sender_contact=F("conversation__contact")) | ~Q(sender_kind=SenderKind.CUSTOMER)
    rows = Message.objects.filter(theirs, conversation__in=[one.pk for one in conversations], kind=MessageKind.MESSAGE)
    found = rows.order_by("conversation", "-created_at", "-id").distinct("conversation")
    return {one.conversation_id: one for one in with_files(list(found))}


def strangers_of(email: str) -> QuerySet[Contact]:
    """The contacts of unverified visitors who gave this address and have written in a chat."""
    written = Conversation.objects.filter(channel=Channel.CHAT, contact=OuterRef("pk")).exclude(handler=Handler.NOBODY)
    rows = Contact.objects.filter(email=email, email__has_text=True, identity_source=OF_CHAT, is_verified=False)
    return rows.filter(Exists(written))
