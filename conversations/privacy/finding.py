"""Finding the customer whom somebody means, and where their files are."""

from __future__ import annotations

from django.urls import reverse

from accounts.errors import Invalid, NotFound
from conversations.models import AddressKind, Attachment, Contact, ContactAddress
from conversations.queries import conversations as queries
from conversations.texts.validation import can_be_kept


def one(reference: str) -> Contact:
    """The contact of an external id, a public id, or an email address that only one has. Raises NotFound, or Invalid for several."""
    reference = reference.strip()
    if not can_be_kept(reference):
        raise Invalid("this is no reference", field="contact")
    if found := queries.contact_by_reference(reference):
        return found
    email = reference.lower()
    rows = {*Contact.objects.filter(email=email, email__has_text=True, merged_into=None).order_by("pk")[:2]}
    other = ContactAddress.objects.select_related("contact").filter(kind=AddressKind.EMAIL, value=email)
    rows |= {row.contact for row in other.order_by("pk")[:2]}
    if len(rows) > 1:
        raise Invalid("several customers have this address: use their id", field="contact")
    if not rows:
        raise NotFound("there is no such customer")
    return rows.pop()


def path_of(file: Attachment) -> str:
    """Where a member finds a file on the desk."""
    return reverse("file", args=[file.workspace.slug, file.public_id])
