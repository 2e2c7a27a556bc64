"""Pure rules of a ticket's state: any state may follow any other; what a change entails is decided here."""

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
    """Set a status. Leaving `on_hold` ends a snooze; `resolved` notes when."""
    return Standing(
        status=to,
        snoozed_until=now.snoozed_until if to == TicketStatus.ON_HOLD else None,
        resolved_at=(now.resolved_at or at) if to == TicketStatus.RESOLVED else None,
    )


def snooze(now: Standing, until: datetime | None, at: datetime, status: str | None = None) -> Standing:
    """Snoozing puts a ticket on hold; ending the snooze opens it. A `status` that is stated with it wins."""
    if status is not None:
        return replace(move(now, status, at), snoozed_until=until)
    if until is not None:
        return Standing(status=TicketStatus.ON_HOLD, snoozed_until=until, resolved_at=None)
    if now.snoozed_until is None:
        return now
    return move(now, TicketStatus.OPEN, at)


def wake(now: Standing, at: datetime) -> Standing:
    """The moment of a snooze has come: what was on hold is open, anything else stays as it is."""
    if now.status == TicketStatus.ON_HOLD:
        return move(now, TicketStatus.OPEN, at)
    return replace(now, snoozed_until=None)


def on_customer_message(status: str) -> str:
    """A customer who writes again has not been helped yet: what waited for them, or was done, is open."""
    return (
        TicketStatus.OPEN if status in {TicketStatus.PENDING, TicketStatus.RESOLVED, TicketStatus.ON_HOLD} else status
    )


def on_team_message(status: str) -> str:
    """The first answer takes a new ticket in hand."""
    return TicketStatus.OPEN if status == TicketStatus.NEW else status
