"""How texts and numbers are compared, in SQL and in Python, with the same answer."""

from __future__ import annotations

import operator as operators
import unicodedata
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.db.models import Func, Q
from django.db.models.lookups import Exact, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual

from conversations.conditions.sources.source import any_of, values_of
from conversations.queries import patterns


def _spellings(text: str) -> list[str]:
    """A text as different systems write its accents."""
    forms = ("NFC", "NFD")
    return list(dict.fromkeys([text, *(unicodedata.normalize(form, text) for form in forms)]))  # type: ignore[arg-type]


def like_patterns(operator: str, value: Any) -> list[str]:
    """A value, or each of several, as patterns for LIKE, in every spelling."""
    make: Callable[[str], str] = {"contains": patterns.within, "starts_with": patterns.beginning}.get(
        operator, patterns.exactly
    )
    return [make(spelling) for one in values_of(operator, value) for spelling in _spellings(one)]


def is_like(text: str, operator: str, value: Any) -> bool:
    """Whether a text is like a value, as the database compares them: in any case, with any spelling of accents."""
    wanted = [spelling for one in values_of(operator, value) for spelling in _spellings(one)]
    if text.isascii() and all(one.isascii() for one in wanted):
        upper, tests = text.upper(), [one.upper() for one in wanted]
        if operator == "contains":
            return any(one in upper for one in tests)
        return any(upper.startswith(one) for one in tests) if operator == "starts_with" else upper in tests
    # What is the same in another case is for the database's collation to say.
    with connection.cursor() as cursor:
        likes = " OR ".join(["UPPER(%s::text) LIKE UPPER(%s)"] * len(asked := like_patterns(operator, value)))
        cursor.execute(f"SELECT {likes}", [one for pattern in asked for one in (text, pattern)])
        return bool(cursor.fetchone()[0])


DECIMAL = r"-?[0-9]{1,30}([.][0-9]{1,30})?"


class Numeric(Func):
    """A number, whole or in a text, as one; null for any other text."""

    output_field = models.DecimalField(max_digits=60, decimal_places=30)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        sql, parameters = compiler.compile(self.source_expressions[0])
        # The cast must not see a text that is no number: of a CASE, PostgreSQL evaluates what is wanted alone.
        made = f"(CASE WHEN {sql}::text ~ '^{DECIMAL}$' THEN {sql}::text::numeric END)"
        return made, [*parameters, *parameters]


COMPARISONS: dict[str, tuple[Any, Callable[[Any, Any], bool]]] = {
    "is": (Exact, operators.eq),
    "gt": (GreaterThan, operators.gt),
    "gte": (GreaterThanOrEqual, operators.ge),
    "lt": (LessThan, operators.lt),
    "lte": (LessThanOrEqual, operators.le),
    "before": (LessThan, operators.lt),
    "after": (GreaterThanOrEqual, operators.ge),
}


def compared(expression: Func, operator: str, value: Any) -> Q:
    """The filter of the rows whose number compares so with a value."""
    if operator == "in":
        return any_of(compared(expression, "is", one) for one in value)
    return Q(COMPARISONS[operator][0](expression, models.Value(Decimal(value))))


def holds_number(found: Decimal, operator: str, value: Any) -> bool:
    """Whether a number compares so with a value."""
    if operator == "in":
        return any(found == Decimal(one) for one in value)
    return COMPARISONS[operator][1](found, Decimal(value))
