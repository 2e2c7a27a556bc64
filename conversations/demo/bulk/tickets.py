"""Tickets of invented conversations: some of them share one, as after an outage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from conversations.actions.ticketing import PRIORITIES
from conversations.demo.bulk.copytext import DAY, SECOND
from conversations.demo.bulk.plan import tickets_for
from conversations.demo.bulk.talks import Talk
from tickets.models import TicketStatus

_SIZES: Final = (1, 1, 1, 1, 1, 1, 2, 2, 3, 6)


@dataclass(slots=True)
class Ticket:
    """A ticket with its conversations, the one that was linked first before the others."""

    id: int
    number: int
    talks: list[Talk]
    status: str
    moved_at: int
    snoozed_until: int

    @property
    def priority(self) -> str | None:
        return PRIORITIES.get(self.talks[0].priority)

    @property
    def updated_at(self) -> int:
        return self.moved_at or self.talks[-1].linked_at

    @property
    def newest(self) -> Talk:
        """The conversation whose last message is the ticket's."""
        return max(self.talks, key=lambda talk: (talk.times[talk.thread.last_message], talk.number))


def opened(talks: Sequence[Talk], first_id: int, first_number: int, now: int, rng: Random) -> list[Ticket]:
    """Open the tickets of a piece of work, which is linked to them."""
    count = tickets_for(len(talks))
    chosen = iter(rng.sample(range(len(talks)), min(len(talks), count * max(_SIZES))))
    groups = [[talks[next(chosen)] for _ in range(rng.choice(_SIZES))] for _ in range(count)]
    groups.sort(key=_last_change)
    return [_opened(group, first_id + n, first_number + n, now, rng) for n, group in enumerate(groups)]


def _opened(linked: list[Talk], pk: int, number: int, now: int, rng: Random) -> Ticket:
    at = _last_change(linked)
    for talk in linked:
        at += 1 + int(rng.random() * 3 * SECOND)
        talk.ticket_id, talk.linked_at = pk, at
    status = _status(linked, rng)
    moved_at = 0 if status == TicketStatus.NEW else at + 1 + int(rng.random() * 3 * SECOND)
    until = now + DAY + int(rng.random() * 14 * DAY) if status == TicketStatus.ON_HOLD else 0
    return Ticket(pk, number, linked, status, moved_at, until)


def _last_change(linked: Sequence[Talk]) -> int:
    return max(talk.updated_at for talk in linked)


def _status(linked: Sequence[Talk], rng: Random) -> str:
    if all(talk.thread.end.closed >= 0 for talk in linked) and rng.random() < 0.85:
        return TicketStatus.RESOLVED
    return rng.choice(
        (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.ON_HOLD)
    )
