"""Questions about tickets, in the open workspace scope."""

from __future__ import annotations

from tickets.models import Tag, Ticket


def ticket_by_number(number: int) -> Ticket:
    """Raises Ticket.DoesNotExist."""
    return Ticket.objects.get(number=number)


def tag_hues() -> dict[str, int]:
    """The colour of every label in the catalogue."""
    return dict(Tag.objects.order_by("name").values_list("name", "hue"))
