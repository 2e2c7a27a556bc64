"""Migration operations for tables that grow: they do not block writes, and may be repeated after a killed release.

A concurrent index cannot be made inside a transaction, so that its migration says `atomic = False` and is applied
again from its beginning when it did not come to its end. Everything in such a migration must bear that: use the
operations of this module there and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.contrib.postgres import operations as postgres
from django.db import NotSupportedError, OperationalError, ProgrammingError, connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, RemoveIndex, RunPython, RunSQL
from django.db.migrations.state import ProjectState
from django.db.models import Index

logger = logging.getLogger(__name__)


class AddIndexConcurrently(postgres.AddIndexConcurrently):
    """Django's, which also skips an index that is there and replaces one that was left half made (invalid)."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.in_atomic_block:  # A restore makes its tables in one transaction, unseen by others.
            return AddIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
        is_valid = _validity(schema_editor, self.index.name)
        if is_valid:
            return None
        if is_valid is False:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(self.index.name)}")
        return super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddUniqueIndexConcurrently(AddConstraint):
    """A unique constraint that PostgreSQL keeps as an index alone, as it does with one that has a condition."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.in_atomic_block:
            return super().database_forwards(app_label, schema_editor, from_state, to_state)
        is_valid = _validity(schema_editor, self.constraint.name)
        if is_valid is False:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {schema_editor.quote_name(self.constraint.name)}")
        if not is_valid:
            model = to_state.apps.get_model(app_label, self.model_name)
            made = str(self.constraint.create_sql(model, schema_editor))
            schema_editor.execute(made.replace("UNIQUE INDEX", "UNIQUE INDEX CONCURRENTLY", 1), params=None)
        return None

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.in_atomic_block:
            return super().database_backwards(app_label, schema_editor, from_state, to_state)
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {schema_editor.quote_name(self.constraint.name)}")
        return None


class UseExtension(postgres.CreateExtension):
    """Create an extension where the database has it and lets us; else go on without. On the way back it stays: others may use it."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        try:
            with transaction.atomic():
                super().database_forwards(app_label, schema_editor, from_state, to_state)
        except (ProgrammingError, NotSupportedError, OperationalError):
            logger.warning("extension_missing name=%s", self.name)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        pass


class AddIndexByExtension(AddIndexConcurrently):
    """An index that needs extensions. Without them there is `instead` under the same name, or none: slower, not wrong."""

    def __init__(self, model_name: str, index: Index, extensions: Sequence[str], instead: Index | None = None) -> None:
        super().__init__(model_name, index)
        self.extensions, self.instead = list(extensions), instead

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = ANY(%s)", [self.extensions])
            has_all = cursor.fetchone()[0] == len(self.extensions)
        made = self.index if has_all else self.instead
        if made is not None:
            AddIndexConcurrently(self.model_name, made).database_forwards(
                app_label, schema_editor, from_state, to_state
            )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if _validity(schema_editor, self.index.name) is not None:
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class RemoveIndexConcurrently(postgres.RemoveIndexConcurrently):
    """Django's, which also skips an index that is gone."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.in_atomic_block:
            return RemoveIndex.database_forwards(self, app_label, schema_editor, from_state, to_state)
        if _validity(schema_editor, self.name) is None:
            return None
        return super().database_forwards(app_label, schema_editor, from_state, to_state)


class DropIndexConcurrently(RunSQL):
    """For an index that the models know no more; `again` is the statement that makes it anew on the way back."""

    def __init__(self, name: str, again: str) -> None:
        super().__init__(f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"', again)
        self.name = name

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.in_atomic_block:
            schema_editor.execute(f'DROP INDEX IF EXISTS "{self.name}"')
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class AddFieldIfMissing(AddField):
    """Django's AddField for a migration that is not atomic: it skips a column that is there."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        connection = schema_editor.connection
        with connection.cursor() as cursor:
            columns = connection.introspection.get_table_description(cursor, model._meta.db_table)
        if model._meta.get_field(self.name).column not in {column.name for column in columns}:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class FillInBatches(RunPython):
    """A function that fills rows in, each batch in its own transaction: run again, it goes on where it stopped."""


def update_in_batches(table: str, statement: str, size: int = 1000) -> None:
    """Run an UPDATE for all rows of a table, so many ids at a time (its one parameter), each time in a transaction."""
    last: int | None = 0
    while last is not None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f'SELECT id FROM "{table}" WHERE id > %s ORDER BY id LIMIT %s', [last, size])  # noqa: S608
            ids = [row[0] for row in cursor.fetchall()]
            cursor.execute(statement, [ids])
        last = ids[-1] if ids else None


def _validity(schema_editor: BaseDatabaseSchemaEditor, index: str) -> bool | None:
    """Whether the index is valid; None when there is none of that name."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
            "WHERE relname = %s AND pg_table_is_visible(pg_class.oid)",
            [index],
        )
        row = cursor.fetchone()
    return None if row is None else bool(row[0])
