"""Holding a conversation, or a ticket's conversations, as they are now."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from accounts import transaction
from accounts.compiled import compiled
from accounts.errors import Conflict, NotFound
from conversations.actions.turns import TALLY
from conversations.models import (
    Conversation,
    Handler,
)
from conversations.queries import conversations as queries
from tickets.models import Ticket


def locked(conversation: Conversation) -> Conversation:
    """The row as it is now, held until the transaction ends. Raises NotFound when it is gone."""
    if transaction.was_just_held(conversation):
        row = conversation
    elif (found := _by_pk.first(pk=conversation.pk)) is not None:
        row = found
    else:
        raise NotFound("this conversation no longer exists")
    if row.handler == Handler.ASSISTANT and row.ticket_id is not None:
        # It may be handed over, and counted, after its ticket was locked.
        TALLY.hold(row.workspace_id)
    return row


def locked_in_trash(conversation: Conversation) -> Conversation:
    """The row of a conversation that is in the Trash, held until the transaction ends. Raises NotFound for any other."""
    held = Conversation.trash.select_related("contact").select_for_update(no_key=True, of=("self",))
    found = held.filter(pk=conversation.pk).order_by("pk").first()
    if found is None:
        raise NotFound("there is no such conversation in the Trash")
    return found


def writable(conversation: Conversation) -> Conversation:
    """Where what is written in a conversation lands, held: the conversation, or the one into which it was joined."""
    row = locked(conversation)
    while row.joined_into is not None:
        # What was joined changes no more, so that whoever holds both, whatever their order, waits for nobody who writes in it.
        row = locked(row.joined_into)
    return row


def check_is_in_use(conversation: Conversation) -> None:
    """Raises Conflict for a conversation that is only kept: with code `spam` for spam, and `joined` for one that was joined."""
    if conversation.handler == Handler.NOBODY:
        raise Conflict(f"#{conversation.number} is spam", code="spam")
    if conversation.joined_into is not None:
        joined = conversation.joined_into.number
        raise Conflict(f"#{conversation.number} was joined into #{joined}", code="joined")


def both(one: Conversation, other: Conversation) -> tuple[Conversation, Conversation]:
    """Two conversations as they are now, held in the order of their ids, as everywhere. Raises NotFound when one is gone."""
    rows = {row.pk: row for row in (*_of_ids.rows(ids=sorted({one.pk, other.pk})),)}
    if one.pk not in rows or other.pk not in rows:
        raise NotFound("this conversation no longer exists")
    return rows[one.pk], rows[other.pk]


def all_of(ids: Sequence[int]) -> list[Conversation]:
    """The conversations of these ids as they are now, held in the order of their ids; those that are gone are left out."""
    return list(_of_ids.rows(ids=sorted({*ids})))


def found(*, public_id: uuid.UUID, **limits: Any) -> Conversation | None:
    """The conversation of an id with its contact, held until the transaction ends, for a door that is going to change it.

    `limits` leave it out where the caller may not see it: those of `queries.visible`, or `visible_to`, the contact who must
    have something to see in it.
    """
    row = _by_public_id.first(public_id=public_id, **limits)
    return transaction.note_held(row) if row is not None else None


def locked_of(ticket: Ticket) -> list[Conversation]:
    """The ticket's conversations as they are now, the primary one first, held until the transaction ends."""
    # Rows are locked in the order of their ids, so that no two verbs wait for each other.
    held = map(transaction.note_held, _of_ticket.rows(ticket=ticket.pk))
    return sorted(held, key=lambda row: (row.ticket_linked_at or row.created_at, row.pk))


@compiled
def _by_pk(*, pk: int) -> QuerySet[Conversation]:
    return _held(Conversation.objects.filter(pk=pk))[:1]


@compiled
def _by_public_id(
    *, public_id: uuid.UUID, email: str | None = None, only: uuid.UUID | None = None, visible_to: int | None = None
) -> QuerySet[Conversation]:
    rows = queries.visible(queries.conversations(), email=email, only=only).filter(public_id=public_id)
    if visible_to is not None:
        rows = rows.filter(queries.has_or_had_messages(), contact=visible_to)
    return _held(rows)[:1]


@compiled
def _of_ticket(*, ticket: int) -> QuerySet[Conversation]:
    return _held(Conversation.objects.filter(ticket=ticket))


@compiled
def _of_ids(*, ids: list[int]) -> QuerySet[Conversation]:
    return _held(Conversation.objects.filter(pk__any_of=ids))


def _held(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    # `of` keeps the contact and the ticket free for others.
    held = rows.select_related(None).select_related("contact").select_for_update(no_key=True, of=("self",))
    return held.order_by("pk")
