"""Tickets as the list and the board show them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.safestring import SafeString

from conversations.models import Conversation
from conversations.queries import tickets as ticket_links
from conversations.screens import formatting
from conversations.screens.ticketing import PRIORITY, STATUS
from conversations.screens.tickets import queries
from conversations.screens.tickets.labels import URGENT
from tickets.models import Ticket, TicketStatus

SOON = timedelta(hours=24)
"""A due date within this is marked."""


class Row(NamedTuple):
    """One ticket. What does not apply is empty."""

    ticket: Ticket
    status: str
    priority: str
    urgency: str
    customer: str
    conversations: int
    due: datetime | None
    changed: SafeString
    due_state: str
    """`late`, `soon` or empty."""


def of(shown: Sequence[Ticket], now: datetime) -> list[Row]:
    """The rows of a page: two statements for any number."""
    if not shown:
        return []
    primaries, linked = ticket_links.primaries(shown), queries.linked_counts(shown)
    return [_row(one, primaries.get(one.pk), linked.get(one.pk, 0), now) for one in shown]


def _row(ticket: Ticket, primary: Conversation | None, linked: int, now: datetime) -> Row:
    return Row(
        ticket=ticket,
        status=str(STATUS[ticket.status]),
        priority=str(PRIORITY[ticket.priority]) if ticket.priority else "",
        urgency=URGENT.get(ticket.priority or "", ""),
        customer=primary.contact.display_name if primary is not None else "",
        conversations=linked,
        due=ticket.sla_due_at,
        changed=formatting.ago(ticket.updated_at, now),
        due_state=due_state(ticket, now),
    )


def due_state(ticket: Ticket, now: datetime) -> str:
    """Whether the due date of a ticket that is not resolved has passed or is near."""
    if ticket.sla_due_at is None or ticket.status == TicketStatus.RESOLVED:
        return ""
    if ticket.sla_due_at <= now:
        return "late"
    return "soon" if ticket.sla_due_at - now <= SOON else ""
