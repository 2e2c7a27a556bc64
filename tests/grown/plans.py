"""What a call asks of PostgreSQL, and what PostgreSQL reads to answer: plans as they were carried out, in counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db import connection

from accounts.models import Event
from accounts.tenancy import TenantModel

FEW = 100
"""Rows of a small table, such as members, that may be gone through without an index."""
TENANTS = frozenset(
    model._meta.db_table for model in [*apps.get_models(), Event] if issubclass(model, TenantModel) or model is Event
)


@dataclass(frozen=True)
class Read:
    """One look at a tenant's table: by which index, if by one, and how many rows it went through."""

    table: str
    index: str | None
    rows: int
    kind: str
    condition: str
    """What the index is asked for; empty where all of it is gone through."""

    @property
    def is_by_workspace(self) -> bool:
        """Whether it goes through nothing that belongs to another workspace: by the workspace, or by keys of single rows."""
        return "workspace_id" in self.condition or "id =" in self.condition or self.rows <= FEW


@dataclass(frozen=True)
class Asked:
    """A statement that was sent."""

    statement: str
    params: Any

    @cached_property
    def plan(self) -> dict[str, Any]:
        """Its plan, carried out once more."""
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {self.statement}", self.params)
            found = cursor.fetchone()[0]
        plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]
        return plan

    @property
    def reads(self) -> list[Read]:
        """What it reads of tenants' tables."""
        return [_read(node) for node in _nodes(self.plan["Plan"]) if node.get("Relation Name") in TENANTS]

    @property
    def sorted_rows(self) -> int:
        """How many rows are sorted, at most, by one of its parts."""
        sorts = (node for node in _nodes(self.plan["Plan"]) if "Sort" in node["Node Type"])
        return max((_times(inner, "Actual Rows") for node in sorts for inner in node.get("Plans", [])), default=0)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _times(node: dict[str, Any], name: str) -> int:
    return round(node.get(name, 0) * node["Actual Loops"])


def _read(node: dict[str, Any]) -> Read:
    index = node.get("Index Name") or next(
        (inner["Index Name"] for inner in _nodes(node) if "Index Name" in inner), None
    )
    within = [node, *(inner for inner in _nodes(node) if "Relation Name" not in inner and "Index Name" in inner)]
    rows = max(
        _times(part, "Actual Rows")
        + _times(part, "Rows Removed by Filter")
        + _times(part, "Rows Removed by Index Recheck")
        for part in within
    )
    condition = " ".join(str(part.get("Index Cond", "")) for part in within)
    return Read(node["Relation Name"], index, rows, node["Node Type"], condition)


def asked_by(call: Callable[[], Any]) -> tuple[Any, list[Asked]]:
    """What a call returns, and the questions that it asks of tenants' tables."""
    found: list[Asked] = []

    def note(execute: Any, statement: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if statement.lstrip("( ").startswith("SELECT") and any(table in statement for table in TENANTS):
            found.append(Asked(statement, params))
        return execute(statement, params, many, context)

    with connection.execute_wrapper(note):
        answer = call()
    return answer, found
