"""Writing lines of the journal, in the transaction of the change that they record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, Protocol

from django.db import connection, transaction

from accounts import writing
from accounts.journal import announcing
from accounts.journal.catalogue import EventType, UnknownEvent, catalogue
from accounts.models import Event, User
from accounts.permissions import Actor
from accounts.transaction import notify_after_commit


class Subject(Protocol):
    """A tenant row that an event tells of."""

    pk: Any
    workspace_id: int


_cause: ContextVar[Event | None] = ContextVar("cause", default=None)
_recorded: ContextVar[list[Event] | None] = ContextVar("recorded", default=None)


def record(kind: EventType, subject: Subject | User, /, *, by: Actor, at: datetime, **data: Any) -> Event:
    """Write one line of the journal, in the caller's transaction.

    `data` takes ids and non-personal values, by the names that the kind carries; subject and ids may be those of rows that
    are written together with the line (`accounts.writing`). Raises UnknownEvent for a kind outside
    the catalogue or another name, and TransactionManagementError outside a transaction: a change and its event are
    committed together or not at all.
    """
    event = _line(kind, subject, by=by, at=at, data=data)
    writing.insert(event, setting=announcing.SETTING)
    _note([event])
    return event


def record_each(
    kind: EventType, subjects: Iterable[tuple[Subject, Mapping[str, Any]]], /, *, by: Actor, at: datetime
) -> None:
    """Write one line for each of many rows, with its data, in one statement."""
    lines = [_line(kind, subject, by=by, at=at, data=dict(data)) for subject, data in subjects]
    Event.objects.bulk_create(lines)
    _note(lines)


def _line(kind: EventType, subject: Subject | User, *, by: Actor, at: datetime, data: dict[str, Any]) -> Event:
    if catalogue.get(kind.name) is not kind:
        raise UnknownEvent(kind.name)
    if unknown := data.keys() - {*kind.data}:
        raise UnknownEvent(f"{kind.name} carries no {', '.join(sorted(unknown))}")
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"{kind.name} was recorded outside a transaction")
    cause = _cause.get()
    if isinstance(subject, User):
        workspace_id = None
    else:
        workspace_id = subject.pk if kind.subject == "workspace" else subject.workspace_id
    return Event(
        workspace_id=workspace_id,
        type=kind.name,
        actor_kind=by.kind,
        actor_id=by.id,
        subject_type=kind.subject,
        subject_id=writing.id_of(subject),
        data=data,
        caused_by=cause,
        depth=cause.depth + 1 if cause else 0,
        at=at,
    )


@contextmanager
def caused_by(event: Event) -> Iterator[None]:
    """Verbs called inside are recorded as consequences of the event."""
    token = _cause.set(event)
    try:
        yield
    finally:
        _cause.reset(token)


@contextmanager
def recorded() -> Iterator[list[Event]]:
    """The events that are recorded inside, as they come; also those of a transaction that was rolled back."""
    events: list[Event] = []
    outer = _recorded.get()
    token = _recorded.set(events)
    try:
        yield events
    finally:
        _recorded.reset(token)
        if outer is not None:
            outer.extend(events)


def _note(events: list[Event]) -> None:
    for workspace_id in {event.workspace_id for event in events if event.workspace_id is not None}:
        notify_after_commit(announcing.CHANNEL, workspace_id)
    if (noted := _recorded.get()) is not None:
        noted.extend(events)
