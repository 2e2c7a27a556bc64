"""The verbs of custom attributes: what they are, and the values that tickets have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts import changes, journal, transaction
from accounts.errors import Conflict, Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from tickets import attributes, events, queries
from tickets.models import Attribute, AttributeKind, AttributeSubject, Ticket

MOST_ATTRIBUTES = 100
"""Attributes of customers, of conversations and of tickets each, without archived ones."""
MOST_CHOICES = 200
_LAID_DOWN = (AttributeKind.CHOICE, AttributeKind.BOOLEAN)


@transaction.atomic
def create_attribute(
    *,
    workspace: Workspace,
    subject: str,
    name: str,
    kind: str,
    choices: Sequence[str] = (),
    by: Actor,
    at: datetime,
) -> Attribute:
    """Create a custom attribute, below those that there are. Raises Invalid, or Conflict for a name that is taken."""
    permit(by, "attribute.write")
    if subject not in AttributeSubject.values:
        raise Invalid("an attribute describes customers, conversations or tickets", field="subject")
    if kind not in AttributeKind.values:
        raise Invalid("unknown kind", field="kind")
    transaction.hold_name(workspace.pk, f"attributes {subject}")
    rows = list(Attribute.objects.filter(subject=subject).order_by("position", "pk"))
    if sum(row.archived_at is None for row in rows) >= MOST_ATTRIBUTES:
        raise Invalid(f"at most {MOST_ATTRIBUTES} attributes", field="name", code="too_many")
    name = _attribute_name(name, rows)
    row = Attribute.objects.create(
        workspace=workspace,
        subject=subject,
        key=attributes.key_of(name, (one.key for one in rows)),
        name=name,
        kind=kind,
        choices=_choices(kind, choices),
        position=max((one.position for one in rows), default=-1) + 1,
        created_at=at,
    )
    journal.record(events.ATTRIBUTE_CREATED, row, by=by, at=at, subject=subject, kind=kind, key=row.key)
    return row


@transaction.atomic
def update_attribute(
    *, attribute: Attribute, name: str | None = None, choices: Sequence[str] | None = None, by: Actor, at: datetime
) -> Attribute:
    """Rename an attribute, or change what can be chosen; values that are stored stay as they are, and its key too."""
    permit(by, "attribute.write", attribute)
    transaction.hold_name(attribute.workspace_id, f"attributes {attribute.subject}")
    attribute = transaction.held(attribute)
    others = Attribute.objects.filter(subject=attribute.subject).exclude(pk=attribute.pk)
    given = {
        "name": None if name is None else _attribute_name(name, others),
        "choices": None if choices is None else _choices(attribute.kind, choices),
    }
    changed = changes.change(attribute, given)
    if changed:
        attribute.save(update_fields=changed)
        journal.record(events.ATTRIBUTE_UPDATED, attribute, by=by, at=at, fields=changed)
    return attribute


@transaction.atomic
def archive_attribute(*, attribute: Attribute, archived: bool = True, by: Actor, at: datetime) -> Attribute:
    """Offer an attribute no more, or again. Its values stay."""
    permit(by, "attribute.write", attribute)
    attribute = transaction.held(attribute)
    if (attribute.archived_at is not None) == archived:
        return attribute
    attribute.archived_at = at if archived else None
    attribute.save(update_fields=["archived_at"])
    journal.record(events.ATTRIBUTE_ARCHIVED, attribute, by=by, at=at, archived=archived)
    return attribute


@transaction.atomic
def move_attribute(*, attribute: Attribute, up: bool, by: Actor, at: datetime) -> Attribute:
    """Change places with the attribute above or below it; at the end of the list nothing changes."""
    permit(by, "attribute.write", attribute)
    transaction.hold_name(attribute.workspace_id, f"attributes {attribute.subject}")
    rows = list(Attribute.objects.filter(subject=attribute.subject, archived_at=None).order_by("position", "pk"))
    place = next((n for n, row in enumerate(rows) if row.pk == attribute.pk), None)
    other = None if place is None else place - 1 if up else place + 1
    if place is None or other is None or not 0 <= other < len(rows):
        return attribute
    rows[place], rows[other] = rows[other], rows[place]
    for position, row in enumerate(rows):
        row.position = position
    Attribute.objects.bulk_update(rows, ["position"])
    journal.record(events.ATTRIBUTE_MOVED, attribute, by=by, at=at, position=other)
    return rows[other]


@transaction.atomic
def set_attributes(*, ticket: Ticket, values: Mapping[str, Any], by: Actor, at: datetime) -> Ticket:
    """Set custom attributes of a ticket by their keys; None and a blank text take a value away. Raises Invalid with the key at fault."""
    permit(by, "ticket.update", ticket)
    rows = list(queries.attributes_of(AttributeSubject.TICKET))
    wanted = attributes.read_all(rows, values)
    ticket = transaction.held(ticket)
    after, keys = attributes.changed(ticket.attributes, wanted)
    if keys:
        ticket.attributes, ticket.updated_at = after, at
        ticket.save(update_fields=["attributes", "updated_at"])
        journal.record(
            events.TICKET_ATTRIBUTES_CHANGED, ticket, by=by, at=at, keys=keys, values=_chosen(rows, keys, after)
        )
    return ticket


def _chosen(rows: Iterable[Attribute], keys: Sequence[str], after: Mapping[str, Any]) -> dict[str, Any]:
    """The values that the history may hold: those that the workspace has laid down. What is typed may be of a person."""
    return {row.key: after.get(row.key) for row in rows if row.key in keys and row.kind in _LAID_DOWN}


def _attribute_name(name: str, others: Iterable[Attribute]) -> str:
    name = attributes.line(name, "name")
    if any(one.name.lower() == name.lower() for one in others):
        raise Conflict("another attribute has this name", field="name", code="attribute_taken")
    return name


def _choices(kind: str, choices: Sequence[str]) -> list[str]:
    if kind != AttributeKind.CHOICE:
        return []
    found = [*dict.fromkeys(" ".join(one.split()) for one in choices if one.strip())]
    if not found:
        raise Invalid("enter at least one choice", field="choices", code="blank")
    if len(found) > MOST_CHOICES:
        raise Invalid(f"at most {MOST_CHOICES} choices", field="choices")
    return [attributes.line(one, "choices") for one in found]
