"""Django's PostgreSQL backend with connections that last: a dead one is noticed without a question to the server.

Django asks `SELECT 1` before the first statement of every request. An idle connection has nothing to say, so here the
socket is looked at instead: one that can be read has been closed, or is about to be. It is replaced
before anything is sent. A connection that breaks later, in the middle of a request, is answered with 503 (see
`conversations.api.outages`) and replaced for the next one.
"""

from __future__ import annotations

import logging
import select
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import psycopg
from django.db.backends.postgresql import base, operations
from django.db.backends.postgresql.psycopg_any import register_tzloader
from django.db.backends.utils import debug_transaction
from psycopg.adapt import AdaptersMap
from psycopg.pq import Format, TransactionStatus

logger = logging.getLogger(__name__)

PREPARED_AT_MOST = 200  # statements on one connection; the least used one gives way

PARAMETERS_AT_MOST = 65_535  # of one statement
_READS_MOMENTS: Any = psycopg.adapters.get_loader(psycopg.adapters.types["timestamptz"].oid, Format.TEXT)


@dataclass(frozen=True)
class _Context:
    """What a connection takes its adapters from."""

    adapters: AdaptersMap
    connection: None = None


class DatabaseOperations(operations.DatabaseOperations):
    def bulk_batch_size(self, fields: list[Any], objs: list[Any]) -> int:
        """How many rows one statement takes, whose values the server binds: their number is 16 bits of the protocol."""
        return min(len(objs), PARAMETERS_AT_MOST // max(1, len(fields)))


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.with_commit: dict[str, None] = {}
        """Each NOTIFY that the open transaction's COMMIT brings along, in the same message (`accounts.transaction`)."""

    def _commit(self) -> None:
        notices, self.with_commit = self.with_commit, {}
        if not notices or self.connection is None:
            super()._commit()  # type: ignore[misc]  # not in the stubs
            return
        with debug_transaction(self, "COMMIT"), self.wrap_database_errors:
            try:
                self.connection.execute("; ".join(["COMMIT", *notices]).encode(), prepare=False)
            except psycopg.errors.ProgramLimitExceeded as error:  # NOTIFY's queue is full; the COMMIT before it is done
                logger.warning("notifications_lost error=%s", error)

    def _rollback(self) -> None:
        self.with_commit = {}
        super()._rollback()  # type: ignore[misc]

    def get_connection_params(self) -> dict[str, Any]:
        """Moments are read by psycopg itself, in C; the connection is in UTC, as they shall be."""
        parameters: dict[str, Any] = super().get_connection_params()
        adapters = AdaptersMap(parameters["context"].adapters)
        adapters.register_loader("timestamptz", _READS_MOMENTS)
        parameters["context"] = _Context(adapters)
        return parameters

    def create_cursor(self, name: str | None = None) -> psycopg.Cursor[Any]:
        """A cursor whose moments are in Django's time zone, which is UTC unless somebody has chosen another."""
        connection: psycopg.Connection[Any] = self.connection
        cursor: psycopg.Cursor[Any] = (
            connection.cursor(name, scrollable=False, withhold=connection.autocommit) if name else connection.cursor()
        )
        if self.timezone is not UTC:
            register_tzloader(self.timezone, cursor)
        return cursor

    def get_new_connection(self, conn_params: dict[str, Any]) -> psycopg.Connection[Any]:
        connection: psycopg.Connection[Any] = super().get_new_connection(conn_params)
        connection.prepared_max = PREPARED_AT_MOST
        return connection

    def is_usable(self) -> bool:
        """Whether the connection may serve another request.

        After an error that was not the data's it may not: what it has prepared may be out of date, and a new connection
        costs a few milliseconds once.
        """
        if self.connection is None or self.errors_occurred:
            return False
        return self.connection.info.transaction_status != TransactionStatus.INERROR and _is_silent(self.connection)


def _is_silent(connection: psycopg.Connection[Any]) -> bool:
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
