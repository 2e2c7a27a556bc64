"""One statement that inserts and updates rows of several tables: PostgreSQL's WITH. See `accounts.writing`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.fields.json import JSONField

Model = type[models.Model]
_AS_THEY_ARE = frozenset({str, uuid.UUID})
"""Types of values that Django's fields pass on as they are."""
_CONSTANTS: dict[Any, str] = {None: "NULL", True: "true", False: "false", "": "''"}
"""Values that most rows have: in the statement itself, so that it has less of others than the driver remembers (50)."""


@dataclass(frozen=True, slots=True, eq=False)
class IdOf:
    """The id of a row that is not inserted yet."""

    row: models.Model


class _Column(NamedTuple):
    """A column of a model, ready to be written."""

    field: models.Field[Any, Any]
    attname: str
    quoted: str
    placeholder: str
    makes_values: bool
    """Whether the field makes the value that is saved, as search tokens do; else it is the attribute."""
    is_json: bool
    is_foreign: bool


class Statement:
    """One statement out of several, as PostgreSQL's WITH has it: all see the same rows, and all constraints are checked afterwards."""

    def __init__(self, inserts: Sequence[models.Model]) -> None:
        self.inserts = inserts
        self.numbers = {id(row): number for number, row in enumerate(inserts)}
        self.parts: list[str] = []
        self.values: list[Any] = []
        self.later: list[Callable[[], None]] = []
        self.connection = connections[DEFAULT_DB_ALIAS]  # itself: Django's `connection` looks it up at each use

    def add(self, sql: str, values: Sequence[Any]) -> None:
        self.parts.append(sql)
        self.values.extend(values)

    def insert(self, model: Model, rows: Sequence[models.Model]) -> None:
        columns = _columns(model)
        lines = ", ".join(f"({self._line(row, columns)})" for row in rows)
        pk = model._meta.pk
        assert pk is not None
        names = ", ".join([_quoted(pk.column), *(column.quoted for column in columns)])
        self.parts.append(f"INSERT INTO {_quoted(model._meta.db_table)} ({names}) VALUES {lines}")  # noqa: S608 (names of a model)

    def _line(self, row: models.Model, columns: Sequence[_Column]) -> str:
        return ", ".join([self._id(row), *(self._value(row, column, is_new=True) for column in columns)])

    def update(self, row: models.Model, fields: set[str]) -> None:
        columns = [one for one in _columns(type(row)) if one.field.name in fields or _follows(one.field, fields)]
        pairs = ", ".join(f"{one.quoted} = {self._value(row, one, is_new=False)}" for one in columns)
        pk = row._meta.pk
        assert pk is not None
        self.parts.append(f"UPDATE {_quoted(row._meta.db_table)} SET {pairs} WHERE {_quoted(pk.column)} = %s")  # noqa: S608 (as above)
        self.values.append(row.pk)

    def whole(self) -> tuple[str, list[Any]]:
        if not self.inserts:
            *first, last = self.parts
            named = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(first))
            return (f"WITH {named} {last}" if named else last), self.values
        ids = ", ".join(f"nextval('{_sequence(type(row))}') AS i{number}" for number, row in enumerate(self.inserts))
        named = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(self.parts))
        return f"WITH ids AS MATERIALIZED (SELECT {ids}), {named} SELECT * FROM ids", self.values  # noqa: S608 (as above)

    def note(self, ids: Sequence[int]) -> None:
        """The rows are in the database, under these ids."""
        for row, pk in zip(self.inserts, ids, strict=True):
            row.pk, row._state.adding, row._state.db = pk, False, connection.alias
        for call in self.later:
            call()

    def _id(self, row: models.Model) -> str:
        return f"(SELECT i{self.numbers[id(row)]} FROM ids)"  # noqa: S608 (a number)

    def _value(self, row: models.Model, column: _Column, *, is_new: bool) -> str:
        """What stands for a column's value in the statement."""
        value = column.field.pre_save(row, is_new) if column.makes_values else row.__dict__[column.attname]
        kind = type(value)
        if value is None and column.is_foreign and (target := self._target(row, column)) is not None:
            self.later.append(lambda: setattr(row, column.attname, target.pk))
            return self._id(target)
        if value is None or ((kind is bool or value == "") and not column.is_json):
            return _CONSTANTS[value]
        if kind in _AS_THEY_ARE and not column.is_json:
            self.values.append(value)
            return column.placeholder
        if isinstance(value, IdOf):
            waited = value.row
            self.later.append(lambda: setattr(row, column.attname, waited.pk))
            return self._id(waited)
        if column.is_json and isinstance(value, dict):
            return self._object(value, column)
        self.values.append(column.field.get_db_prep_save(value, self.connection))
        return column.placeholder

    def _target(self, row: models.Model, column: _Column) -> models.Model | None:
        """The row that waits, too, to which a foreign key points."""
        target: models.Model | None = row._state.fields_cache.get(column.field.name)
        return target if id(target) in self.numbers else None

    def _object(self, value: dict[str, Any], column: _Column) -> str:
        """A JSON object, in which ids of rows that wait may stand."""
        waited = {name: one.row for name, one in value.items() if isinstance(one, IdOf)}
        known = {name: one for name, one in value.items() if name not in waited}
        self.values.append(column.field.get_db_prep_save(known, self.connection))
        if not waited:
            return column.placeholder
        self.later.append(lambda: value.update({name: one.pk for name, one in waited.items()}))
        pairs = ", ".join(f"%s::text, {self._id(one)}" for one in waited.values())
        self.values.extend(waited)
        return f"{column.placeholder} || jsonb_build_object({pairs})"


def _follows(one: models.Field[Any, Any], fields: set[str]) -> bool:
    """Whether the field is made from one that is saved, as search tokens are."""
    return not fields.isdisjoint(getattr(one, "of", ()))


@cache
def _columns(model: Model) -> tuple[_Column, ...]:
    """The columns of a model but for its primary key."""
    return tuple(
        _Column(
            one,
            one.attname,
            _quoted(one.column),
            _placeholder(one),
            _makes_values(one),
            isinstance(one, JSONField),
            isinstance(one, models.ForeignKey),
        )
        for one in model._meta.concrete_fields
        if not one.primary_key
    )


def _makes_values(one: models.Field[Any, Any]) -> bool:
    made = (models.Field.pre_save, models.DateTimeField.pre_save)
    return type(one).pre_save not in made or getattr(one, "auto_now", False)


def _placeholder(one: models.Field[Any, Any]) -> str:
    own = getattr(one, "get_placeholder", None)
    return own(None, None, connection) if own else "%s"


@cache
def _sequence(model: Model) -> str:
    """The sequence of the model's ids, as PostgreSQL names that of an identity column."""
    pk = model._meta.pk
    assert isinstance(pk, models.BigAutoField)
    return f"{model._meta.db_table}_{pk.column}_seq"


@cache
def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
