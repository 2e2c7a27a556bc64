"""Giving the conversations of one contact to another: of a stranger to who they have proven to be, and of a duplicate to the other.

The verbs of chats, of Discord and of merging share it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts import journal
from accounts.permissions import Actor
from conversations import events
from conversations.models import Channel, Contact, Conversation, Handler, Message
from tickets import actions as ticket_actions
from tickets.models import Ticket


def take_over(own: Contact, contact: Contact, *, channel: Channel, by: Actor, at: datetime) -> list[int]:
    """Give the conversations of a channel that somebody's own contact has to the one that they have proven to be.

    Returns the ids of those that are not in the Trash.
    """
    rows = held(all_of(own).filter(channel=channel).order_by("pk"))
    Message.objects.filter(conversation__in=rows, sender_contact=own).update(
        sender_contact=contact, sender_reference=contact.reference
    )
    give(rows, contact, by=by, at=at)
    name_in_tickets(rows, contact, at=at)
    return [row.pk for row in rows if row.handler != Handler.TRASH]


def all_of(contact: Contact) -> QuerySet[Conversation]:
    """All conversations of a contact: also those in the Trash, which may come back."""
    # Spans workspaces: it names its own; the scope leaves out the Trash.
    return Conversation.all_workspaces.filter(workspace=contact.workspace_id, contact=contact)


def held(rows: Any) -> list[Conversation]:
    """The conversations of a query set as they are now, held in the order of their ids."""
    return list(rows.select_for_update(no_key=True, of=("self",)))


def give(rows: Sequence[Conversation], contact: Contact, *, by: Actor, at: datetime) -> None:
    """Make a contact the one of these held conversations."""
    # The triggers of search follow a conversation's contact.
    lines = []
    for row in rows:
        lines.append((row, {"contact_id": contact.pk, "previous_contact_id": row.contact_id}))
        row.contact, row.updated_at = contact, at
    # Spans workspaces: it names its own, as above.
    chosen = Conversation.all_workspaces.filter(workspace=contact.workspace_id, pk__in=[row.pk for row in rows])
    chosen.update(contact=contact, updated_at=at)
    journal.record_each(events.CONVERSATION_CONTACT_CHANGED, lines, by=by, at=at)


def name_in_tickets(rows: Sequence[Conversation], contact: Contact, *, at: datetime) -> None:
    """Put what a contact is called into the tickets of their conversations."""
    known = {name: value for name, value in (("name", contact.name), ("email", contact.email)) if value}
    for ticket in Ticket.objects.filter(pk__in={row.ticket_id for row in rows if row.ticket_id}).order_by("pk"):
        traits: dict[str, Any] = {**ticket.anonymous_traits, **known}
        ticket_actions.update(ticket=ticket, anonymous_traits=traits, by=Actor.system(ticket.workspace_id), at=at)
