"""Holding a conversation, or a ticket's conversations, as they are now."""

from __future__ import annotations

from accounts.errors import NotFound
from conversations.actions.turns import TALLY
from conversations.models import (
    Conversation,
    Handler,
)
from tickets.models import Ticket


def locked(conversation: Conversation) -> Conversation:
    """The row as it is now, held until the transaction ends. Raises NotFound when it is gone."""
    # `of` keeps the contact and the ticket free for others.
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related("contact")
    row = rows.filter(pk=conversation.pk).first()
    if row is None:
        raise NotFound("this conversation no longer exists")
    if row.handler == Handler.ASSISTANT and row.ticket_id is not None:
        # It may be handed over, and counted, after its ticket was locked.
        TALLY.hold(row.workspace_id)
    return row


def locked_of(ticket: Ticket) -> list[Conversation]:
    """The ticket's conversations as they are now, the primary one first, held until the transaction ends."""
    # Rows are locked in the order of their ids, so that no two verbs wait for each other.
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related("contact")
    held = rows.filter(workspace_id=ticket.workspace_id, ticket=ticket).order_by("pk")
    return sorted(held, key=lambda row: (row.ticket_linked_at or row.created_at, row.pk))
