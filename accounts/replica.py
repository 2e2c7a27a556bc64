"""Reading from a replica of the database, where there is one and it has kept up: for reports, which look back anyway.

What is read there is a moment old. So nothing that a change rests on is read there, and no list that somebody works from.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

logger = logging.getLogger(__name__)

T = TypeVar("T")

ALIAS = "replica"
PAUSE = 10.0  # seconds that a replica is left alone that was away
LAG = """
    SELECT CASE
        WHEN NOT pg_is_in_recovery() THEN 0
        WHEN EXISTS (SELECT FROM pg_stat_wal_receiver WHERE pid IS NOT NULL)
            AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
    END
"""
"""A replica that is connected and has replayed all that it received is up to date, however long ago the last change was."""

_is_reading: ContextVar[bool] = ContextVar("reads_replica", default=False)
_away_until = 0.0


class Router:
    """Django's database router: everything goes to the primary, but for what `read` calls."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        return ALIAS if _is_reading.get() else DEFAULT_DB_ALIAS

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool | None:
        return True  # Both are the same database.

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return None if db == DEFAULT_DB_ALIAS else False


def is_set_up() -> bool:
    return ALIAS in settings.DATABASES


def read(question: Callable[[], T]) -> T:
    """Ask a question that only reads, and whose answer is whole: of the replica, else of the primary.

    The primary is asked where there is no replica, where it is away, more than REPLICA_LAG_LIMIT seconds behind, or gives the
    question up because a change that it has to replay is in its way.
    """
    global _away_until
    if not is_set_up() or time.monotonic() < _away_until:
        return question()
    token = _is_reading.set(True)
    try:
        behind = lag()
        if behind is not None and behind <= settings.REPLICA_LAG_LIMIT:
            return question()
        logger.warning("replica_behind seconds=%s", behind)
    except (OperationalError, InterfaceError) as error:
        _away_until = time.monotonic() + PAUSE
        logger.warning("replica_away sqlstate=%s", getattr(error.__cause__, "sqlstate", None))
        connections[ALIAS].close()
    finally:
        _is_reading.reset(token)
    return question()


def lag() -> float | None:
    """Seconds that the replica is behind; None where it has never replayed anything. Raises OperationalError where it is away."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(LAG)
        (seconds,) = cursor.fetchone()
    return None if seconds is None else float(seconds)
