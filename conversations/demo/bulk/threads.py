"""What happens in an invented thread, one letter per entry, and what the verbs would have stored of it. Pure functions.

C: the customer writes. A: an agent answers. N: an agent writes a note. R: an agent resolves it. K: an agent closes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from conversations.actions import lifecycle
from conversations.models import Status

OPEN, PENDING, RESOLVED, CLOSED, UNREAD = "open", "pending", "resolved", "closed", "unread"
"""How a thread ends: as a status, or closed, and the customer has written since."""
LEAST: Final = {OPEN: 1, PENDING: 2, RESOLVED: 2, CLOSED: 2, UNREAD: 3}
"""How many entries such a thread has at least."""
_ENDS: Final = {
    OPEN: ("C", "C", "AC", "CN"),
    PENDING: ("CA",),
    RESOLVED: ("R", "AR", "AR"),
    CLOSED: ("K", "AK", "ARK"),
    UNREAD: ("KC", "AKC", "KCN"),
}
_NEXT: Final = {"C": "AAAAAAACCN", "A": "CCCCCCCAAN", "N": "AAAAC", "R": "C"}
_SET: Final = {"R": Status.RESOLVED, "K": Status.CLOSED}
_VARIANTS: Final = 24
_SHORT: Final = 40


@dataclass(frozen=True, slots=True)
class Standing:
    """What an event keeps of a conversation before and after a change; `waiting` and `closed` are entries, or -1."""

    status: str
    waiting: int
    closed: int
    unread: int
    count: int


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread and what its conversation's row keeps of it. Entries are counted from 0; -1 is none."""

    entries: str
    end: Standing
    last_message: int
    last_visible: int
    last_inbound: int
    last_outbound: int
    first_response: int
    changes: tuple[tuple[int, Standing, Standing], ...]
    """The entries that set a status, with how it stood before and after."""

    @property
    def unanswered(self) -> int:
        """The team's messages since the customer last wrote."""
        return self.entries.count("A", self.last_inbound + 1)


def invented(outcome: str, length: int, by_agent: bool, rng: Random) -> Thread:
    """A thread of so many entries that ends that way; `by_agent`: an agent began it."""
    if length <= _SHORT:
        return _variant(outcome, length, by_agent, int(rng.random() * _VARIANTS))
    return kept(_entries(outcome, length, by_agent, rng))


@cache
def _variant(outcome: str, length: int, by_agent: bool, number: int) -> Thread:
    seed = f"{outcome} {length} {by_agent} {number}"
    return kept(_entries(outcome, length, by_agent, Random(seed)))  # noqa: S311  # the same thread every time


def _entries(outcome: str, length: int, by_agent: bool, rng: Random) -> str:
    first = "A" if by_agent else "C"
    # The first entry of the longer ends may be the thread's first.
    fitting = [end for end in _ENDS[outcome] if len(end) < length or (len(end) == length and end[0] == first)]
    end = rng.choice(fitting) if fitting else first
    entries = first if len(end) < length else ""
    while len(entries) + len(end) < length:
        left = length - len(entries) - len(end)
        one = rng.choice(_NEXT[entries[-1]])
        # Sometimes it was resolved, and the customer came back.
        if one == "C" and left > 4 and entries[-1] == "A" and rng.random() < 0.06:
            one = "RC"
        entries += one
    return entries + end


def kept(entries: str) -> Thread:
    """What the verbs `start`, `receive`, `reply`, `note` and `set_status` leave on the conversation, in this order."""
    status: str = Status.OPEN
    waiting, closed, unread, count = 0, -1, 0, 0
    message = visible = inbound = outbound = response = -1
    changes = []
    for n, entry in enumerate(entries):
        if entry == "N":
            continue
        visible = n
        if entry in _SET:
            before = Standing(status, waiting, closed, unread, count)
            status, waiting, unread = _SET[entry], n, 0
            closed = n if closed < 0 else closed
            changes.append((n, before, Standing(status, waiting, closed, unread, count)))
            continue
        message, count, was = n, count + 1, status
        if entry == "C":
            if n and (inbound < 0 or outbound > inbound):
                waiting = n
            inbound, unread = n, unread + 1
            status = lifecycle.DESK.after_customer(status) if n else status
        else:
            if n:
                response = n if response < 0 <= inbound else response
                waiting, unread = n, 0
                status = lifecycle.DESK.after_agent(status)
            outbound = n
        if status != was:
            waiting = n
            closed = closed if status in _SET.values() else -1
    end = Standing(status, waiting, closed, unread, count)
    return Thread(entries, end, message, visible, inbound, outbound, response, tuple(changes))
