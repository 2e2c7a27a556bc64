"""How migrations are applied: one release at a time, past a pooler, each together with the record that it was applied.

A release that is killed at any moment therefore leaves a database that the next one brings to its end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from psycopg.errors import LockNotAvailable
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_fixed

LOCK = "hashtext('parley.release')"
ASK_AGAIN = 0.5  # seconds between two tries to get the turn
LOCK_LIMIT = 2000  # milliseconds that a migration waits for a table, and blocks the statements behind it
LOCK_PAUSE = 1.0  # seconds before it is tried again
LOCK_TRIES = 200  # about ten minutes in all
CONNECTION_CHECK = (
    1000  # milliseconds after which PostgreSQL notices that a release was killed, and stops its statement
)


@contextmanager
def turn(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Hold the lock that every release of this database takes; it may be taken again within.

    It polls instead of blocking: CREATE INDEX CONCURRENTLY of the release whose turn it is waits for
    every running statement, and would wait for ours for ever.
    """
    _ask(connection, "SELECT set_config('client_connection_check_interval', %s, false)", str(CONNECTION_CHECK))
    has_printed = False
    while not _ask(connection, f"SELECT pg_try_advisory_lock({LOCK})"):
        if not has_printed:
            print("Another release is at work; waiting for its end.", file=sys.stderr, flush=True)
            has_printed = True
        time.sleep(ASK_AGAIN)
    try:
        yield
    finally:
        if connection.is_usable():
            _ask(connection, f"SELECT pg_advisory_unlock({LOCK})")


def _ask(connection: BaseDatabaseWrapper, sql: str, *values: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]


def _is_locked(error: BaseException) -> bool:
    return isinstance(error, OperationalError) and isinstance(error.__cause__, LockNotAvailable)


_until_unlocked = Retrying(
    retry=retry_if_exception(_is_locked),
    wait=wait_fixed(LOCK_PAUSE),
    stop=stop_after_attempt(LOCK_TRIES),
    reraise=True,
)


class Executor(MigrationExecutor):
    """Commits a migration and its record together.

    Django records a migration that has deferred SQL (foreign keys, indexes of a new table) after its commit: killed
    between the two, it would be applied again, and fail.
    """

    def apply_migration(
        self, state: ProjectState, migration: Migration, fake: bool = False, fake_initial: bool = False
    ) -> ProjectState:
        if not migration.atomic:
            return super().apply_migration(state, migration, fake, fake_initial)
        return _until_unlocked(lambda: self._apply_at_once(state.clone(), migration, fake, fake_initial))

    def _apply_at_once(self, state: ProjectState, migration: Migration, fake: bool, fake_initial: bool) -> ProjectState:
        """Give up soon on a lock that a long statement holds: statements that come after would wait as well."""
        with transaction.atomic(self.connection.alias):
            _ask(self.connection, "SELECT set_config('lock_timeout', %s, true)", str(LOCK_LIMIT))
            return super().apply_migration(state, migration, fake, fake_initial)

    def unapply_migration(self, state: ProjectState, migration: Migration, fake: bool = False) -> ProjectState:
        if not migration.atomic:
            return super().unapply_migration(state, migration, fake)
        with transaction.atomic(self.connection.alias):
            return super().unapply_migration(state, migration, fake)
