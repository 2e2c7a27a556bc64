"""Giving what somebody unknown wrote to the contact that they have proven to be. The verbs of chats and of Discord share it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import journal
from accounts.permissions import Actor
from conversations import events
from conversations.models import Channel, Contact, Conversation, Message
from tickets import actions as ticket_actions
from tickets.models import Ticket


def take_over(own: Contact, contact: Contact, *, channel: Channel, by: Actor, at: datetime) -> list[int]:
    """Give the conversations of a channel that somebody's own contact has to the one that they have proven to be. Returns their ids."""
    # The triggers of search follow a conversation's contact.
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(contact=own, channel=channel)
    held = list(rows.order_by("pk"))
    Message.objects.filter(conversation__in=held, sender_contact=own).update(
        sender_contact=contact, sender_reference=contact.reference
    )
    for conversation in held:
        conversation.contact, conversation.updated_at = contact, at
        conversation.save(update_fields=["contact", "updated_at"])
        journal.record(
            events.CONVERSATION_CONTACT_CHANGED,
            conversation,
            by=by,
            at=at,
            contact_id=contact.pk,
            previous_contact_id=own.pk,
        )
    known = {name: value for name, value in (("name", contact.name), ("email", contact.email)) if value}
    for ticket in Ticket.objects.filter(pk__in={row.ticket_id for row in held if row.ticket_id}).order_by("pk"):
        traits: dict[str, Any] = {**ticket.anonymous_traits, **known}
        ticket_actions.update(ticket=ticket, anonymous_traits=traits, by=Actor.system(ticket.workspace_id), at=at)
    return [conversation.pk for conversation in held]
