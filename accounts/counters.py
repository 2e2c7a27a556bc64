"""Running numbers and exact counts: one row per workspace holds the last number given, and how many rows stand in each status.

Drawing a number locks that row until the transaction ends, so that numbers have no gaps; see docs/adr/0006.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from accounts import writing
from accounts.tenancy import TenantModel


@dataclass(frozen=True, slots=True)
class Counter:
    """The counting row of a model: `last` is its column of the last number; each status has a column of its name."""

    model: type[TenantModel]
    last: str
    statuses: Sequence[str]

    def draw(self, workspace_id: int, status: str | None) -> int:
        """Take the workspace's next number and count one row in the status; None counts it in none yet."""
        return self._add(workspace_id, 1, {} if status is None else {status: 1})

    def number(self, row: TenantModel, field: str, status: str | None) -> None:
        """Insert a row under the workspace's next number, as `draw` counts it, inside `writing.together`: in the same statement."""
        writing.insert_numbered(row, field, *self._adding(row.workspace_id, 1, {} if status is None else {status: 1}))

    def grow(self, workspace_id: int, numbers: int, counts: Mapping[str, int]) -> int:
        """Take so many of the workspace's next numbers at once, and count their rows by status; returns the last number."""
        return self._add(workspace_id, numbers, counts)

    def hold(self, workspace_id: int) -> None:
        """Lock the workspace's row, which is made where there is none, until the transaction ends."""
        self._add(workspace_id, 0, {})

    def move(self, workspace_id: int, before: str | None, after: str | None) -> None:
        """Count one row less in one status and one more in another; None stands for a row that is not counted."""
        steps = [
            f"{column} = {column} {step}"
            for status, step in ((before, "- 1"), (after, "+ 1"))
            if status and (column := self._column(status))
        ]
        sql = f"UPDATE {self._table} SET {', '.join(steps)} WHERE workspace_id = %s"  # noqa: S608 (names of a model)
        writing.execute(sql, [workspace_id])

    def _add(self, workspace_id: int, numbers: int, by_status: Mapping[str, int]) -> int:
        with connection.cursor() as cursor:
            cursor.execute(*self._adding(workspace_id, numbers, by_status))
            return int(cursor.fetchone()[0])

    def _adding(self, workspace_id: int, numbers: int, by_status: Mapping[str, int]) -> tuple[str, list[int]]:
        assert by_status.keys() <= {*self.statuses}, f"{self.model.__name__} does not count {[*by_status]}"
        counts = [by_status.get(known, 0) for known in self.statuses]
        columns = [self._column(name) for name in (self.last, *self.statuses)]
        sums = ", ".join(f"{column} = {self._table}.{column} + EXCLUDED.{column}" for column in columns)
        steps = [numbers, *counts]
        # One row more, as nearly always, is part of the statement: the driver remembers those with few values.
        written = ", ".join(str(step) if step in (0, 1) else "%s" for step in steps)
        sql = (
            f"INSERT INTO {self._table} (workspace_id, {', '.join(columns)}) VALUES (%s, {written}) "  # noqa: S608 (names of a model)
            f"ON CONFLICT (workspace_id) DO UPDATE SET {sums} RETURNING {columns[0]}"
        )
        return sql, [workspace_id, *(step for step in steps if step not in (0, 1))]

    @property
    def _table(self) -> str:
        return connection.ops.quote_name(self.model._meta.db_table)

    def _column(self, name: str) -> str:
        assert name == self.last or name in self.statuses, f"{self.model.__name__} does not count {name}"
        return connection.ops.quote_name(name)
