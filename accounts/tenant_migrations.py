"""Migration operations that let PostgreSQL keep the tenant boundary.

A scoped manager does not stop a row of workspace A from pointing at a row of workspace B. A composite foreign key
`(workspace_id, other_id) → (workspace_id, id)` does.
"""

from __future__ import annotations

from django.db.migrations.operations import RunSQL


class TenantKey(RunSQL):
    """`UNIQUE (workspace_id, id)` on a table: what composite foreign keys point at."""

    def __init__(self, table: str) -> None:
        name = f"{table}_tenant_key"
        super().__init__(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" UNIQUE (workspace_id, id)',
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
        )
        self.table = table


class TenantForeignKey(RunSQL):
    """`table.column` may point only at a row of `target` in the same workspace (checked at commit).

    For a table that grows, `is_checked` is off: the rows of before are checked by `CheckTenantForeignKey` in a later migration.
    """

    def __init__(self, table: str, column: str, target: str, *, is_checked: bool = True) -> None:
        name = f"{table}_{column}_same_workspace"
        super().__init__(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (workspace_id, "{column}") '
            f'REFERENCES "{target}" (workspace_id, id) DEFERRABLE INITIALLY DEFERRED'
            f"{'' if is_checked else ' NOT VALID'}",
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
        )
        self.table, self.column, self.target = table, column, target


class CheckTenantForeignKey(RunSQL):
    """Check the rows that were there before a TenantForeignKey was added unchecked; writes go on meanwhile."""

    def __init__(self, table: str, column: str) -> None:
        super().__init__(f'ALTER TABLE "{table}" VALIDATE CONSTRAINT "{table}_{column}_same_workspace"', RunSQL.noop)
