"""System checks of the database: mistakes that would otherwise show as a broken search, or as jobs that never start.

Django runs them where a command names a database (`check --database default`, `migrate`), every role runs them when it
starts, and `doctor` shows them. A database that does not answer is no finding here: that passes, and is shown elsewhere.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, NotSupportedError, connection
from psycopg import sql

OLDEST = 15  # PostgreSQL's major version; the desk's unique constraints use NULLS NOT DISTINCT
NOTIFICATION_LIMIT = 2.0  # seconds that an announcement may take; it takes milliseconds


def _of_default_database(check: Callable[[], list[CheckMessage]]) -> Callable[..., list[CheckMessage]]:
    """Run a check where the database is wanted and answers."""

    def checked(databases: list[str] | None = None, **options: Any) -> list[CheckMessage]:
        if "default" not in (databases or []):
            return []
        try:
            return check()
        except NotSupportedError as error:
            return [_too_old(str(error))]
        except (DatabaseError, psycopg.Error):
            return []

    checked.__name__, checked.__doc__ = check.__name__, check.__doc__
    return register(checked, Tags.database)


@_of_default_database
def postgresql_is_recent() -> list[CheckMessage]:
    """PostgreSQL is new enough for the desk's constraints."""
    connection.ensure_connection()
    found = connection.pg_version // 10_000  # type: ignore[attr-defined]
    return [] if found >= OLDEST else [_too_old(f"The database is PostgreSQL {found}.")]


def _too_old(found: str) -> Error:
    return Error(
        f"{found.rstrip('.')}, and the desk needs {OLDEST} or newer.",
        hint="Upgrade the server, or point DATABASE_URL to a newer one.",
        id="parley.E010",
    )


@_of_default_database
def text_is_utf8() -> list[CheckMessage]:
    """The database keeps every script."""
    encoding = _ask("SHOW server_encoding")
    if encoding == "UTF8":
        return []
    return [
        Error(
            f"The database's encoding is {encoding}, and the desk needs UTF8 to keep what people write.",
            hint="Make another one: CREATE DATABASE parley ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C.UTF-8' TEMPLATE template0.",
            id="parley.E011",
        )
    ]


@_of_default_database
def letters_are_known() -> list[CheckMessage]:
    """The trigram search knows the letters of every script."""
    letters = _ask("SELECT datctype FROM pg_database WHERE datname = current_database()")
    if letters not in ("C", "POSIX") or _ask("SHOW server_encoding") != "UTF8":
        return []
    return [
        Warning(
            f"The database's LC_CTYPE is {letters}, so that search does not see letters beyond a to z.",
            hint="Back up, make the database anew, and restore (docs/backup.md, “A database made anew”).",
            id="parley.W011",
        )
    ]


@_of_default_database
def notifications_arrive() -> list[CheckMessage]:
    """LISTEN and the locks of a session work, which a transaction pooler takes away."""
    if settings.DIRECT_DATABASE_URL:
        if arrives():
            return []
        return [
            Error(
                "DIRECT_DATABASE_URL does not lead directly to the database that DATABASE_URL names.",
                hint="Set it to the PostgreSQL server itself, and to the same database, not to a pooler.",
                id="parley.E013",
            )
        ]
    connection.ensure_connection()
    known_as = connection.connection.info.backend_pid
    # A pooler hands its clients numbers of its own. Without one there is nothing to wait for.
    if known_as == _ask("SELECT pg_backend_pid()") or arrives():
        return []
    return [
        Error(
            "DATABASE_URL leads to a transaction pooler, through which neither live updates nor background jobs work.",
            hint="Set DIRECT_DATABASE_URL to the PostgreSQL server itself, beside it.",
            id="parley.E012",
        )
    ]


def arrives() -> bool:
    """Whether a notification on the desk's connection arrives on the one that listens."""
    channel = f"parley_check_{uuid.uuid4().hex}"
    with _listener() as listener:
        listener.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        _ask("SELECT pg_notify(%s, '')", channel)
        return any(True for _ in listener.notifies(timeout=NOTIFICATION_LIMIT, stop_after=1))


def _listener() -> psycopg.Connection[Any]:
    if settings.DIRECT_DATABASE_URL:
        return psycopg.connect(settings.DIRECT_DATABASE_URL, autocommit=True)
    parameters = connection.get_connection_params()
    wanted = {name: value for name, value in parameters.items() if name not in ("cursor_factory", "context")}
    return psycopg.connect(**wanted, autocommit=True)


def _ask(statement: str, *values: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]
