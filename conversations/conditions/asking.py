"""Asking a condition: of the database as a filter, and of one row."""

from __future__ import annotations

import operator as operators
from functools import reduce
from typing import Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from conversations.conditions.context import Context
from conversations.conditions.grammar import Condition, Group, Leaf
from conversations.conditions.kinds import COMPLEMENTS
from conversations.conditions.sources import ALWAYS, any_of
from conversations.models import Conversation
from conversations.queries.search import Part
from tickets.models import TicketQuerySet


class _NotTrue(ExpressionWrapper):  # type: ignore[type-arg]  # generic to its stubs alone
    """Rows for which a filter does not hold, be it that a null leaves it open."""

    def __init__(self, filtered: Q) -> None:
        super().__init__(filtered, output_field=BooleanField())

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        try:
            sql, parameters = super().as_sql(compiler, connection)
        except EmptyResultSet as error:
            raise FullResultSet from error
        except FullResultSet as error:
            raise EmptyResultSet from error
        return f"(({sql}) IS NOT TRUE)", parameters


def to_q(condition: Condition, context: Context) -> Q:
    """The filter of the rows of its subject for which a condition holds. Ask inside the workspace's scope."""
    return _q(condition.root, context)


def _q(part: Leaf | Group, context: Context) -> Q:
    if isinstance(part, Leaf):
        operator, value, is_complement = _positive(part)
        found = part.field.source.q(operator, value, context)
        return Q(_NotTrue(found)) if is_complement else found
    filters = [_q(one, context) for one in part.parts]
    if part.mode == "all":
        return reduce(operators.and_, filters) if filters else ALWAYS
    found = any_of(filters)
    return Q(_NotTrue(found)) if part.mode == "none" else found


def parts(condition: Condition, context: Context) -> list[Part]:
    """The same for a search, which looks for all of them at once, and goes by the index of the rarest."""
    root = condition.root
    separate = root.parts if isinstance(root, Group) and root.mode == "all" else (root,)
    return [_part(one, context) for one in separate]


def _part(one: Leaf | Group, context: Context) -> Part:
    filtered = _q(one, context)
    leads = isinstance(one, Leaf) and one.field.is_leading and not _positive(one)[2]
    return Part(filtered, (lambda since: _ids(filtered)) if leads else None)


def _ids(filtered: Q) -> QuerySet[Any]:
    return Conversation.objects.filter(filtered).order_by().values("pk")


def holds(condition: Condition, row: Any, context: Context) -> bool:
    """Whether a condition holds for a row of its subject, which `to_q` would then find. Ask inside the workspace's scope.

    Some fields read related rows; words, and texts other than ASCII, ask the database, which compares them.
    """
    return _holds(condition.root, row, context)


def _holds(part: Leaf | Group, row: Any, context: Context) -> bool:
    if isinstance(part, Leaf):
        operator, value, is_complement = _positive(part)
        return part.field.source.holds(row, operator, value, context) is not is_complement
    found = (_holds(one, row, context) for one in part.parts)
    return all(found) if part.mode == "all" else any(found) is (part.mode == "any")


def _positive(leaf: Leaf) -> tuple[str, Any, bool]:
    """The operator and the value that a source is asked, and whether the complement is meant."""
    if leaf.operator == "exists" or leaf.field.kind == "yes_or_no":
        return leaf.operator, True, leaf.value is False
    complement = COMPLEMENTS.get(leaf.operator)
    return complement or leaf.operator, leaf.value, complement is not None


def for_tickets(rows: TicketQuerySet, condition: Condition, context: Context) -> TicketQuerySet:
    """Those of the tickets for which a condition on tickets holds."""
    return rows.filter(to_q(condition, context))
