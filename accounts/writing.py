"""Rows that are written together: one statement inserts and updates all that a verb writes.

Django sends a statement for each row, and writes its SQL anew each time. Inside `together` rows wait, and are sent in one
statement at the end, with the values that they have by then; so a row that waits to be inserted may be changed on the way,
and rows that wait may point at each other. Whatever else is asked of the database meanwhile is asked after they were sent:
nobody reads the database without them.

Rows have no id until they are sent: `id_of` stands for it in the data of an event; nor have those of `insert_numbered` their
number. No signals are sent, and a model's own
`save` is not called.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import connection, models

from accounts.statements import RETURNED, IdOf, Model, Statement


@dataclass(slots=True)
class _Waiting:
    """What waits to be sent, in order."""

    inserts: list[models.Model] = field(default_factory=list)
    updates: dict[tuple[Model, Any], tuple[models.Model, set[str]]] = field(default_factory=dict)
    other: tuple[str, Sequence[Any], Callable[[Any], None] | None] | None = None
    settings: set[str] = field(default_factory=set)
    keeps_nested: bool = False

    def __bool__(self) -> bool:
        return bool(self.inserts or self.updates or self.other)

    def forget(self) -> None:
        self.inserts, self.updates, self.other, self.settings = [], {}, None, set()

    def holds(self, row: models.Model) -> bool:
        return any(one is row for one in self.inserts)


_waiting: ContextVar[_Waiting | None] = ContextVar("waiting", default=None)


@contextmanager
def together(*, with_nested: bool = False) -> Iterator[None]:
    """What is written inside waits, and is sent at the end in one statement; nothing of it after an error.

    A `together` inside sends what waits at its own end, so that a verb returns rows that have ids; it does not for one
    `with_nested`, which takes care of rows without.
    """
    if (outer := _waiting.get()) is not None:
        yield
        if not outer.keeps_nested:
            _send(outer)
        return
    token = _waiting.set(waiting := _Waiting(keeps_nested=with_nested))
    try:
        with connection.execute_wrapper(_sent_first):
            yield
        _send(waiting)
    finally:
        _waiting.reset(token)


def insert(row: models.Model, setting: str | None = None) -> None:
    """Insert a row with an id of its table's sequence; `setting` is set `on` for the transaction before the triggers run."""
    waiting = _waiting.get()
    sent = _Waiting() if waiting is None else waiting
    sent.inserts.append(row)
    if setting is not None:
        sent.settings.add(setting)
    if waiting is None:
        _send(sent)


def update(row: models.Model, fields: Collection[str]) -> None:
    """Save the named fields of a row, which the caller holds."""
    waiting = _waiting.get()
    if waiting is None:
        _send(_Waiting(updates={(type(row), row.pk): (row, {*fields})}))
        return
    if waiting.holds(row):
        return  # it will be inserted as it is then
    known, named = waiting.updates.get((type(row), row.pk), (row, set[str]()))
    if known is not row:  # a statement changes a row once
        _send(waiting)
        named = set()
    waiting.updates[type(row), row.pk] = row, named | {*fields}


def execute(sql: str, values: Sequence[Any]) -> None:
    """An UPDATE of a row that the caller need not hold, such as one of counts: one at most in a statement.

    PostgreSQL chooses the order inside a statement, so that two such rows would be locked in any order.
    """
    _execute(sql, values, None)


def insert_numbered(row: models.Model, field: str, sql: str, values: Sequence[Any]) -> None:
    """Insert a row, whose field takes what an UPDATE as in `execute` returns; RETURNED stands for it until both are sent."""
    _execute(sql, values, partial(setattr, row, field))
    setattr(row, field, RETURNED)
    insert(row)


def _execute(sql: str, values: Sequence[Any], take: Callable[[Any], None] | None) -> None:
    waiting = _waiting.get()
    if waiting is None:
        assert take is None, "nothing waits that would take it"
        _send(_Waiting(other=(sql, values, None)))
        return
    if waiting.other is not None:
        _send(waiting)
    waiting.other = sql, values, take


def send() -> None:
    """Send what waits now, so that its rows have their ids and numbers."""
    if (waiting := _waiting.get()) is not None:
        _send(waiting)


def id_of(row: Any) -> Any:
    """The row's id; what stands for it while the row waits to be inserted."""
    return IdOf(row) if row.pk is None else row.pk


def _sent_first(call: Callable[..., Any], sql: str, values: Any, many: bool, context: Any) -> Any:
    """Around every statement inside `together`: what waits is sent before, unless it is undone now."""
    if (waiting := _waiting.get()) is not None and waiting:
        if sql.startswith("ROLLBACK TO "):
            waiting.forget()
        else:
            _send(waiting)
    return call(sql, values, many, context)


def _send(waiting: _Waiting) -> None:
    if not waiting:
        return
    inserts, updates, other = waiting.inserts, [*waiting.updates.values()], waiting.other
    statement = Statement(inserts, waiting.settings)
    waiting.forget()
    if other is not None:
        statement.begin(*other)
    for row, fields in updates:
        statement.update(row, fields)
    by_model: dict[Model, list[models.Model]] = {}
    for row in inserts:
        by_model.setdefault(type(row), []).append(row)
    for model, rows in by_model.items():
        statement.insert(model, rows)
    with connection.cursor() as cursor:
        cursor.execute(*statement.whole())
        statement.note(cursor.fetchone() if inserts else ())
