"""Blocking a customer: what they begin is spam, and what they write in a conversation asks for no answer."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction
from accounts.permissions import Actor, permit
from conversations import events
from conversations.models import Contact


@transaction.atomic
def block_contact(*, contact: Contact, by: Actor, at: datetime) -> Contact:
    """Take all that a customer begins from now on for spam, by whichever channel; what they write elsewhere reopens nothing."""
    permit(by, "contact.block", contact)
    contact = transaction.held(contact)
    if contact.blocked_at is not None:
        return contact
    contact.blocked_at = contact.updated_at = at
    contact.save(update_fields=["blocked_at", "updated_at"])
    journal.record(events.CONTACT_BLOCKED, contact, by=by, at=at)
    return contact


@transaction.atomic
def unblock_contact(*, contact: Contact, by: Actor, at: datetime) -> Contact:
    """Take what a customer writes for mail again. What became spam meanwhile stays where it is."""
    permit(by, "contact.block", contact)
    contact = transaction.held(contact)
    if contact.blocked_at is None:
        return contact
    contact.blocked_at, contact.updated_at = None, at
    contact.save(update_fields=["blocked_at", "updated_at"])
    journal.record(events.CONTACT_UNBLOCKED, contact, by=by, at=at)
    return contact
