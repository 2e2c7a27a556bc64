"""Questions about conversations, in the open workspace scope: rows fully loaded for any renderer, one plan for all."""

from __future__ import annotations

import uuid
from typing import cast

from django.db.models import QuerySet

from accounts.errors import NotFound
from accounts.models import Event
from accounts.tenancy import current
from conversations.models import (
    Attachment,
    Contact,
    Conversation,
    EntryPoint,
    Handler,
    Message,
    MessageKind,
    Tally,
)
from conversations.models.conversation import ConversationQuerySet
from conversations.queries import search as search_queries


def conversations() -> ConversationQuerySet:
    """Every conversation of the workspace, with all that a door prints of one."""
    return cast(ConversationQuerySet, Conversation.objects.get_queryset()).with_people()


def one(rows: QuerySet[Conversation]) -> Conversation:
    """The first of the rows. Raises NotFound where there is none."""
    found = rows.first()
    if found is None:
        raise NotFound("there is no such conversation")
    return found


def by_number(number: int) -> Conversation:
    """Raises NotFound, also for another workspace's conversation."""
    return one(conversations().filter(number=number).order_by("pk"))


def contact_named(external_id: str, email: str = "") -> Contact | None:
    """The contact that a trusted caller means, as `actions.identify` would find them; None where it would make one."""
    if found := Contact.objects.filter(external_id=external_id).first():
        return found
    known = Contact.objects.filter(email=email.strip().lower(), external_id=None, is_verified=True)
    return known.order_by("pk").first() if email.strip() else None


def contact_by_reference(reference: str) -> Contact | None:
    """The contact of that external id, or else of that public id."""
    if found := Contact.objects.filter(external_id=reference).first():
        return found
    try:
        return Contact.objects.filter(public_id=uuid.UUID(reference)).first()
    except ValueError:
        return None


def messages(conversation: Conversation) -> QuerySet[Message]:
    """The messages between both sides, oldest first: no notes, no status changes."""
    return _thread(conversation).filter(kind=MessageKind.MESSAGE)


def visible_entries(conversation: Conversation) -> QuerySet[Message]:
    """What the customer may see, oldest first: messages and status changes."""
    return _thread(conversation).exclude(kind=MessageKind.NOTE)


def entries(conversation: Conversation) -> QuerySet[Message]:
    """Everything in the thread, notes included, oldest first."""
    return _thread(conversation)


def _thread(conversation: Conversation) -> QuerySet[Message]:
    # By way of the conversation, so that each message knows it without a query.
    return conversation.messages(manager="objects").order_by("id")


def message(conversation: Conversation, pk: int) -> Message:
    """One entry of the thread. Raises NotFound."""
    found = entries(conversation).filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such message")
    return found


def attachment(public_id: uuid.UUID) -> Attachment:
    """A file of the workspace. Raises NotFound."""
    found = Attachment.objects.filter(public_id=public_id).order_by("pk").first()
    if found is None:
        raise NotFound("there is no such file")
    return found


def entry_points(conversation: Conversation) -> QuerySet[EntryPoint]:
    """The doors that the conversation has used, in order."""
    return EntryPoint.objects.filter(conversation=conversation).order_by("id")


def tally() -> Tally:
    """The workspace's exact counts, read from one row."""
    return Tally.objects.first() or Tally(workspace=current())


# --- The inbox ----------------------------------------------------------------------------------


def latest_event_id() -> int:
    """The id of the workspace's newest event: what a page shows is at least as new as this. 0 for an empty one."""
    newest = Event.objects.filter(workspace=current()).order_by("-id").values_list("id", flat=True).first()
    return newest or 0


def found(search: str) -> ConversationQuerySet:
    """Conversations that match a search; see `search_queries.matching`."""
    return search_queries.matching(conversations(), search, lambda model: model.objects.all())


# --- The assistant ------------------------------------------------------------------------------


# --- The thread ---------------------------------------------------------------------------------


def other_conversations(conversation: Conversation, limit: int = 5) -> list[Conversation]:
    """What else the contact has written, newest first."""
    rows = Conversation.objects.filter(contact_id=conversation.contact_id, handler=Handler.PEOPLE)
    return list(rows.exclude(pk=conversation.pk).order_by("-last_message_at", "-pk")[:limit])
