"""The verbs of a contact: finding or making the one that a caller names, and changing their details."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Case, Q, QuerySet, When

from accounts import changes, journal, transaction, writing
from accounts.compiled import compiled
from accounts.errors import Conflict, Forbidden, Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, ActorKind, permit
from conversations import events
from conversations.actions.erased import held_unless_erased
from conversations.models import AddressKind, Contact, ContactAddress
from conversations.queries import search
from conversations.texts import validation

_LIMITS = {"external_id": 400, "email": 254, "name": 400, "first_name": 200, "last_name": 200, "company": 400}
_NAMES = {"name", "first_name", "last_name", "company"}
OF_CHAT = "chat"
"""The identity source of a visitor of the chat: while nobody has verified them, they belong to their session alone."""


@transaction.atomic
@writing.together()
def identify(
    *,
    workspace: Workspace,
    external_id: str | None = None,
    email: str | None = None,
    name: str | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
    company: str | None = None,
    identity_source: str = "headers",
    is_trusted: bool = True,
    is_email_verified: bool = True,
    renames: bool = True,
    by: Actor,
    at: datetime,
) -> Contact:
    """The contact that the caller means: by external id first, then by email, else a new one.

    A trusted caller (a server key, a signed token, a member) may adopt a contact known by email who has no external
    id yet, and what it states of a person is kept; an untrusted one always makes a new, unverified contact. Who is named by
    another address, or by an id of before a merge, gets what is stated where there was nothing. None leaves a value alone, and without `renames` the names and the company are those of a new contact only. An address that is not verified finds
    nobody, and replaces no verified one. Raises Invalid with the
    field at fault.
    """
    permit(by, "conversation.start")
    given = _checked(
        external_id=external_id, email=email, name=name, first_name=first_name, last_name=last_name, company=company
    )
    if is_trusted:
        names = given.get("external_id"), given.get("email") if is_email_verified else None
        kept = given if renames else {field: value for field, value in given.items() if field not in _NAMES}
        found = _find(*names)
        if any(names) and (found is None or changes.differing(found.contact, found.stated(kept))):
            # A concurrent request for the same person waits here, and then finds the contact that was made.
            transaction.hold_name(workspace.pk, *(f"contact {name}" for name in names if name))
            found = _find(*names)
        if found is not None:
            kept = found.stated(kept)
            if found.contact.is_verified and not is_email_verified:
                kept.pop("email", None)
            return _change(found.contact, kept, by=by, at=at)
    contact = Contact(
        workspace=workspace,
        public_id=uuid.uuid4(),
        identity_source=identity_source,
        is_verified=is_trusted and is_email_verified,
        created_at=at,
        updated_at=at,
        **given,
    )
    if not is_trusted:
        contact.external_id = None
    writing.insert(contact)  # nobody else has its external id: the name is held
    journal.record(events.CONTACT_CREATED, contact, by=by, at=at)
    return contact


@transaction.atomic
def update_contact(
    *, contact: Contact, clear: Collection[str] = (), by: Actor, at: datetime, **values: str | None
) -> Contact:
    """Change a contact's details; takes the same values as `identify`.

    Raises Invalid, or Conflict for a taken id, and with code `erased` for one that was erased.

    `clear` names texts that are to be taken away. A customer changes their own details alone, and not by which id they are known.
    """
    permit(by, "contact.update", contact)
    if by.kind == ActorKind.CONTACT and (contact.pk != by.id or values.get("external_id") or clear):
        raise Forbidden("customers change their own details alone")
    if external_id := values.get("external_id"):
        transaction.hold_name(contact.workspace_id, f"contact {external_id.strip()}")  # as `identify` does
    return _change(contact, {**dict.fromkeys(clear, ""), **_checked(**values)}, by=by, at=at)


def _checked(**values: str | None) -> dict[str, Any]:
    """The values that are to be set: None and blank texts leave a value alone."""
    checked = {
        field: validation.check(value.strip(), field, longest=_LIMITS[field], blank=True)
        for field, value in values.items()
        if value is not None
    }
    given: dict[str, Any] = {field: value for field, value in checked.items() if value}
    if email := given.get("email"):
        given["email"] = email.lower()
        try:
            validate_email(given["email"])
        except ValidationError as error:
            raise Invalid("this is not an email address", field="email") from error
    if not given.get("name") and (given.get("first_name") or given.get("last_name")):
        given["name"] = f"{given.get('first_name', '')} {given.get('last_name', '')}".strip()[:400]
    return given


class _Found(NamedTuple):
    """A contact, and the field by which it was found as an alias: an id of before a merge, or another address."""

    contact: Contact
    alias: str = ""

    def stated(self, given: dict[str, Any]) -> dict[str, Any]:
        """What a caller states of the contact; one who names it by an alias fills its gaps, and replaces nothing."""
        if not self.alias:
            return given
        filled = {
            name: value for name, value in given.items() if not getattr(self.contact, name) and name != self.alias
        }
        if "name" in filled:
            return filled
        # The parts are those of the name.
        return {name: value for name, value in filled.items() if name not in ("first_name", "last_name")}


def _find(external_id: str | None, email: str | None) -> _Found | None:
    """The contact of the external id; else the one of the address, which has no external id if one was given.

    The id of a contact that was merged, and a verified other address, lead to the contact that has them now.
    """
    known = _by_external_id.first(external_id=external_id) if external_id else None
    if known is not None:
        if known.merged_into is not None:
            return _Found(known.merged_into, "external_id")
        return _Found(known)
    if not email:
        return None
    known = _by_email.first(external_id is not None, email=email)
    if known is None:
        return None
    return _Found(known, "" if known.email == email else "email")


@compiled
def _by_external_id(*, external_id: str) -> QuerySet[Contact]:
    return Contact.objects.filter(external_id=external_id).order_by("pk")[:1]


@compiled
def _by_email(without_external_id: bool, *, email: str) -> QuerySet[Contact]:
    """The contact whose address it is; else the one who has it as a verified other address. Each by its index, in one statement."""
    # What a visitor of the chat types is no proof: the owner of the address would write where that visitor reads.
    own = Contact.objects.filter(email=email, email__has_text=True)
    own = own.exclude(identity_source=OF_CHAT, is_verified=False).filter(merged_into=None)
    other = ContactAddress.objects.filter(kind=AddressKind.EMAIL, value=email, is_verified=True)
    if without_external_id:
        own = own.filter(external_id=None, is_verified=True)
        other = other.filter(contact__external_id=None)
    first = own.order_by("-is_verified", "pk").values("pk")[:1], other.order_by("pk").values("contact")[:1]
    either = Q(search.Among("pk", first[0])) | Q(search.Among("pk", first[1]))
    own_first = Case(When(email=email, then=0), default=1)
    return Contact.objects.filter(either).order_by(own_first, "pk")[:1]


def _change(contact: Contact, given: dict[str, Any], *, by: Actor, at: datetime) -> Contact:
    if not changes.differing(contact, given):
        return contact
    contact = held_unless_erased(contact)
    if "name" in changes.differing(contact, given) and not {"first_name", "last_name"} & given.keys():
        # A person renamed as a whole: the parts that an earlier caller gave are those of the old name.
        given = {**given, "first_name": "", "last_name": ""}
    changed = changes.change(contact, given)
    if not changed:
        return contact
    contact.updated_at = at
    taken = Conflict("another contact has this external id", field="external_id")
    save = partial(contact.save, update_fields=[*changed, "updated_at"])
    transaction.unless_taken("contact_external_id_unique_per_workspace", taken, save)
    journal.record(events.CONTACT_UPDATED, contact, by=by, at=at, fields=changed)
    return contact
