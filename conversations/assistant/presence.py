"""Which worker processes are alive.

Each holds an advisory lock in its own database session, under its own number, for as long as it lives. When it is killed
the kernel closes the connection and PostgreSQL releases the lock at once, so that `pg_locks` shows who is gone. A process
that hangs, or whose machine vanished, keeps its lock for a while; the heartbeat finds those.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from django.db import connection

from accounts.live.hub import direct_connection

FAMILY = 0x50524C59  # the first of the lock's two keys; the second is the process's number
CHECK_EVERY = 3.0  # seconds
Session = psycopg.AsyncConnection[tuple[Any, ...]]
_number: int | None = None


def number() -> int | None:
    """The number of this process, while it is a worker."""
    return _number


def alive() -> set[int]:
    """The numbers of all living workers."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT objid::bigint FROM pg_locks"
            " WHERE locktype = 'advisory' AND granted AND classid::bigint = %s AND objsubid = 2"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [FAMILY],
        )
        return {row[0] for row in cursor.fetchall()}


def gone(numbers: Collection[int]) -> set[int]:
    """Those of the workers that are gone. Call this after reading the rows that name them, never before."""
    return set(numbers) - alive() if numbers else set()


@asynccontextmanager
async def registered() -> AsyncIterator[Awaitable[None]]:
    """Register this process as a worker, and give a future that ends when the registration is lost.

    The connection bypasses a transaction pooler, since the lock belongs to the session.
    """
    global _number
    async with await direct_connection() as session:
        _number = await _lock(session)
        loss = asyncio.ensure_future(_lost(session))
        try:
            yield loss
        finally:
            loss.cancel()
            _number = None


async def _lost(session: Session) -> None:
    """Wait until the lock is lost, then raise psycopg.Error or TimeoutError.

    A closed connection is noticed at once. The process should end: other workers recover its runs, and it is started again.
    """
    while True:
        await _idle(session)
        async with asyncio.timeout(CHECK_EVERY * 3):
            await session.execute("SELECT 1")


async def _idle(session: Session) -> None:
    """Wait until the connection has input, which means that it is closing, or until the next check."""
    loop, notified = asyncio.get_running_loop(), asyncio.Event()
    number = session.fileno()
    loop.add_reader(number, notified.set)
    try:
        async with asyncio.timeout(CHECK_EVERY):
            await notified.wait()
    except TimeoutError:
        pass
    finally:
        loop.remove_reader(number)


async def _lock(session: Session) -> int:
    while True:
        chosen = secrets.randbelow(2**31 - 1) + 1
        found = await session.execute("SELECT pg_try_advisory_lock(%s, %s)", [FAMILY, chosen])
        if await found.fetchone() == (True,):
            return chosen
