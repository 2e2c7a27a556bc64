"""Companies, and which customers belong to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts import changes, journal, transaction
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Event, Workspace
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
    if company.merged_into_id is not None:
        raise Conflict("the company was merged by then", code="merged")
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
    if company is not None:
        company = _present(company)
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
    """Move the customers, the domains, the notes and the attributes of a company into another one; it stays as a signpost to that one.

    Raises Invalid for the same company, Conflict with code `merged` for one that was merged meanwhile, and with `too_many` for
    one with more than MOST_PEOPLE customers.
    """
    permit(by, "company.write", company)
    permit(by, "company.write", into)
    if company.pk == into.pk:
        raise Invalid("a company cannot be merged into itself", field="into")
    company, into = _both(company, into)
    if company.merged_into_id is not None or into.merged_into_id is not None:
        raise Conflict("one of the companies was merged by then", code="merged")
    held = Contact.objects.select_for_update(no_key=True, of=("self",)).filter(organization=company)
    people = [row.pk for row in held.order_by("pk").only("pk")[: MOST_PEOPLE + 1]]
    if len(people) > MOST_PEOPLE:
        raise Conflict(f"more than {MOST_PEOPLE} customers belong to it", code="too_many")
    renamed = _rename(company, [company.name], into.name, at)
    Contact.objects.filter(pk__in=people).update(organization=into, updated_at=at)
    room = max(MOST_DOMAINS - len(into.domains), 0)
    added = [place for place, one in enumerate(company.domains) if one not in into.domains][:room]
    into.domains = [*into.domains, *(company.domains[place] for place in added)]
    into.notes = _joined(into.notes, company.notes)
    keys = sorted(company.attributes.keys() - into.attributes.keys())
    into.attributes = {**into.attributes, **{key: company.attributes[key] for key in keys}}
    into.updated_at = at
    into.save(update_fields=["domains", "notes", "attributes", "updated_at"])
    others = Company.objects.filter(merged_into=company)
    redirected = [*others.order_by("pk").values_list("pk", flat=True)]
    others.update(merged_into=into)
    company.merged_into, company.updated_at = into, at
    company.save(update_fields=["merged_into", "updated_at"])
    undo = {"people": people, "renamed": renamed, "domains": added, "keys": keys, "redirected": redirected}
    journal.record(events.COMPANY_ABSORBED, company, by=by, at=at, into_id=into.pk, undo=undo)
    journal.record(events.COMPANY_MERGED, into, by=by, at=at, merged_id=company.pk, contact_count=len(people))
    return into


@transaction.atomic
def undo_company_merge(*, company: Company, by: Actor, at: datetime) -> Company:
    """Take the merge of a company back: the customers that came from it belong to it again; those who have come since stay.

    Raises NotFound for one that was not merged, and Conflict with code `company_taken` where another has its name by now.
    """
    permit(by, "company.write", company)
    event = _merge_of(company)
    undo: dict[str, Any] = event.data["undo"]
    company, into = _both(company, Company(pk=event.data["into_id"], workspace_id=company.workspace_id))
    if company.merged_into_id is None:
        raise NotFound("this company was not merged")
    if company.merged_into_id != into.pk:
        raise Conflict("the companies have changed since", code="changed_since")
    company.merged_into, company.updated_at = None, at
    _save(company, ["merged_into", "updated_at"])
    rows = Contact.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=undo["people"], organization=into)
    renamed = {*undo["renamed"]}
    for contact in rows.order_by("pk"):
        contact.organization, contact.updated_at = company, at
        if contact.pk in renamed and contact.company == into.name:
            contact.company = company.name
        contact.save(update_fields=["organization", "company", "updated_at"])
    Company.objects.filter(pk__in=undo["redirected"], merged_into=into).update(merged_into=company)
    added = {company.domains[place] for place in undo["domains"] if place < len(company.domains)}
    into.domains = [one for one in into.domains if one not in added]
    if into.notes == company.notes:
        into.notes = ""
    elif company.notes and into.notes.endswith(f"\n\n{company.notes}"):
        into.notes = into.notes.removesuffix(f"\n\n{company.notes}")
    into.attributes = {
        key: value
        for key, value in into.attributes.items()
        if not (key in undo["keys"] and company.attributes.get(key) == value)
    }
    into.updated_at = at
    into.save(update_fields=["domains", "notes", "attributes", "updated_at"])
    for row, other in ((company, into), (into, company)):
        journal.record(events.COMPANY_MERGE_UNDONE, row, by=by, at=at, undone_id=event.pk, other_id=other.pk)
    return company


def _merge_of(company: Company) -> Event:
    rows = journal.lines_of(company).filter(type=events.COMPANY_ABSORBED.name)
    event = rows.order_by("-pk").first()
    if event is None:
        raise NotFound("this company was not merged")
    return event


def _both(one: Company, other: Company) -> tuple[Company, Company]:
    held = Company.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=[one.pk, other.pk])
    rows = {row.pk: row for row in held.order_by("pk")}
    if len(rows) < 2:
        raise Conflict("one of them is gone", code="changed_since")
    return rows[one.pk], rows[other.pk]


def _present(company: Company) -> Company:
    """The company, or the one into which it was merged, held; both in the order of their ids, as merging holds them."""
    first = Company.objects.filter(pk=company.pk).values_list("merged_into", flat=True).first()
    held = Company.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in={company.pk, first or company.pk})
    rows = {row.pk: row for row in held.order_by("pk")}
    if company.pk not in rows:
        raise NotFound("this company no longer exists")
    row = rows[company.pk]
    while (pk := row.merged_into_id) is not None:
        row = rows.get(pk) or transaction.held(Company(pk=pk, workspace_id=row.workspace_id))
    return row


def _joined(notes: str, more: str) -> str:
    return "\n\n".join(text for text in (notes, more) if text)[:NOTES_LIMIT]


def _rename(company: Company, before: Sequence[str], after: str, at: datetime) -> list[int]:
    """Change the texts of its people that are its name, with their search tokens; says of whom."""
    found = []
    rows = Contact.objects.select_for_update(no_key=True, of=("self",)).filter(organization=company, company__in=before)
    for contact in rows.order_by("pk")[:MOST_PEOPLE]:
        contact.company, contact.updated_at = after, at
        contact.save(update_fields=["company", "updated_at"])
        found.append(contact.pk)
    return found


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
