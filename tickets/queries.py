"""Questions about tickets, in the open workspace scope."""

from __future__ import annotations

import uuid
from typing import cast

from django.db.models import QuerySet

from accounts.compiled import compiled, printing
from accounts.errors import NotFound
from accounts.tenancy import current
from accounts.text import uuid_or_none, whole_number
from tickets import tags
from tickets.hours import Hours
from tickets.models import Attribute, BusinessHours, Tag, Ticket, TicketNote, TicketNumbers, TicketQuerySet

HIGHEST_NUMBER = 2**31 - 1


def tickets() -> TicketQuerySet:
    """Every ticket of the workspace, with all that a door prints of one."""
    return cast(TicketQuerySet, Ticket.objects.get_queryset()).with_people()


def ticket_by_number(number: int) -> Ticket:
    """Raises Ticket.DoesNotExist."""
    return Ticket.objects.get(number=number)


def by_reference(reference: str, columns: tuple[str, ...] | None = None) -> Ticket:
    """By public id or by number, as API callers name a ticket. Raises NotFound, also for another workspace's.

    With columns, it is for reading these alone.
    """
    if (number := whole_number(reference, most=HIGHEST_NUMBER)) is not None:
        found = _one.first(columns, number=number)
    else:
        public_id = uuid_or_none(reference)
        found = _one.first(columns, public_id=public_id) if public_id else None
    if found is None:
        raise NotFound("there is no such ticket")
    return found


@compiled
def _one(
    columns: tuple[str, ...] | None, *, number: int | None = None, public_id: uuid.UUID | None = None
) -> TicketQuerySet:
    rows = tickets().order_by("pk")
    if number is not None:
        rows = rows.filter(number=number)
    if public_id is not None:
        rows = rows.filter(public_id=public_id)
    return (printing(rows, columns) if columns else rows)[:1]


def notes(ticket: Ticket) -> QuerySet[TicketNote]:
    """The ticket's own notes, the newest first. Those of its conversations are messages."""
    return TicketNote.objects.filter(ticket=ticket).order_by("-pk")


def note(ticket: Ticket, pk: int) -> TicketNote:
    """One of the ticket's own notes. Raises NotFound."""
    found = notes(ticket).filter(pk=pk).first()
    if found is None:
        raise NotFound("there is no such note")
    return found


def business_hours() -> Hours | None:
    """When the workspace answers. None: always."""
    row = BusinessHours.objects.first()
    return row.hours if row else None


def tally() -> TicketNumbers:
    """The workspace's exact counts by status, read from one row."""
    return _tally.first() or TicketNumbers(workspace=current())


@compiled
def _tally() -> QuerySet[TicketNumbers]:
    return TicketNumbers.objects.order_by("pk")[:1]


def tag_hues() -> dict[str, int]:
    """The colour of every tag in the catalogue, by `tags.key`."""
    return {tags.key(name): hue for name, hue in _hues.rows()}


def tag_names(limit: int) -> list[str]:
    """The tags of the catalogue by their names, as many as the limit."""
    return list(Tag.objects.order_by("name", "pk").values_list("name", flat=True)[:limit])


@compiled
def _hues() -> QuerySet[Tag, tuple[str, int]]:
    return Tag.objects.order_by("name").values_list("name", "hue")


def attributes_of(subject: str, *, archived: bool = False) -> QuerySet[Attribute]:
    """The custom attributes of customers, conversations or tickets, in their order; archived ones only where asked for."""
    rows = Attribute.objects.filter(subject=subject)
    return (rows if archived else rows.filter(archived_at=None)).order_by("position", "pk")
