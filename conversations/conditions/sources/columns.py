"""Values that a column holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from accounts.text import HIGHEST_ID
from conversations.conditions import context as contexts
from conversations.conditions.context import Context
from conversations.conditions.sources.comparing import Numeric, compared, holds_number, is_like, like_patterns
from conversations.conditions.sources.source import any_of, read, values_of
from conversations.models.conversation import NEVER as NEVER_DUE
from conversations.models.conversation import NextDeadline


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that has one of some known values, or none."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__isnull": False})
        return Q(**{f"{self.path}__in": values_of(operator, value)})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path)
        return found is not None if operator == "exists" else found in values_of(operator, value)


@dataclass(frozen=True, slots=True)
class ChoiceOrNone:
    """A column that has one of some known values, or the word for none."""

    path: str
    none: str = "none"

    def q(self, operator: str, value: Any, context: Context) -> Q:
        values = values_of(operator, value)
        wanted = Q(**{f"{self.path}__in": [one for one in values if one != self.none]})
        return wanted | Q(**{f"{self.path}__isnull": True}) if self.none in values else wanted

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path)
        return (self.none if found is None else found) in values_of(operator, value)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A choice that a column keeps as another value, such as a rank."""

    path: str
    kept: tuple[tuple[str, Any], ...]

    def q(self, operator: str, value: Any, context: Context) -> Q:
        kept = dict(self.kept)
        return Q(**{f"{self.path}__in": [kept[one] for one in values_of(operator, value)]})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        kept = dict(self.kept)
        return read(row, self.path) in [kept[one] for one in values_of(operator, value)]


@dataclass(frozen=True, slots=True)
class Flag:
    """A column that is true or false."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(**{self.path: True})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return read(row, self.path) is True


@dataclass(frozen=True, slots=True)
class Present:
    """Whether a column has a value other than 0."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        return Q(**{f"{self.path}__gt": 0})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return (read(row, self.path) or 0) > 0


@dataclass(frozen=True, slots=True)
class Number:
    """A column of whole numbers."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__isnull": False})
        if operator in ("is", "in"):
            numbers = [Decimal(one) for one in values_of(operator, value)]
            whole = [int(one) for one in numbers if one == int(one) and abs(one) <= HIGHEST_ID]
            return Q(**{f"{self.path}__in": whole})
        # As a numeric, so that a number of any size, or with a fraction, is compared and not refused.
        return compared(Numeric(F(self.path)), operator, value)

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path)
        if found is None or operator == "exists":
            return found is not None
        return holds_number(Decimal(found), operator, value)


@dataclass(frozen=True, slots=True)
class Text:
    """A column of text, compared in any case."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__gt": ""})
        return any_of(Q(**{f"{self.path}__like_in_any_case": one}) for one in like_patterns(operator, value))

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        found = read(row, self.path)
        return bool(found) if operator == "exists" else found is not None and is_like(found, operator, value)


@dataclass(frozen=True, slots=True)
class Moment:
    """A column of moments."""

    path: str

    def q(self, operator: str, value: Any, context: Context) -> Q:
        if operator == "exists":
            return Q(**{f"{self.path}__isnull": False})
        than, moment = _bound(operator, value, context)
        return Q(**{f"{self.path}__{than}": moment})

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        return _holds_moment(read(row, self.path), operator, value, context)


class Deadline:
    """When a customer is due an answer: the first one, or the next, whichever clock runs and ends sooner."""

    def q(self, operator: str, value: Any, context: Context) -> Q:
        due, is_due = NextDeadline(), Q(LessThan(NextDeadline(), NEVER_DUE))
        if operator == "exists":
            return is_due
        than, moment = _bound(operator, value, context)
        return Q(LessThan(due, min(moment, NEVER_DUE))) if than == "lt" else Q(GreaterThanOrEqual(due, moment)) & is_due

    def holds(self, row: Any, operator: str, value: Any, context: Context) -> bool:
        first = row.first_response_due_at if row.first_response_at is None else None
        due = min(
            (one for one in (first, row.next_response_due_at) if one is not None and one < NEVER_DUE), default=None
        )
        return _holds_moment(due, operator, value, context)


def _bound(operator: str, value: str, context: Context) -> tuple[str, datetime]:
    if operator in ("before", "after"):
        moment = contexts.moment(value, context)
    else:
        moment = context.at - contexts.age(value)
    return ("lt" if operator in ("before", "older_than") else "gte"), moment


def _holds_moment(found: datetime | None, operator: str, value: Any, context: Context) -> bool:
    if found is None or operator == "exists":
        return found is not None
    than, moment = _bound(operator, value, context)
    return found < moment if than == "lt" else found >= moment
