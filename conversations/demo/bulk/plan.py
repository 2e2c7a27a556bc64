"""What is to be filled in: how many rows of what, how they are divided among workspaces and pieces of work, and when it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.errors import Invalid
from conversations.demo.bulk.copytext import DAY, MINUTE, milliseconds
from conversations.demo.bulk.people import Customers, count_for

SHARES: Final = (84, 10, 4, 2)
"""How many of a hundred conversations each workspace has: one large one, and three small ones beside it."""
SPAN: Final = 730 * DAY
"""From the first conversation to now."""
QUIET: Final = 10 * MINUTE
"""The last conversation began so long ago."""
MOST_MESSAGES: Final = 1000
PER_TICKET: Final = 40
"""There is one ticket for so many conversations."""
EVENTS_BESIDE_ENTRIES: Final = 8
"""Started, assigned, snoozed, linked, and those of a ticket."""
_SLICE: Final = 10_000
"""So many messages are written at a time, in one transaction."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The options of a filling. `messages_per_conversation` is how many entries a conversation has on average, notes and status changes too."""

    conversations: int
    messages_per_conversation: int
    agents: int
    seed: int
    now: datetime
    slug: str = "bulk"

    def __post_init__(self) -> None:
        limits = {"conversations": 10_000_000, "messages_per_conversation": MOST_MESSAGES, "agents": 1000}
        for name, most in limits.items():
            if not 1 <= getattr(self, name) <= most:
                raise Invalid(f"this must be between 1 and {most}", field=name)

    @property
    def slugs(self) -> list[str]:
        """The large workspace's, then those of the small ones that get any conversations."""
        names = [self.slug, *(f"{self.slug}-{number}" for number in range(2, len(SHARES) + 1))]
        return [name for name, count in zip(names, self.shares, strict=True) if count]

    @property
    def shares(self) -> list[int]:
        """How many conversations each workspace gets; the large one has the remainder."""
        small = [self.conversations * share // sum(SHARES) for share in SHARES[1:]]
        return [self.conversations - sum(small), *small]

    @property
    def most_events(self) -> int:
        """A conversation has no more events than this, on average over a piece of work."""
        return self.messages_per_conversation + EVENTS_BESIDE_ENTRIES

    @property
    def slice_size(self) -> int:
        """How many conversations are written at a time."""
        return max(20, _SLICE // self.messages_per_conversation)


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works in a workspace: ids, names and addresses of agents, and ids of teams."""

    agents: tuple[tuple[int, str, str], ...]
    teams: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ids:
    """The first ids that are reserved for a workspace's rows of each kind."""

    contact: int
    conversation: int
    entry_point: int
    message: int
    ticket: int
    event: int
    contact_event: int


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace that is being filled. Its numbers begin after those that it has given."""

    plan: Plan
    workspace_id: int
    slug: str
    count: int
    crew: Crew
    ids: Ids

    @property
    def customers(self) -> Customers:
        """Who writes to it."""
        return Customers(f"{self.plan.seed} {self.slug}", count_for(self.count))

    @property
    def now(self) -> int:
        """The present, in milliseconds."""
        return milliseconds(self.plan.now)

    def slices(self) -> Iterator[tuple[int, int]]:
        """The first conversation of each piece of work, and the first after it."""
        size = self.plan.slice_size
        for first in range(0, self.count, size):
            yield first, min(first + size, self.count)

    def first_ticket(self, first: int) -> int:
        """How many tickets the conversations before this piece of work have."""
        full, rest = divmod(first, self.plan.slice_size)
        return full * tickets_for(self.plan.slice_size) + tickets_for(rest)

    def first_event(self, first: int) -> int:
        """The first id for the events of a piece of work; there are fewer than that, so some ids are left out."""
        return self.ids.event + first * self.plan.most_events

    def began_at(self, place: float) -> int:
        """When a conversation began, the first at 0 and the last just below `count`; recently there are more."""
        return self.now - QUIET - int((SPAN - QUIET) * (1 - place / self.count) ** 1.4)


def tickets_for(conversations: int) -> int:
    """How many tickets a piece of work of so many conversations has."""
    return conversations // PER_TICKET
