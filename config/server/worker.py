"""The worker role: background jobs, and the reactions to the journal."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Coroutine
from typing import Any

import django
from django.db import close_old_connections
from procrastinate import App
from procrastinate.connector import BaseAsyncConnector

from config import env

logger = logging.getLogger(__name__)

DRAIN_EVERY = 5.0  # seconds; a fallback for lost notifications, and for reactions that are to be tried again
END_LIMIT = 5  # seconds from the wish to stop until the kernel ends the process
GRACE = 3.0  # seconds that running jobs have when the worker stops; the others are started again by the next worker


def work() -> int:
    """Work until SIGTERM or SIGINT. Ends with 1 when the database goes away: whoever supervises starts it again."""
    django.setup()
    return asyncio.run(_work())


async def _work() -> int:
    from procrastinate.contrib.django import app

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    worker_app = app.with_connector(_connector(app))
    async with worker_app.open_async():
        jobs = worker_app.run_worker_async(
            name="worker",
            concurrency=env.number("WORKER_CONCURRENCY", 4, low=1, high=64),
            install_signal_handlers=False,
            shutdown_graceful_timeout=GRACE,
        )
        return await _until_first([jobs, _dispatch()], stop)


def _connector(app: App) -> BaseAsyncConnector:
    """Where the queue listens: the desk's database, past a transaction pooler if there is one."""
    from django.conf import settings
    from procrastinate import PsycopgConnector
    from procrastinate.contrib.django.django_connector import DjangoConnector

    if settings.DIRECT_DATABASE_URL:
        return PsycopgConnector(conninfo=settings.DIRECT_DATABASE_URL)
    assert isinstance(app.connector, DjangoConnector)
    return app.connector.get_worker_connector()


async def _until_first(parts: list[Coroutine[Any, Any, None]], stop: asyncio.Event) -> int:
    """Run the parts until one ends, which none should, or until somebody asks to stop."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    asked = asyncio.ensure_future(stop.wait())
    await asyncio.wait([*tasks, asked], return_when=asyncio.FIRST_COMPLETED)
    # Taking leave of a database that is gone, or of a job that does not listen, may take for ever.
    signal.alarm(END_LIMIT)
    for task in [*tasks, asked]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    if stop.is_set():
        return 0
    for result in results:
        if isinstance(result, Exception):
            print(f"The worker stopped: {result}", file=sys.stderr)
    return 1


async def _dispatch() -> None:
    """Let the journal's reactions hear new events: at each notification, and every few seconds all the same."""
    from accounts.hub import EVENTS, Hub

    hub = Hub()
    stirred = asyncio.Event()

    async def listen() -> None:
        async for _ in hub.listen(EVENTS):
            stirred.set()

    listener = asyncio.ensure_future(listen())
    try:
        while True:
            stirred.clear()
            await asyncio.to_thread(_drain)
            try:
                async with asyncio.timeout(DRAIN_EVERY):
                    await stirred.wait()
            except TimeoutError:
                pass
    finally:
        listener.cancel()
        await hub.close()


def _drain() -> None:
    from accounts import events

    close_old_connections()
    try:
        while events.drain():
            pass
    except Exception:
        logger.exception("journal_drain_failed")
    finally:
        close_old_connections()
