"""One statement that inserts and updates rows of several tables: PostgreSQL's WITH. See `accounts.writing`."""

from __future__ import annotations

import string
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.models.fields.json import JSONField

Model = type[models.Model]
_AS_THEY_ARE = frozenset({str, uuid.UUID})
"""Types of values that Django's fields pass on as they are."""
_LETTERS = string.ascii_letters
_SHARED = frozenset({int, str, datetime})
"""Types of values that are sent once where several rows have the same: ids of a workspace, the moment of a verb."""
_CONSTANTS: dict[Any, str] = {True: "true", False: "false", "": "''"}
"""Values that most rows have: in the statement itself, so that it has less of others than the driver remembers (50)."""
_FEW = frozenset({"PositiveSmallIntegerField", "PositiveIntegerField"})
"""Fields that count: 0 and 1 are constants there, too."""


@dataclass(frozen=True, slots=True, eq=False)
class IdOf:
    """The id of a row that is not inserted yet."""

    row: models.Model


class _Returned:
    """What the statement's own UPDATE returns."""


RETURNED: Any = _Returned()


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
    is_count: bool
    plain: Mapping[type, Callable[[Any], Any] | None]
    """What is made of values of these types without asking the field; None leaves them as they are."""


class Statement:
    """One statement out of several, as PostgreSQL's WITH has it: all see the same rows, and all constraints are checked afterwards."""

    def __init__(self, inserts: Sequence[models.Model], settings: Collection[str] = ()) -> None:
        self.inserts = inserts
        self.settings = settings
        self.numbers = {id(row): number for number, row in enumerate(inserts)}
        self.parts: list[str] = []
        self.values: dict[str, Any] = {}
        self.named: dict[Any, str] = {}
        self.later: list[Callable[[], None]] = []
        self.returns: Callable[[Any], None] | None = None
        self.connection = connections[DEFAULT_DB_ALIAS]  # itself: Django's `connection` looks it up at each use

    def begin(self, sql: str, values: Sequence[Any], take: Callable[[Any], None] | None) -> None:
        """An UPDATE before all others; `take` is given what it returns, for which RETURNED stands in the rows."""
        assert not self.parts
        first, *others = sql.split("%s")
        self.parts.append(
            "".join([first, *[self._bound(value) + text for value, text in zip(values, others, strict=True)]])
        )
        self.returns = take

    def insert(self, model: Model, rows: Sequence[models.Model]) -> None:
        columns = _columns(model)
        lines = ", ".join(f"({self._line(row, columns)})" for row in rows)
        pk = model._meta.pk
        assert pk is not None
        names = ",".join([_quoted(pk.column), *(column.quoted for column in columns)])
        self.parts.append(f"INSERT INTO {_quoted(model._meta.db_table)} ({names}) VALUES {lines}")  # noqa: S608 (names of a model)

    def _line(self, row: models.Model, columns: Sequence[_Column]) -> str:
        return ",".join([self._id(row), *[self._value(row, column, is_new=True) for column in columns]])

    def update(self, row: models.Model, fields: set[str]) -> None:
        columns = [one for one in _columns(type(row)) if one.field.name in fields or _follows(one.field, fields)]
        pairs = ", ".join(f"{one.quoted} = {self._value(row, one, is_new=False)}" for one in columns)
        pk = row._meta.pk
        assert pk is not None
        where = f"{_quoted(pk.column)} = {self._bound(row.pk)}"
        self.parts.append(f"UPDATE {_quoted(row._meta.db_table)} SET {pairs} WHERE {where}")  # noqa: S608 (as above)

    def whole(self) -> tuple[str, dict[str, Any]]:
        if not self.inserts:
            *first, last = self.parts
            named = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(first))
            return (f"WITH {named} {last}" if named else last), self.values
        drawn = [f"nextval('{_sequence(type(row))}') AS i{number}" for number, row in enumerate(self.inserts)]
        set_on = [f"set_config('{name}', 'on', true)" for name in self.settings]
        named = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(self.parts))
        ids, both = ", ".join(drawn + set_on), "i, w0" if self.returns else "i"
        return f"WITH i AS MATERIALIZED (SELECT {ids}), {named} SELECT * FROM {both}", self.values  # noqa: S608 (as above)

    def note(self, ids: Sequence[int]) -> None:
        """The rows are in the database, under the ids that the statement has returned first."""
        for row, pk in zip(self.inserts, ids[: len(self.inserts)], strict=True):
            row.pk, row._state.adding, row._state.db = pk, False, connection.alias
        for call in self.later:
            call()
        if self.returns:
            self.returns(ids[-1])

    def _id(self, row: models.Model) -> str:
        return f"(SELECT i{self.numbers[id(row)]} FROM i)"  # noqa: S608 (a number)

    def _value(self, row: models.Model, column: _Column, *, is_new: bool) -> str:
        """What stands for a column's value in the statement."""
        value = column.field.pre_save(row, is_new) if column.makes_values else row.__dict__[column.attname]
        if value is None:
            if column.is_foreign and (target := self._target(row, column)) is not None:
                self.later.append(lambda: setattr(row, column.attname, target.pk))
                return self._id(target)
            return "NULL"
        kind = type(value)
        if column.is_json or kind is list:
            return self._object(value, column) if value else self._empty(value, column)
        if isinstance(value, Enum):  # of the code's own, so that there are few
            return "'" + str(value.value).replace("'", "''").replace("%", "%%") + "'"
        if kind is bool or value == "":
            return _CONSTANTS[value]
        if kind is int and column.is_count and value in (0, 1):
            return str(value)
        if kind is IdOf:
            self.later.append(lambda: setattr(row, column.attname, value.row.pk))
            return self._id(value.row)
        if value is RETURNED:
            return "(SELECT * FROM w0)"
        if kind in _SHARED:
            key = type(column.field) if kind is datetime else column.attname, value
            if (known := self.named.get(key)) is None:
                known = self.named[key] = self._bound(self._prepared(value, kind, column))
            return column.placeholder.replace("%s", known)
        return self._bound(self._prepared(value, kind, column), column.placeholder)

    def _prepared(self, value: Any, kind: type, column: _Column) -> Any:
        if kind in column.plain:
            adapt = column.plain[kind]
            return value if adapt is None else adapt(value)
        return column.field.get_db_prep_save(value, self.connection)

    def _bound(self, value: Any, placeholder: str = "%s") -> str:
        """A place for a value of its own."""
        number = len(self.values)  # short names: the driver remembers no statement over 4,096 characters
        name = _LETTERS[number] if number < len(_LETTERS) else f"v{number}"
        self.values[name] = value
        return placeholder.replace("%s", f"%({name})s")

    def _target(self, row: models.Model, column: _Column) -> models.Model | None:
        """The row that waits, too, to which a foreign key points."""
        target: models.Model | None = row._state.fields_cache.get(column.field.name)
        return target if id(target) in self.numbers else None

    def _object(self, value: Any, column: _Column) -> str:
        """A JSON value or a list; in a JSON object, ids of rows that wait may stand."""
        waited = {name: one.row for name, one in value.items() if type(one) is IdOf} if type(value) is dict else {}
        known = {name: one for name, one in value.items() if name not in waited} if waited else value
        written = self._bound(column.field.get_db_prep_save(known, self.connection), column.placeholder)
        if not waited:
            return written
        self.later.append(lambda: value.update({name: one.pk for name, one in waited.items()}))
        pairs = ", ".join(f"{self._bound(name)}::text, {self._id(one)}" for name, one in waited.items())
        return f"{written} || jsonb_build_object({pairs})"

    def _empty(self, value: Any, column: _Column) -> str:
        if value == {} or (value == [] and not column.is_json):
            return "'{}'"
        if value == []:
            return "'[]'"
        return self._bound(column.field.get_db_prep_save(value, self.connection), column.placeholder)


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
            one.get_internal_type() in _FEW,
            _plain(one),
        )
        for one in model._meta.concrete_fields
        if not one.primary_key
    )


def _plain(one: models.Field[Any, Any]) -> dict[type, Callable[[Any], Any] | None]:
    if isinstance(one, JSONField):
        return {}
    target: Any = one
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    operations: Any = connection.ops
    as_number = operations.integerfield_type_map.get(target.get_internal_type().replace("AutoField", "IntegerField"))
    return dict.fromkeys(_AS_THEY_ARE) | ({int: as_number} if as_number else {})


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
