"""Ids by which callers name a customer: their own, and others, which lead to the same customer in every format."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from accounts import journal, transaction
from accounts.errors import Conflict, Invalid
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import aliases
from conversations.actions.erased import held_unless_erased
from conversations.models import Contact
from conversations.models.contact import OF_ID
from conversations.queries.conversations import present
from conversations.texts import validation

MOST = 50
"""Other ids of one contact."""


@transaction.atomic
def add_id(*, contact: Contact, value: str, by: Actor, at: datetime) -> Contact:
    """Add an id of a contact: their own where they have none, else another one, kept as a signpost as after a merge.

    Raises Invalid for a blank one, or with code `unverified_id` for a contact who is not verified: their browser would show what is
    written under the id. Raises Conflict with code `id_taken` for the id of another contact, `merged` or `erased`.
    """
    permit(by, "contact.edit", contact)
    value = validation.check(value.strip(), "value", longest=400)
    transaction.hold_name(contact.workspace_id, f"contact {value}")  # as `identify` does
    contact = held_unless_erased(contact)
    if contact.merged_into_id is not None:
        raise Conflict("this customer was merged by then", code="merged")
    if not contact.is_verified:
        raise Invalid("a customer who is not verified has no id", field="value", code="unverified_id")
    known = Contact.objects.select_related("merged_into").filter(external_id=value).first()
    if known is not None and present(known).pk == contact.pk:
        return contact
    taken = Conflict("another customer has this id: merge the two instead", field="value", code="id_taken")
    if known is not None:
        raise taken
    if contact.external_id is None:
        contact.external_id, contact.updated_at = value, at
        row = contact
    else:
        if Contact.objects.filter(merged_into=contact, identity_source=OF_ID).count() >= MOST:
            raise Invalid(f"a customer has at most {MOST} other ids", field="value")
        row = Contact(
            workspace_id=contact.workspace_id, external_id=value, merged_into=contact, identity_source=OF_ID,
            created_at=at, updated_at=at,
        )  # fmt: skip
    fields = ["external_id", "updated_at"] if row is contact else None
    transaction.unless_taken("contact_external_id_unique_per_workspace", taken, partial(row.save, update_fields=fields))
    aliases.refresh(contact, at)
    journal.record(events.CONTACT_ID_ADDED, contact, by=by, at=at)
    return contact


@transaction.atomic
def remove_id(*, contact: Contact, value: str, by: Actor, at: datetime) -> Contact:
    """Take an id away from a contact: whom a caller names by it then is somebody else. That of a merged contact stays with the merge."""
    permit(by, "contact.edit", contact)
    contact = transaction.held(contact)
    if contact.external_id == value:
        contact.external_id, contact.updated_at = None, at
        contact.save(update_fields=["external_id", "updated_at"])
    else:
        rows = Contact.objects.filter(merged_into=contact, identity_source=OF_ID, external_id=value)
        if not rows._raw_delete(rows.db):  # nothing points at a signpost
            return contact
    aliases.refresh(contact, at)
    journal.record(events.CONTACT_ID_REMOVED, contact, by=by, at=at)
    return contact
