"""The worker role: background jobs, the reactions to the journal, and an eye on the assistant's runs.

What may wait for a slow provider has a queue and room of its own, so that nothing else waits behind it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import django
import psycopg
from django.db import DatabaseError, close_old_connections, connections
from procrastinate import App, JobContext
from procrastinate.connector import BaseAsyncConnector
from procrastinate.worker import Worker

from config.server import failing

logger = logging.getLogger(__name__)

DRAIN_EVERY = 5.0  # seconds; a fallback for lost notifications, and for reactions that are to be tried again
END_LIMIT = 5  # seconds from the wish to stop until the kernel ends the process
TEND_EVERY = 3.0  # seconds; how soon a run whose worker died is noticed while nobody watches it
GRACE = 3.0  # seconds that running jobs have when the worker stops; the others are started again by the next worker
QUEUES = ("default", "builtin")  # all but the assistant's; the second is procrastinate's own
SPARE_THREADS = 4  # beside the jobs: what the loop itself cannot do without waiting


def work() -> int:
    """Work until SIGTERM or SIGINT. Ends with 1 when the database goes away: whoever supervises starts it again."""
    django.setup()
    try:
        return asyncio.run(_work())
    except (DatabaseError, psycopg.Error) as error:
        print(f"The worker cannot reach the database: {failing.reason(error)}.", file=sys.stderr)
        return 1


async def _work() -> int:
    from django.conf import settings
    from procrastinate.contrib.django import app

    from conversations.assistant import presence, runs

    jobs, answers = settings.WORKER_CONCURRENCY, settings.ASSISTANT_CONCURRENCY
    loop = asyncio.get_running_loop()
    # Jobs run in the loop's own threads, of which there are few unless one says so.
    loop.set_default_executor(ThreadPoolExecutor(jobs + answers + SPARE_THREADS, thread_name_prefix="job"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    worker_app = app.with_connector(_connector(app))
    async with presence.shown() as present, worker_app.open_async():
        parts = [
            _jobs(worker_app, QUEUES, jobs),
            _jobs(worker_app, (runs.QUEUE,), answers),
            _dispatch(),
            _tend(),
            present.lost(),
        ]
        return await _until_first(parts, stop)


async def _jobs(app: App, queues: tuple[str, ...], concurrency: int) -> None:
    await app.run_worker_async(
        name="worker",
        queues=list(queues),  # PostgreSQL knows no tuples
        concurrency=concurrency,
        install_signal_handlers=False,
        shutdown_graceful_timeout=GRACE,
        task_middleware=[_with_a_connection],
    )


def _with_a_connection(call_next: Callable[[], Any], context: JobContext, worker: Worker) -> Any:
    """Around a job, in its thread: which of the many threads runs the next is chance, so that none keeps a connection."""
    try:
        return call_next()
    finally:
        connections.close_all()


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
    from accounts.live.hub import EVENTS, Hub

    hub = Hub()
    stirred = asyncio.Event()

    async def listen() -> None:
        async for _ in hub.listen(EVENTS):
            stirred.set()

    listener = asyncio.ensure_future(listen())
    thread = ThreadPoolExecutor(1, thread_name_prefix="dispatch")  # keeps its connection
    loop = asyncio.get_running_loop()
    try:
        while True:
            stirred.clear()
            await loop.run_in_executor(thread, _drain)
            try:
                async with asyncio.timeout(DRAIN_EVERY):
                    await stirred.wait()
            except TimeoutError:
                pass
    finally:
        listener.cancel()
        await hub.close()


def _drain() -> None:
    from accounts import journal

    with _survived("journal_drain_failed"):
        while journal.drain():
            pass


async def _tend() -> None:
    """Watch over the assistant's runs, from the first moment on: another worker may have left some behind."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="tend")  # keeps its connection
    while True:
        await asyncio.get_running_loop().run_in_executor(thread, _tend_once)
        await asyncio.sleep(TEND_EVERY)


def _tend_once() -> None:
    from accounts import clock
    from conversations.assistant import recovery

    with _survived("assistant_tend_failed"):
        recovery.tend(clock.now())


@contextmanager
def _survived(failure: str) -> Iterator[None]:
    """Around work that is done again and again, on a connection that is sound: its failure is logged and ends nothing."""
    close_old_connections()
    try:
        yield
    except Exception:
        logger.exception(failure)
    finally:
        close_old_connections()
