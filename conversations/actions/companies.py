"""Companies, and which customers belong to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from accounts import changes, journal, transaction
from accounts.errors import Conflict, Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions.erased import held_unless_erased
from conversations.models import Company, Contact
from conversations.texts import validation

MOST_DOMAINS = 50
MOST_PEOPLE = 10_000
"""Customers whom merging two companies moves at most."""
NOTES_LIMIT = 20_000
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


@transaction.atomic
def create_company(
    *, workspace: Workspace, name: str, domains: Sequence[str] = (), notes: str = "", by: Actor, at: datetime
) -> Company:
    """Create a company. Raises Invalid with the field at fault, or Conflict where one has this name, in any case of its letters."""
    permit(by, "company.write")
    row = Company(
        workspace=workspace,
        name=_name(name),
        domains=_domains(domains),
        notes=validation.check(notes, "notes", longest=NOTES_LIMIT, blank=True),
        created_at=at,
        updated_at=at,
    )
    _save(row)
    journal.record(events.COMPANY_CREATED, row, by=by, at=at)
    return row


@transaction.atomic
def update_company(
    *,
    company: Company,
    name: str | None = None,
    domains: Sequence[str] | None = None,
    notes: str | None = None,
    by: Actor,
    at: datetime,
) -> Company:
    """Change what is given. The text of its customers' company follows a new name where it was the old one. Raises as `create_company` does."""
    permit(by, "company.write", company)
    given = {
        "name": None if name is None else _name(name),
        "domains": None if domains is None else _domains(domains),
        "notes": None if notes is None else validation.check(notes, "notes", longest=NOTES_LIMIT, blank=True),
    }
    company = transaction.held(company)
    before = company.name
    changed = changes.change(company, given)
    if not changed:
        return company
    company.updated_at = at
    _save(company, [*changed, "updated_at"])
    if "name" in changed:
        _rename(company, [before], company.name, at)
    journal.record(events.COMPANY_UPDATED, company, by=by, at=at, fields=changed)
    return company


@transaction.atomic
def set_company(*, contact: Contact, company: Company | None, by: Actor, at: datetime) -> Contact:
    """Say which company a contact belongs to; the text that formats print follows. Raises Conflict with code `erased`."""
    permit(by, "contact.edit", contact)
    if company is not None:
        permit(by, "contact.edit", company)
    contact = held_unless_erased(contact)
    previous, pk = contact.organization_id, company.pk if company else None
    name = company.name if company else ""
    if (previous, contact.company) == (pk, name):
        return contact
    contact.organization, contact.company, contact.updated_at = company, name, at
    contact.save(update_fields=["organization", "company", "updated_at"])
    journal.record(events.CONTACT_COMPANY_CHANGED, contact, by=by, at=at, company_id=pk, previous_company_id=previous)
    return contact


@transaction.atomic
def merge_companies(*, company: Company, into: Company, by: Actor, at: datetime) -> Company:
    """Move the customers, the domains and the notes of a company into another one, and delete it.

    Raises Invalid for the same company, and Conflict for one with more than MOST_PEOPLE customers.
    """
    permit(by, "company.write", company)
    permit(by, "company.write", into)
    if company.pk == into.pk:
        raise Invalid("a company cannot be merged into itself", field="into")
    rows = {row.pk: row for row in _held([company.pk, into.pk])}
    if len(rows) < 2:
        raise Conflict("one of them is gone", code="changed_since")
    company, into = rows[company.pk], rows[into.pk]
    people = Contact.objects.filter(organization=company)
    count = people.count()
    if count > MOST_PEOPLE:
        raise Conflict(f"more than {MOST_PEOPLE} customers belong to it", code="too_many")
    _rename(company, [company.name], into.name, at)
    people.update(organization=into, updated_at=at)
    into.domains = [*dict.fromkeys([*into.domains, *company.domains])][:MOST_DOMAINS]
    into.notes = "\n\n".join(text for text in (into.notes, company.notes) if text)[:NOTES_LIMIT]
    into.updated_at = at
    into.save(update_fields=["domains", "notes", "updated_at"])
    pk = company.pk
    company.delete()
    journal.record(events.COMPANY_MERGED, into, by=by, at=at, merged_id=pk, contact_count=count)
    return into


def _held(ids: list[int]) -> list[Company]:
    return list(Company.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def _rename(company: Company, before: Sequence[str], after: str, at: datetime) -> None:
    """Change the texts of its people that are its name, with their search tokens."""
    rows = Contact.objects.select_for_update(no_key=True, of=("self",)).filter(organization=company, company__in=before)
    for contact in rows.order_by("pk")[:MOST_PEOPLE]:
        contact.company, contact.updated_at = after, at
        contact.save(update_fields=["company", "updated_at"])


def _name(name: str) -> str:
    return validation.check(" ".join(name.split()), "name", longest=400)


def _domains(domains: Sequence[str]) -> list[str]:
    found = [*dict.fromkeys(one.strip().lower().removeprefix("@").rstrip(".") for one in domains if one.strip())]
    if len(found) > MOST_DOMAINS:
        raise Invalid(f"a company has at most {MOST_DOMAINS} domains", field="domains")
    for one in found:
        if len(one) > 253 or not _DOMAIN.fullmatch(one):
            raise Invalid(f"“{one[:100]}” is not a domain, such as example.com", field="domains")
    return found


def _save(row: Company, fields: Sequence[str] | None = None) -> None:
    taken = Conflict("another company has this name", field="name", code="company_taken")
    transaction.unless_taken("company_unique_per_workspace_in_any_case", taken, lambda: row.save(update_fields=fields))
