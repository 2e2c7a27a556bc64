"""Other addresses of a customer: by them they are found, and what comes from a verified one is theirs."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts import journal, transaction
from accounts.errors import Conflict, Invalid
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import aliases
from conversations.actions.erased import held_unless_erased
from conversations.models import AddressKind, Contact, ContactAddress, MailboxAddress
from conversations.texts import phones, validation

MOST = 50
"""Other addresses of one contact."""


@transaction.atomic
def add_address(
    *, contact: Contact, kind: str, value: str, is_verified: bool = True, by: Actor, at: datetime
) -> ContactAddress:
    """Add another address of a contact; one that a member adds is verified by them.

    Raises Invalid for what is no address, Conflict for one that is another contact's, and Conflict with code `erased` for a contact
    that was erased.
    """
    permit(by, "contact.edit", contact)
    value = _normal(kind, value)
    transaction.hold_name(contact.workspace_id, f"contact {value}")
    contact = held_unless_erased(contact)
    if kind == AddressKind.EMAIL and value == contact.email:
        raise Invalid("this is their main address", field="value")
    known = ContactAddress.objects.filter(contact=contact, kind=kind, value=value).first()
    if known is not None and known.is_verified >= is_verified:
        return known
    if is_verified:
        _check_is_free(contact, kind, value)
    if known is None and ContactAddress.objects.filter(contact=contact).count() >= MOST:
        raise Invalid(f"a customer has at most {MOST} other addresses", field="value")
    row = known or ContactAddress(
        workspace_id=contact.workspace_id, contact=contact, kind=kind, value=value, created_at=at
    )
    row.is_verified = is_verified
    taken = Conflict("this address belongs to another customer", field="value", code="address_taken")
    transaction.unless_taken("contact_address_unique_where_verified", taken, row.save)
    aliases.refresh(contact, at)
    journal.record(events.CONTACT_ADDRESS_ADDED, contact, by=by, at=at, address_id=row.pk, kind=kind)
    return row


@transaction.atomic
def remove_address(*, address: ContactAddress, by: Actor, at: datetime) -> None:
    """Take another address away from its contact."""
    permit(by, "contact.edit", address)
    contact = transaction.held(address.contact)
    pk = address.pk
    if not ContactAddress.objects.filter(pk=pk).delete()[0]:
        return
    aliases.refresh(contact, at)
    journal.record(events.CONTACT_ADDRESS_REMOVED, contact, by=by, at=at, address_id=pk, kind=address.kind)


def _normal(kind: str, value: str) -> str:
    """An address as it is kept. Raises Invalid."""
    value = validation.check(value.strip(), "value", longest=254)
    if kind == AddressKind.EMAIL:
        value = value.lower()
        try:
            validate_email(value)
        except ValidationError as error:
            raise Invalid("this is not an email address", field="value") from error
        return value
    if kind != AddressKind.PHONE:
        raise Invalid("an address is an email address or a phone number", field="kind")
    if not any(char.isdigit() for char in value):
        raise Invalid("this is not a phone number", field="value")
    return phones.e164(value) or " ".join(value.split())


def _check_is_free(contact: Contact, kind: str, value: str) -> None:
    """Raises Conflict where the address is proven to be another contact's, or the desk's own."""
    if kind != AddressKind.EMAIL:
        return
    if MailboxAddress.objects.filter(address=value).exists():
        raise Invalid("this is an address of your own mailboxes", field="value")
    others = Contact.objects.filter(email=value, email__has_text=True, is_verified=True, merged_into=None)
    if others.exclude(pk=contact.pk).exists():
        raise Conflict("another customer has this address: merge the two instead", field="value", code="address_taken")
