"""Nothing is added to what is known of a customer who was erased."""

from __future__ import annotations

from accounts import transaction
from accounts.errors import Conflict
from conversations.models import Contact, Conversation


def is_unreachable(conversation: Conversation) -> bool:
    """Whether no reply reaches the customer any more, as they were erased."""
    return conversation.contact.erased_at is not None


def unreachable() -> Conflict:
    """What refuses a reply to a customer who was erased."""
    return Conflict("this customer was erased", code="unreachable")


def held_unless_erased(contact: Contact) -> Contact:
    """The contact as it is now, held until the transaction ends. Raises Conflict with code `erased` for one that was erased."""
    contact = transaction.held(contact)
    if contact.erased_at is not None:
        raise Conflict("this customer was erased", code="erased")
    return contact
