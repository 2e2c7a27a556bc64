"""The values of custom attributes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Func, Q, TextField
from django.db.models.lookups import IsNull

from conversations.conditions.context import Context
from conversations.conditions.sources.comparing import (
    COMPARISONS,
    DECIMAL,
    Numeric,
    compared,
    holds_number,
    is_like,
    like_patterns,
)
from conversations.conditions.sources.source import any_of, read, values_of
from conversations.queries import patterns


class _Stored(Func):
    """The text under a key of a column of JSON."""

    template = "(%(expressions)s::text)"
    arg_joiner = " ->> "
    output_field = TextField()

    def __init__(self, column: str, key: str) -> None:
        super().__init__(F(column), models.Value(key))


class _StoredText(Func):
    """The same of a text alone; null for a number or a list."""

    output_field = TextField()

    def __init__(self, column: str, key: str) -> None:
        super().__init__(F(column), models.Value(key))

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        (column, given), (key, named) = (compiler.compile(one) for one in self.source_expressions)
        made = f"(CASE WHEN jsonb_typeof({column} -> {key}::text) = 'string' THEN {column} ->> {key}::text END)"
        return made, [*given, *named, *given, *named]


_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"


class _Plain(Func):
    """A text compared by its bytes, for dates in ISO 8601; null for any other text."""

    output_field = TextField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        sql, parameters = compiler.compile(self.source_expressions[0])
        return f"(CASE WHEN {sql} ~ '^{_DAY}$' THEN {sql} END) COLLATE \"C\"", [*parameters, *parameters]


@dataclass(frozen=True, slots=True)
class OfAttributes:
    """What stands under a key of the attributes of a row, or of one that it points at."""

    path: str
    """Of the column: `attributes`, or `contact__attributes`."""
    key: str

    def _found(self, row: Any) -> Any:
        kept = read(row, self.path)
        return kept.get(self.key) if isinstance(kept, dict) else None

    def _contains(self, value: Any) -> Q:
        return Q(**{f"{self.path}__contains": {self.key: value}})

    def _exists(self) -> Q:
        return Q(IsNull(_Stored(self.path, self.key), False))


class TextAttribute(OfAttributes):
    """A text, a choice or a URL."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return self._exists()
        stored = _StoredText(self.path, self.key)
        return any_of(Q(patterns.LikeInAnyCase(stored, one)) for one in like_patterns(operator, value))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        if found is None or operator == "exists":
            return found is not None
        return isinstance(found, str) and is_like(found, operator, value)


class ChoiceAttribute(OfAttributes):
    """One of the attribute's choices."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return self._exists()
        return any_of(self._contains(one) for one in values_of(operator, value))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        if operator == "exists":
            return found is not None
        return isinstance(found, str) and found in values_of(operator, value)


class NumberAttribute(OfAttributes):
    """A number, or a decimal, which is kept as a text."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return self._exists()
        return compared(Numeric(_Stored(self.path, self.key)), operator, value)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        if found is None or operator == "exists":
            return found is not None
        text = str(found) if isinstance(found, (int, str)) and not isinstance(found, bool) else ""
        if isinstance(found, float):
            text = format(Decimal(repr(found)), "f")
        return re.fullmatch(DECIMAL, text) is not None and holds_number(Decimal(text), operator, value)


class YesOrNoAttribute(OfAttributes):
    """Yes, no, or neither."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return self._exists() if operator == "exists" else self._contains(value)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        return found is not None if operator == "exists" else found is value


class DayAttribute(OfAttributes):
    """A date."""

    __slots__ = ()

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return self._exists()
        return Q(COMPARISONS[operator][0](_Plain(_Stored(self.path, self.key)), models.Value(value)))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = self._found(row)
        if found is None or operator == "exists":
            return found is not None
        is_day = isinstance(found, str) and re.fullmatch(_DAY, found) is not None
        return is_day and COMPARISONS[operator][1](found, value)
