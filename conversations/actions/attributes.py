"""Values of custom attributes: of contacts and conversations here, of tickets by the tickets' own verb."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking
from conversations.actions.erased import held_unless_erased
from conversations.models import Contact, Conversation
from tickets import actions as ticket_actions
from tickets import attributes
from tickets.models import AttributeSubject, Ticket
from tickets.queries import attributes_of


@transaction.atomic
def set_attributes(
    *, row: Contact | Conversation | Ticket, values: Mapping[str, Any], by: Actor, at: datetime
) -> Contact | Conversation | Ticket:
    """Set custom attributes of a row by their keys; None and a blank text take a value away.

    Values are as people type them or as they are stored. Raises Invalid with the key at fault, also for one that is archived,
    and Conflict with code `erased` for a contact that was erased.
    """
    if isinstance(row, Ticket):
        return ticket_actions.set_attributes(ticket=row, values=values, by=by, at=at)
    if isinstance(row, Contact):
        permit(by, "contact.edit", row)
        wanted = attributes.read_all(attributes_of(AttributeSubject.CONTACT), values)
        contact = held_unless_erased(row)
        contact.attributes, keys = attributes.changed(contact.attributes, wanted)
        if keys:
            contact.updated_at = at
            contact.save(update_fields=["attributes", "updated_at"])
            journal.record(events.CONTACT_ATTRIBUTES_CHANGED, contact, by=by, at=at, keys=keys)
        return contact
    permit(by, "conversation.update", row)
    wanted = attributes.read_all(attributes_of(AttributeSubject.CONVERSATION), values)
    conversation = locking.locked(row)
    conversation.attributes, keys = attributes.changed(conversation.attributes, wanted)
    if keys:
        conversation.updated_at = at
        conversation.save(update_fields=["attributes", "updated_at"])
        journal.record(events.CONVERSATION_ATTRIBUTES_CHANGED, conversation, by=by, at=at, keys=keys)
    return conversation
