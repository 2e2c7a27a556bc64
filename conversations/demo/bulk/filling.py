"""Filling the desk, by one process or by several at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Final

from django.db import connection, models

from accounts.models import Event
from conversations.demo.bulk import storing, texts
from conversations.demo.bulk.opening import Opened, opened
from conversations.demo.bulk.people import count_for
from conversations.demo.bulk.plan import Ids, Place, Plan, tickets_for
from conversations.demo.bulk.texts import Pool
from conversations.models import Contact, Conversation, EntryPoint, Message
from tickets.models import Ticket

MOST_PROCESSES: Final = 4
_CONTACTS_AT_ONCE: Final = 5000


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of work: contacts or conversations of a workspace, from one place to another."""

    place: Place
    are_contacts: bool
    first: int
    end: int


_pools: tuple[Pool, ...] = ()
"""What is written, made before the processes are forked, which share it."""


def fill(
    plan: Plan,
    *,
    processes: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Opened]:
    """Open the plan's workspaces and fill them with its rows; the first is the large one.

    `progress` is called with how many of how many rows of contacts and conversations there are. Inside a transaction one process
    does it all, in that transaction, so that a test's rows are rolled back. Outside, several (as many as there are
    processors) commit piece by piece; each piece is whole, so that a desk filled in part is right, but
    for searches by a part of a word. Raises Conflict
    where one of the workspaces exists.
    """
    global _pools
    # Others would wait for what an open transaction has locked.
    processes = 1 if connection.in_atomic_block else processes or min(MOST_PROCESSES, os.cpu_count() or 1)
    made = opened(plan)
    places = [
        Place(plan, one.workspace.pk, one.workspace.slug, one.conversations, one.crew, _ids(plan, one.conversations))
        for one in made
    ]
    _pools = texts.pools(
        plan.seed, min(texts.PARAGRAPHS, 100 + plan.conversations * plan.messages_per_conversation // 100)
    )
    # Contacts come before the conversations that point at them.
    contacts = [_Piece(place, True, *ends) for place in places for ends in _contact_slices(place)]
    beginnings, others = [], []
    for place in places:
        first, *more = (_Piece(place, False, *ends) for ends in place.slices())
        beginnings.append(first)
        others += more
    done, total = 0, sum(piece.end - piece.first for piece in (*contacts, *beginnings, *others))
    for pieces in (contacts, beginnings, others):
        for count in _stored(pieces, processes):
            done += count
            progress(done, total)
        # The planner takes a workspace that it does not know for empty, and walks through it for each conversation.
        storing.analyze()
    for place in places:
        storing.learn_words(place)
    storing.analyze(is_whole=True)
    return made


def _ids(plan: Plan, conversations: int) -> Ids:
    """The ids of a workspace's rows."""
    customers = count_for(conversations)
    wanted: dict[str, tuple[type[models.Model], int]] = {
        "contact": (Contact, customers),
        "conversation": (Conversation, conversations),
        "entry_point": (EntryPoint, conversations),
        "message": (Message, conversations * plan.messages_per_conversation),
        "ticket": (Ticket, tickets_for(conversations)),
        "event": (Event, conversations * plan.most_events),
        "contact_event": (Event, customers),
    }
    return Ids(**{name: storing.reserved(model, count) for name, (model, count) in wanted.items()})


def _contact_slices(place: Place) -> Iterator[tuple[int, int]]:
    for first in range(0, place.customers.count, _CONTACTS_AT_ONCE):
        yield first, min(first + _CONTACTS_AT_ONCE, place.customers.count)


def _stored(pieces: Sequence[_Piece], processes: int) -> Iterator[int]:
    """Store the pieces; says of each how many rows it had, as they are ready."""
    if processes == 1:
        yield from map(_store, pieces)
        return
    forked = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, mp_context=forked, initializer=_leave_connection) as pool:
        try:
            for future in as_completed([pool.submit(_store, piece) for piece in pieces]):
                yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _leave_connection() -> None:
    """A forked process leaves its parent's connection alone, and opens its own."""
    connection.connection = None


def _store(piece: _Piece) -> int:
    if piece.are_contacts:
        storing.store_contacts(piece.place, piece.first, piece.end)
    else:
        storing.store_conversations(piece.place, _pools, piece.first, piece.end)
    return piece.end - piece.first
