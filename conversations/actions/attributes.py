"""Values of custom attributes: of contacts, companies and conversations here, of tickets by the tickets' own verb."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.errors import Conflict
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking
from conversations.actions.erased import held_unless_erased
from conversations.models import Company, Contact, Conversation
from tickets import actions as ticket_actions
from tickets import attributes
from tickets.models import AttributeSubject, Ticket
from tickets.queries import attributes_of


@transaction.atomic
def set_attributes(
    *, row: Contact | Company | Conversation | Ticket, values: Mapping[str, Any], by: Actor, at: datetime
) -> Contact | Company | Conversation | Ticket:
    """Set custom attributes of a row by their keys; None and a blank text take a value away.

    Values are as people type them or as they are stored. Raises Invalid with the key at fault, also for one that is archived,
    and Conflict with code `erased` for a contact that was erased, or `merged` for a company that was merged.
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
    if isinstance(row, Company):
        return _of_company(row, values, by=by, at=at)
    permit(by, "conversation.update", row)
    wanted = attributes.read_all(attributes_of(AttributeSubject.CONVERSATION), values)
    conversation = locking.locked(row)
    conversation.attributes, keys = attributes.changed(conversation.attributes, wanted)
    if keys:
        conversation.updated_at = at
        conversation.save(update_fields=["attributes", "updated_at"])
        journal.record(events.CONVERSATION_ATTRIBUTES_CHANGED, conversation, by=by, at=at, keys=keys)
    return conversation


def _of_company(company: Company, values: Mapping[str, Any], *, by: Actor, at: datetime) -> Company:
    permit(by, "company.write", company)
    wanted = attributes.read_all(attributes_of(AttributeSubject.COMPANY), values)
    company = transaction.held(company)
    if company.merged_into_id is not None:
        raise Conflict("the company was merged by then", code="merged")
    company.attributes, keys = attributes.changed(company.attributes, wanted)
    if keys:
        company.updated_at = at
        company.save(update_fields=["attributes", "updated_at"])
        journal.record(events.COMPANY_ATTRIBUTES_CHANGED, company, by=by, at=at, keys=keys)
    return company
