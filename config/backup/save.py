"""Writing a backup beside a running desk: one moment of the database, and every file that its rows name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.storage import Storage, default_storage
from django.db import connection, transaction
from psycopg import sql

from accounts import clock
from config.backup import tables
from config.backup.archive import Head, Sums, Writer
from config.server import database

OWN = ("postgres", ".")  # secrets of the embedded server, which a restored desk makes for itself, and half-made files


class Nothing(Exception):
    """There is nothing to save."""


def save(path: Path) -> Sums:
    """Write a backup; the file appears under its name only when it is whole. Raises OSError and DatabaseError."""
    with _draft(path) as out:
        return write(out)


def write(out: IO[bytes]) -> Sums:
    database.bypass_pooler(connection)
    with connection.cursor() as cursor:
        names = tables.names(cursor)
        if "django_migrations" not in names:
            raise Nothing("the database holds no desk")
        with transaction.atomic():
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # Before the snapshot is taken: from then on no migration changes a table.
            cursor.execute(
                sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.SQL(", ").join(map(sql.Identifier, names)))
            )
            head = Head(_migrations(cursor), {}, tables.sequences(cursor), clock.now().isoformat())
            head.columns.update({name: tables.columns(cursor, name) for name in names})
            writer = Writer(out, head)
            for name, content in secrets():
                writer.secret(name, content)
            for name in names:
                writer.table(name, _rows(cursor, name, head.columns[name]))
    # A file is there before the row that names it, so that none of the snapshot's is missing now.
    for name in stored(default_storage):
        try:
            source = default_storage.open(name)
        except FileNotFoundError:
            continue  # deleted in the meantime
        with source:
            writer.file(name, source, source.size)
    writer.close()
    return writer.sums


def secrets() -> Iterator[tuple[str, bytes]]:
    """What rows are sealed and links are signed with: the keys in use, wherever they were set, and what DESK_HOME keeps."""
    present, *before = settings.CHANNEL_SECRETS_KEYS
    in_use = {"secret_key": settings.SECRET_KEY, "channel_secrets_key": present}
    if before:
        in_use["channel_secrets_keys_before"] = ",".join(before)
    for name, key in in_use.items():
        yield name, key.encode()
    folder = Path(settings.DESK_HOME) / "secrets"
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_file() and path.name not in in_use and not path.name.startswith(OWN):
            yield path.name, path.read_bytes()


def stored(storage: Storage, folder: str = "") -> Iterator[str]:
    """The names of all files."""
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(name for name in files if not name.startswith(".")):  # those are half made
        yield f"{folder}/{name}" if folder else name
    for name in sorted(folders):
        yield from stored(storage, f"{folder}/{name}" if folder else name)


def _migrations(cursor: Any) -> list[tuple[str, str]]:
    cursor.execute("SELECT app, name FROM django_migrations ORDER BY id")
    return list(cursor.fetchall())


def _rows(cursor: Any, table: str, columns: list[str]) -> Iterator[bytes]:
    statement = sql.SQL("COPY {} ({}) TO STDOUT").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy:
        for piece in copy:
            yield bytes(piece)


@contextmanager
def _draft(path: Path) -> Iterator[IO[bytes]]:
    """A file that only its owner reads, under another name until it is complete and on the disk."""
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
