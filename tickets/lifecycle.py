"""Pure rules of a ticket's state: any state may follow any other; what else changes is decided here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from tickets.models import TicketStatus


@dataclass(frozen=True, slots=True)
class Standing:
    """A ticket's state with the moments that depend on it."""

    status: str
    snoozed_until: datetime | None
    resolved_at: datetime | None


def move(now: Standing, to: str, at: datetime) -> Standing:
    """Set a status and leave a snooze as it is; `resolved` notes when."""
    return replace(now, status=to, resolved_at=(now.resolved_at or at) if to == TicketStatus.RESOLVED else None)


def snooze(now: Standing, until: datetime | None, at: datetime, status: str | None = None) -> Standing:
    """Snoozing puts a ticket on hold and unsnoozing opens it; another time for a snoozed ticket changes only the time.

    A `status` that is stated with it wins.
    """
    to = status
    if to is None and (until is None) != (now.snoozed_until is None):
        to = TicketStatus.OPEN if until is None else TicketStatus.ON_HOLD
    return replace(now if to is None else move(now, to, at), snoozed_until=until)


def unsnooze(now: Standing, at: datetime) -> Standing:
    """The moment of a snooze has come: what was on hold is open, anything else stays as it is."""
    to = TicketStatus.OPEN if now.status == TicketStatus.ON_HOLD else now.status
    return replace(move(now, to, at), snoozed_until=None)


def on_customer_message(now: Standing, at: datetime) -> Standing:
    """A customer's message opens what was pending, snoozed or resolved."""
    waited = now.status in {TicketStatus.PENDING, TicketStatus.RESOLVED, TicketStatus.ON_HOLD}
    return replace(move(now, TicketStatus.OPEN if waited else now.status, at), snoozed_until=None)
