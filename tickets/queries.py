"""Questions about tickets, in the open workspace scope."""

from __future__ import annotations

import uuid
from typing import cast

from accounts.errors import NotFound
from accounts.tenancy import current
from accounts.text import whole_number
from tickets import tags
from tickets.models import Tag, Ticket, TicketNumbers, TicketQuerySet

HIGHEST_NUMBER = 2**31 - 1


def tickets() -> TicketQuerySet:
    """Every ticket of the workspace, with all that a door prints of one."""
    return cast(TicketQuerySet, Ticket.objects.get_queryset()).with_people()


def ticket_by_number(number: int) -> Ticket:
    """Raises Ticket.DoesNotExist."""
    return Ticket.objects.get(number=number)


def by_reference(reference: str) -> Ticket:
    """By public id or by number, as API callers name a ticket. Raises NotFound, also for another workspace's."""
    rows = tickets().order_by("pk")
    if (number := whole_number(reference, most=HIGHEST_NUMBER)) is not None:
        found = rows.filter(number=number).first()
    else:
        try:
            found = rows.filter(public_id=uuid.UUID(reference)).first()
        except ValueError:
            found = None
    if found is None:
        raise NotFound("there is no such ticket")
    return found


def tally() -> TicketNumbers:
    """The workspace's exact counts by status, read from one row."""
    return TicketNumbers.objects.first() or TicketNumbers(workspace=current())


def tag_hues() -> dict[str, int]:
    """The colour of every tag in the catalogue, by `tags.key`."""
    return {tags.key(name): hue for name, hue in Tag.objects.order_by("name").values_list("name", "hue")}
