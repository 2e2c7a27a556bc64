"""Reading a backup back: checked as a whole first, then loaded in one transaction, so that a killed one changes nothing."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from psycopg import sql

from config import migrating
from config.backup import tables
from config.backup.archive import Head, Reader, Sums
from config.server import database

# What a schema may hold beside tables, extensions' own parts left out.
LEFT_OVERS = """
    SELECT format('DROP ROUTINE IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc
    WHERE pronamespace = current_schema()::regnamespace AND proowner = current_user::regrole AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    UNION ALL
    SELECT format('DROP TYPE IF EXISTS %s CASCADE', oid::regtype) FROM pg_type
    WHERE typnamespace = current_schema()::regnamespace AND typtype IN ('e', 'd', 'r')
    AND typowner = current_user::regrole AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
    UNION ALL
    SELECT format('DROP TEXT SEARCH CONFIGURATION IF EXISTS %s CASCADE', oid::regconfig) FROM pg_ts_config
    WHERE cfgnamespace = current_schema()::regnamespace AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e')
"""


class Refused(Exception):
    """The backup is whole but cannot be restored; the message says why."""


def check(source: IO[bytes]) -> tuple[Head, Sums]:
    """Read the whole archive and compare every count and checksum. Raises Damaged."""
    source.seek(0)
    reader = Reader(source)
    for _ in reader.pieces():
        pass
    return reader.head, reader.sums


def restore(source: IO[bytes], *, replace: bool) -> Sums:
    """Load an archive that `check` has passed. Raises Damaged, Refused, OSError and DatabaseError."""
    source.seek(0)
    reader = Reader(source)
    head = reader.head
    _refuse_a_newer_one(head)
    database.bypass_pooler(connection)
    with migrating.turn(connection):
        if not replace and not _is_empty():
            raise Refused("The database holds a desk already. Name --replace to lose it for the one of the backup.")
        secrets: dict[str, bytes] = {}
        with transaction.atomic(), connection.cursor() as cursor:
            _make_schema(cursor, head)
            _load(cursor, reader, secrets)
            for name, (value, is_called) in head.sequences.items():
                cursor.execute("SELECT setval(to_regclass(quote_ident(%s)), %s, %s)", [name, value, is_called])
            _migrate(lambda key: True)
        _keep(secrets)
        call_command("createcachetable", verbosity=0)
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
    return reader.sums


def _refuse_a_newer_one(head: Head) -> None:
    known = set(MigrationLoader(None).disk_migrations)
    if unknown := [f"{app}.{name}" for app, name in head.migrations if (app, name) not in known]:
        raise Refused(
            f"It was made by a newer version of the desk (migration {unknown[0]}). Install that version first."
        )


def _is_empty() -> bool:
    with connection.cursor() as cursor:
        existing = set(tables.names(cursor))
        for table in ("accounts_workspace", "accounts_user"):
            if table in existing:
                cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table)))
                if cursor.fetchone()[0]:
                    return False
    return True


def _make_schema(cursor: Any, head: Head) -> None:
    """Empty tables exactly as they were when the backup was made."""
    existing = tables.names(cursor, with_unlogged=True)
    if existing:
        listed = sql.SQL(", ").join(map(sql.Identifier, existing))
        cursor.execute(sql.SQL("LOCK TABLE {}").format(listed))
    applied = set()
    if "django_migrations" in existing:
        cursor.execute("SELECT app, name FROM django_migrations")
        applied = set(cursor.fetchall())
    wanted = set(head.migrations)
    if applied != wanted:
        if existing:
            cursor.execute(sql.SQL("DROP TABLE {} CASCADE").format(listed))
        cursor.execute(LEFT_OVERS)
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
        _migrate(lambda key: key in wanted)
    made = tables.names(cursor, with_unlogged=True)
    if missing := set(head.columns) - set(made):
        raise Refused(f"Its table {min(missing)} is not one of the desk's.")
    cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, made))))


def _migrate(is_wanted: Callable[[tuple[str, str]], bool]) -> None:
    executor = _Executor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    plan = [step for step in executor.migration_plan(leaves) if is_wanted((step[0].app_label, step[0].name))]
    if plan:
        executor.migrate(leaves, plan=plan)


class _Executor(MigrationExecutor):
    """Applies migrations within the one transaction, without savepoints: PostgreSQL lets nobody use a value that was
    added to an enum in another subtransaction than the enum."""

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        setattr(migration, "atomic", False)  # noqa: B010 - declared for the class alone
        applied = super().apply_migration(state, migration, fake, fake_initial)
        with self.connection.cursor() as cursor:
            # Deferred constraints would keep the next migration from changing a table.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        return applied


def _load(cursor: Any, reader: Reader, secrets: dict[str, bytes]) -> None:
    """Rows into tables, without their triggers; files beside those that are there."""
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for table in reader.head.columns:
        cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
    loader, files = _Loader(cursor, reader.head), _Objects() if settings.S3_BUCKET else _Files()
    try:
        for piece in reader.pieces():
            if piece.kind == "tables":
                loader.add(piece.name, piece.content)
            elif piece.kind == "files":
                files.add(piece.name, piece.content, is_first=piece.is_first)
            else:
                secrets[piece.name] = piece.content
    except BaseException as error:
        loader.stop(error)
        files.stop()
        raise
    loader.close()
    files.close()
    for table, total in reader.sums.tables.items():
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        if cursor.fetchone()[0] != total.count:
            raise Refused(f"Not every row of {table} came back.")
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # every row points at one that is there
    for table in reader.head.columns:
        cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))


class _Loader:
    """One COPY after the other, fed piece by piece."""

    def __init__(self, cursor: Any, head: Head) -> None:
        self._cursor, self._head = cursor, head
        self._table = ""
        self._open: AbstractContextManager[Any] | None = None
        self._copy: Any = None

    def add(self, table: str, content: bytes) -> None:
        if table != self._table:
            self.close()
            columns = sql.SQL(", ").join(map(sql.Identifier, self._head.columns[table]))
            statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
            self._table, self._open = table, self._cursor.copy(statement)
            self._copy = self._open.__enter__()
        self._copy.write(content)

    def close(self) -> None:
        if self._open is not None:
            opened, self._open = self._open, None
            opened.__exit__(None, None, None)

    def stop(self, error: BaseException) -> None:
        if self._open is not None:
            opened, self._open = self._open, None
            opened.__exit__(type(error), error, error.__traceback__)


class _Objects:
    """Puts uploads into the bucket; each is complete before it is sent, and replaces one of its name."""

    def __init__(self) -> None:
        self._name = ""
        self._draft: IO[bytes] | None = None

    def add(self, name: str, content: bytes, *, is_first: bool) -> None:
        if is_first:
            self.close()
            self._name, self._draft = name, tempfile.TemporaryFile()  # noqa: SIM115 - closed below
        assert self._draft is not None
        self._draft.write(content)

    def stop(self) -> None:
        if self._draft is not None:
            self._draft.close()
            self._draft = None

    def close(self) -> None:
        if self._draft is not None:
            default_storage.save(self._name, File(self._draft))
            self.stop()


class _Files:
    """Puts uploads where they were; each appears under its name when it is complete."""

    def __init__(self) -> None:
        self._root = Path(settings.MEDIA_ROOT)
        self._name, self._draft = "", Path()
        self._out: IO[bytes] | None = None

    def add(self, name: str, content: bytes, *, is_first: bool) -> None:
        if is_first:
            self.close()
            target = self._root / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._name, self._draft = name, target.with_name(f".{uuid.uuid4().hex}")
            self._out = os.fdopen(os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        assert self._out is not None
        self._out.write(content)

    def stop(self) -> None:
        if self._out is not None:
            self._out.close()
            self._draft.unlink(missing_ok=True)

    def close(self) -> None:
        if self._out is not None:
            self._out.flush()
            os.fsync(self._out.fileno())
            self._out.close()
            self._draft.replace(self._root / self._name)
            self._out = None


def _keep(secrets: dict[str, bytes]) -> None:
    folder = Path(settings.DESK_HOME) / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, content in secrets.items():
        draft = folder / f".{name}.{uuid.uuid4().hex}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
        draft.replace(folder / name)
