"""Query sets that are asked all day: each is compiled once, and from then on only executed.

Django builds a query and writes its SQL anew every time, which costs several times what PostgreSQL needs to answer it. A
function under `@compiled` returns a query set, which stays the source of what is asked. Its positional arguments are the
shape: they may decide anything, and every combination of them is compiled apart, so they come from a small set. Its keyword
arguments are values: they may only be compared with, as `filter(pk=pk)` does; an integer that its column cannot hold matches no row. Whether a value is None is part of the shape.

    @compiled
    def newest(status: str, limit: int, *, contact: int | None = None) -> QuerySet[Conversation]: ...

    rows = newest.rows("open", 26, contact=5)

A function is compiled by calling it with values made up for the purpose, and looking where they end up in the statement. The
open scope's workspace is a value too, so that one statement serves all workspaces. Where the scope has a viewer, what that sees is part
of the shape, and who it is a value. `agrees` says whether a compiled statement
is the one that Django would write now; the tests ask it once for each shape.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Generic, TypeVar

from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigAutoField, CharField, ForeignKey, IntegerField, JSONField, Lookup, Model, QuerySet
from django.db.models.query import ModelIterable, ValuesListIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from psycopg.types.numeric import Int2, Int4, Int8

from accounts import tenancy

M = TypeVar("M")

SHAPES_AT_MOST = 500  # per function; more of them are a value that was taken for a shape
WORKSPACE, VIEWER = "workspace", "viewer"
_FIRST = (
    2_046_029_254  # fits every integer column but small ones; no row has it, and no year is that of the made-up moments
)


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a value goes in a statement, and what the field makes of it there."""

    name: str
    adapt: Callable[[Any], Any] | None = None
    most: int | None = None
    """Beyond which an integer is in no row: its column cannot hold it."""

    def of(self, values: dict[str, Any]) -> Any:
        """Raises OverflowError for an integer that its column cannot hold."""
        value = values[self.name]
        if self.most is not None and abs(value) > self.most:
            raise OverflowError
        return value if self.adapt is None else self.adapt(value)


@dataclass(frozen=True, slots=True)
class Plan(Generic[M]):
    """One statement, and how its rows are read. `sql` is None where no row can match."""

    sql: str | None
    parameters: tuple[Any, ...]
    read: Callable[[Sequence[tuple[Any, ...]]], list[M]]

    def filled(self, values: dict[str, Any]) -> list[Any]:
        return [given.of(values) if isinstance(given, Slot) else given for given in self.parameters]


class Compiled(Generic[M]):
    """A function that returns a query set, with its statements."""

    def __init__(self, build: Callable[..., QuerySet[Any, M]], *, is_scoped: bool = True) -> None:
        self.build = build
        self.is_scoped = is_scoped
        self.plans: dict[Hashable, Plan[M]] = {}
        self.__doc__ = build.__doc__

    def rows(self, *shape: Hashable, **values: Any) -> list[M]:
        """All rows of the query set, which the open scope's workspace has."""
        plan = self._plan(shape, values)
        if plan.sql is None:
            return []
        try:
            parameters = plan.filled(values | self._scope())
        except OverflowError:
            return []
        with connection.cursor() as cursor:
            cursor.execute(plan.sql, parameters)
            return plan.read(cursor.fetchall())

    def first(self, *shape: Hashable, **values: Any) -> M | None:
        """The first of the rows, which the query set should limit to one; None where there is none."""
        return next(iter(self.rows(*shape, **values)), None)

    def agrees(self, *shape: Hashable, **values: Any) -> bool:
        """Whether the statement for these arguments is the one that Django would write."""
        rows = self.build(*shape, **values)
        plan, wanted = self._plan(shape, values), _statement(rows.query.get_compiler(connection=connection))
        try:
            return wanted == (plan.sql, tuple(plan.filled(values | self._scope())))
        except OverflowError:
            return wanted[0] is None

    def key(self, shape: tuple[Hashable, ...], values: dict[str, Any]) -> Hashable:
        """What is compiled apart: the shape, which of the values are none, and what the scope's viewer sees."""
        viewer = tenancy.viewer() if self.is_scoped else None
        sight = () if viewer is None else (viewer.visibility,)
        return (shape, sight, *[name for name, value in values.items() if value is not None])

    def _scope(self) -> dict[str, Any]:
        if not self.is_scoped:
            return {}
        viewer = tenancy.viewer()
        return {WORKSPACE: tenancy.current().pk, VIEWER: None if viewer is None else viewer.user_id}

    def _plan(self, shape: tuple[Hashable, ...], values: dict[str, Any]) -> Plan[M]:
        key = self.key(shape, values)
        plan = self.plans.get(key)
        if plan is None:
            plan = self._compile(shape, values)
            if len(self.plans) >= SHAPES_AT_MOST:
                self.plans.clear()
            self.plans[key] = plan
        return plan

    def _compile(self, shape: tuple[Hashable, ...], values: dict[str, Any]) -> Plan[M]:
        number = iter(range(1, 1000))
        made_up = {name: _like(value, next(number), name) for name, value in values.items() if value is not None}
        workspace, person = _FIRST, _FIRST - 1
        viewer = tenancy.viewer() if self.is_scoped else None
        made_up_viewer = None if viewer is None else replace(viewer, user_id=person)
        with tenancy.scope(apps.get_model("accounts", "Workspace")(pk=workspace), made_up_viewer):
            rows = self.build(*shape, **(values | made_up))
            compiler = rows.query.get_compiler(connection=connection)
            sql, parameters = _statement(compiler)
        if sql is None:
            return Plan(None, (), lambda found: [])
        scope = {WORKSPACE: workspace} if self.is_scoped else {}
        if viewer is not None:
            scope[VIEWER] = person
        names = {_key(value): name for name, value in (made_up | scope).items()}
        placed = tuple(_placed(given, names) for given in parameters)
        missing = {*names.values()} - {given.name for given in placed if isinstance(given, Slot)} - {VIEWER}
        if missing:
            raise TypeError(f"{self.build.__qualname__} does more with {', '.join(sorted(missing))} than compare")
        return Plan(sql, placed, _reader(rows, compiler))


def compiled(build: Callable[..., QuerySet[Any, M]]) -> Compiled[M]:
    """Compile the query sets that a function returns, as this module explains."""
    return Compiled(build)


def compiled_anywhere(build: Callable[..., QuerySet[Any, M]]) -> Compiled[M]:
    """As `compiled`, for rows of no workspace, or where a door has yet to find out which it is."""
    return Compiled(build, is_scoped=False)


Q = TypeVar("Q", bound=QuerySet[Any, Any])


def printing(rows: Q, columns: Iterable[str]) -> Q:
    """The rows with these columns alone, in the same query: `name`, or `contact__name` of a row that they point at."""
    listed = list(columns)
    related = {path for column in listed if (path := column.rpartition("__")[0])}
    rows = rows.select_related(None)
    return (rows.select_related(*sorted(related)) if related else rows).only(*listed)


def _key(value: Any) -> Any:
    """What a made-up value is recognised by, whatever type a field has given it."""
    return tuple(value) if isinstance(value, list) else value


def _placed(given: Any, names: dict[Any, str]) -> Any:
    if isinstance(given, Enum):
        return given.value
    if not isinstance(given, (str, int, datetime, uuid.UUID, list)) or _key(given) not in names:
        return given
    if isinstance(given, list):
        return Slot(names[_key(given)], many)
    plain = {str, int, datetime, uuid.UUID}
    most = 2 ** _BITS.get(type(given), 63) - 1 if isinstance(given, int) else None
    return Slot(names[given], None if type(given) in plain else type(given), most)


_BITS: dict[type[Any], int] = {Int2: 15, Int4: 31}


def _like(value: Any, number: int, name: str) -> Any:
    """A value of the same type that stands in no statement otherwise."""
    match value:
        case bool():
            raise _refusal(name, value)
        case int():
            return _FIRST + number
        case str():
            return f"made-up-{_FIRST + number}"
        case datetime():
            return datetime(9876, 5, 4, tzinfo=UTC) + timedelta(microseconds=number)
        case uuid.UUID():
            return uuid.UUID(int=_FIRST + number)
        case [*_]:
            return [_FIRST + number]
        case _:
            raise _refusal(name, value)


class AnyOf(Lookup):
    """`filter(pk__any_of=ids)`: like `in`, with all ids in one parameter, so that their number is no part of the statement."""

    lookup_name = "any_of"

    def get_prep_lookup(self) -> list[Int8]:
        return many(self.rhs)

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} = ANY(%s)", [*parameters, self.rhs]


class HasText(Lookup):
    """`filter(email__has_text=True)`: not empty, in words that a plan for any value can use a partial index by."""

    lookup_name = "has_text"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} {'<>' if self.rhs else '='} ''", parameters


class Literally(Lookup):
    """`filter(status__literally="open")`: equal to a word of the code's own, which a plan for any value can use a partial index by."""

    lookup_name = "literally"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        if not re.fullmatch(r"[a-z_]+", str(self.rhs)):
            raise ValueError("only a word of the code may stand in a statement")
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} = '{self.rhs}'", parameters


class IsPositive(Lookup):
    """`filter(unread_count__is_positive=True)`: above zero, in words that a plan for any value can use a partial index by."""

    lookup_name = "is_positive"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        lhs, parameters = self.process_lhs(compiler, connection)
        return f"{lhs} {'>' if self.rhs else '<='} 0", parameters


def many(ids: Iterable[int]) -> list[Int8]:
    """Ids as PostgreSQL's bigint[], however small they are."""
    return list(map(Int8, ids))


ForeignKey.register_lookup(AnyOf)
BigAutoField.register_lookup(AnyOf)
CharField.register_lookup(HasText)
CharField.register_lookup(Literally)
IntegerField.register_lookup(IsPositive)


def _refusal(name: str, value: object) -> TypeError:
    return TypeError(f"{name} is a {type(value).__name__}, which belongs into the shape")


def _statement(compiler: SQLCompiler) -> tuple[str | None, tuple[Any, ...]]:
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return None, ()
    return sql, tuple(parameters)


def _quickly(read: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """The same converter of a column, which does not parse the JSON that most rows have."""
    if not isinstance(getattr(read, "__self__", None), JSONField):
        return read
    return lambda value, column, connection: {} if value == "{}" else read(value, column, connection)


def _reader(rows: QuerySet[Any, Any], compiler: Any) -> Callable[[Sequence[tuple[Any, ...]]], list[Any]]:
    """What makes of a statement's rows what Django's own iterables would; the compiler has written the statement."""
    converters = {
        place: ([_quickly(one) for one in reads], column)
        for place, (reads, column) in compiler.get_converters([column[0] for column in compiler.select]).items()
    }

    def converted(found: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
        return list(compiler.apply_converters(found, converters)) if converters else found

    if rows._iterable_class is ValuesListIterable:
        return lambda found: list(map(tuple, converted(found))) if converters else list(found)
    if rows._iterable_class is not ModelIterable:
        raise TypeError("a compiled query set gives objects or tuples")
    columns = compiler.klass_info["select_fields"]
    begin, end = columns[0], columns[-1] + 1
    model: type[Model] = compiler.klass_info["model"]
    names = [column[0].target.attname for column in compiler.select[begin:end]]
    # The stubs are those of a later Django.
    related = get_related_populators(compiler.klass_info, compiler.select, connection.alias)  # type: ignore[call-arg]
    annotations = list((compiler.annotation_col_map or {}).items())
    alias = connection.alias

    def objects(found: Sequence[tuple[Any, ...]]) -> Iterator[Any]:
        for row in converted(found):
            one = model.from_db(alias, names, row[begin:end])
            for populator in related:
                populator.populate(row, one)
            for name, column in annotations:
                setattr(one, name, row[column])
            yield one

    return lambda found: list(objects(found))
