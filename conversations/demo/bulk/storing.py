"""Putting rows into the tables: reserved ids, COPY, and what is counted in rows of its own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from django.db import connection, models, transaction

from accounts.models import Dispatch, Event
from conversations.actions.turns import TALLY
from conversations.demo.bulk import contact_rows, conversation_rows, journal
from conversations.demo.bulk.plan import Place
from conversations.demo.bulk.texts import Pool
from conversations.models import Contact, Conversation, EntryPoint, Message, SearchDocument, SearchWord
from tickets.actions import NUMBERS
from tickets.models import Ticket

FILLED: Final = (Contact, Ticket, Conversation, EntryPoint, Message, Event)
"""The tables that grow."""


def reserved(model: type[models.Model], count: int) -> int:
    """The first of so many ids that nobody else will get: rows that are inserted meanwhile wait for a moment."""
    table = connection.ops.quote_name(model._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")  # who inserts has taken a lock before the next id
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
        (sequence,) = cursor.fetchone()
        cursor.execute("SELECT nextval(%s)", [sequence])
        (first,) = cursor.fetchone()
        cursor.execute("SELECT setval(%s, %s)", [sequence, first + max(count, 1) - 1])
    return int(first)


@transaction.atomic
def store_contacts(place: Place, first: int, end: int) -> None:
    """Write the contacts from one place to another, whole."""
    made, events = contact_rows.made(place, first, end)
    _copy(Contact, contact_rows.CONTACT, made)
    _record(events)


@transaction.atomic
def store_conversations(place: Place, pools: tuple[Pool, ...], first: int, end: int) -> None:
    """Write the conversations from one place to another, whole: with their counts, so that the desk is right at any time."""
    made = conversation_rows.made(place, pools, first, end)
    _copy(Ticket, conversation_rows.TICKET, made.tickets)
    with _search_waits():
        _copy(Conversation, conversation_rows.CONVERSATION, made.conversations)
        _copy(EntryPoint, conversation_rows.ENTRY_POINT, made.entry_points)
        _copy(Message, conversation_rows.MESSAGE, made.messages)
    begin = place.ids.conversation
    _call("SELECT search_write_new(%s, %s, %s)", place.workspace_id, begin + first, begin + end - 1)
    _record(made.events)
    TALLY.grow(place.workspace_id, end - first, made.statuses)
    NUMBERS.grow(place.workspace_id, len(made.tickets), made.ticket_statuses)


def learn_words(place: Place) -> None:
    """Note which words the workspace's conversations hold, by which parts of words are found."""
    _call("SELECT search_learn_all(%s)", place.workspace_id)


@contextmanager
def _search_waits() -> Iterator[None]:
    """What is copied in inside is no conversation's search document yet: made for all at once, they cost a fraction."""
    wait = "SELECT set_config('parley.search_waits', %s, true)"
    _call(wait, "yes")
    yield
    _call(wait, "no")


def _call(sql: str, *values: str | int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def analyze(*, is_whole: bool = False) -> None:
    """Tell the planner what there is now; at the end, outside a transaction, also which pages everybody may see whole."""
    command = "VACUUM (ANALYZE)" if is_whole and not connection.in_atomic_block else "ANALYZE"
    names = [
        connection.ops.quote_name(model._meta.db_table) for model in (*FILLED, SearchDocument, SearchWord, Dispatch)
    ]
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(f"{command} {name}")


def _copy(model: type[models.Model], columns: Collection[str], lines: Sequence[str]) -> None:
    if not lines:
        return
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(map(connection.ops.quote_name, columns))
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        copy.write("\n".join(lines) + "\n")


def _record(events: Sequence[str]) -> None:
    """Write events without their reactions, which would mail people about what never happened."""
    if not events:
        return
    _copy(Event, journal.COLUMNS, events)
    first, last = (int(line.split("\t", 1)[0]) for line in (events[0], events[-1]))
    Dispatch.objects.filter(event__gte=first, event__lte=last).delete()
