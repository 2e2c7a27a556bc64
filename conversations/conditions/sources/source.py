"""What a source is, and what all of them need."""

from __future__ import annotations

import operator as operators
from collections.abc import Iterable
from functools import reduce
from typing import Any, Protocol

from django.db.models import Q

from conversations.conditions.context import Context

NEVER = Q(pk__in=())
ALWAYS = ~NEVER  # an empty Q is neutral in a disjunction too


class Source(Protocol):
    """Where a value stands."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        """The filter of the rows for which it holds."""
        ...

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        """Whether it holds for a row."""
        ...


class Nothing:
    """Of what is there no more: it holds for no row."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return NEVER

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return False


def any_of(filters: Iterable[Q]) -> Q:
    """Rows of any of the filters."""
    return reduce(operators.or_, filters, NEVER)


def read(row: Any, path: str) -> Any:
    """The value at the end of a path such as `contact__email`; None where a row on the way is missing."""
    for name in path.split("__"):
        if row is None:
            return None
        row = getattr(row, name)
    return row


def values_of(operator: str, value: Any) -> tuple[Any, ...]:
    """The values of an operator that takes one, or several."""
    return value if operator == "in" else (value,)
