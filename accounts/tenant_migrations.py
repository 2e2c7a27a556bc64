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
    """`table.column` may point only at a row of `target` in the same workspace (checked at commit)."""

    def __init__(self, table: str, column: str, target: str) -> None:
        name = f"{table}_{column}_same_workspace"
        super().__init__(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY (workspace_id, "{column}") '
            f'REFERENCES "{target}" (workspace_id, id) DEFERRABLE INITIALLY DEFERRED',
            f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
        )
        self.table, self.column, self.target = table, column, target
