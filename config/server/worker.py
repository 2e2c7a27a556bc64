"""The worker role: a process that runs the parts of `conversations.background`, until one of them ends or it is asked to stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import django
import psycopg
from django.db import DatabaseError, close_old_connections, connections
from procrastinate import App, JobContext
from procrastinate.connector import BaseAsyncConnector
from procrastinate.worker import Worker

from accounts import log_context
from config.server import failing
from config.server.saying import say

if TYPE_CHECKING:
    from psycopg.abc import PQGen

    from accounts.background import Jobs, Part, Periodic

logger = logging.getLogger(__name__)
RV = TypeVar("RV")

END_LIMIT = 5  # seconds from the wish to stop until the kernel ends the process
GRACE = 3.0  # seconds that running jobs have when the worker stops; the others are started again by the next worker
PATIENCE = 30.0  # seconds
SPARE_THREADS = 4  # beside the jobs: what the loop itself cannot do without waiting


def work() -> int:
    """Work until SIGTERM or SIGINT. Ends with 1 when the database goes away: the supervisor starts it again."""
    django.setup()
    try:
        return asyncio.run(_work())
    except (DatabaseError, psycopg.Error) as error:
        say(f"The worker cannot reach the database: {failing.reason(error)}.")
        return 1


def parts() -> Sequence[Part]:
    """What a worker runs, with its code."""
    from conversations.background import PARTS

    return PARTS


async def _work() -> int:
    from procrastinate.contrib.django import app

    from accounts.background import Held, Jobs, Periodic

    known = parts()
    loop = asyncio.get_running_loop()
    # Jobs run in the loop's own threads, of which there are few unless one says so.
    threads = SPARE_THREADS + sum(_concurrency(part) for part in known if isinstance(part, Jobs))
    loop.set_default_executor(ThreadPoolExecutor(threads, thread_name_prefix="job"))
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        losses = [await stack.enter_async_context(part.open()) for part in known if isinstance(part, Held)]
        worker_app = await stack.enter_async_context(app.with_connector(_connector()).open_async())
        running = [_jobs(worker_app, part) for part in known if isinstance(part, Jobs)]
        repeating = [_repeat(part) for part in known if isinstance(part, Periodic)]
        return await _until_first([*losses, *running, *repeating], stop)


def _concurrency(part: Jobs) -> int:
    from django.conf import settings

    count: int = getattr(settings, part.setting)
    return count


async def _jobs(app: App, part: Jobs) -> None:
    await app.run_worker_async(
        name="worker",
        queues=list(part.queues),  # PostgreSQL knows no tuples
        concurrency=_concurrency(part),
        install_signal_handlers=False,
        shutdown_graceful_timeout=GRACE,
        task_middleware=[_with_a_connection],
    )


def _with_a_connection(call_next: Callable[[], Any], context: JobContext, worker: Worker) -> Any:
    """Around a job, in its thread: which of the many threads runs the next is chance, so that none keeps a connection."""
    try:
        with log_context.about({"job": context.job.id or 0, "task": context.job.task_name}):
            return call_next()
    finally:
        connections.close_all()


class _Patient(psycopg.AsyncConnection[Any]):
    """A connection that waits until something comes. psycopg's looks ten times a second whether somebody pressed Ctrl-C, which
    asyncio says by itself; a worker that rests spends most of its processor time on that.
    """

    async def wait(self, gen: PQGen[RV], interval: float = PATIENCE, timeout: float | None = None) -> RV:
        return await super().wait(gen, interval, timeout)


def _connector() -> BaseAsyncConnector:
    """Where the queue listens: the desk's database, past a transaction pooler if there is one."""
    from django.conf import settings
    from procrastinate import PsycopgConnector
    from procrastinate.contrib.django.utils import connector_params

    if settings.DIRECT_DATABASE_URL:
        return PsycopgConnector(conninfo=settings.DIRECT_DATABASE_URL, connection_class=_Patient)
    return PsycopgConnector(kwargs=connector_params(), connection_class=_Patient)


async def _until_first(parts: Sequence[Awaitable[None]], stop: asyncio.Event) -> int:
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
            say(f"The worker stopped: {result}")
    return 1


async def _repeat(part: Periodic) -> None:
    """Call the part's function at once, then at each notification in its channel or ring of its bell, and every so many seconds
    all the same."""
    thread = ThreadPoolExecutor(1, thread_name_prefix=part.name)  # keeps its connection
    loop = asyncio.get_running_loop()
    async with _notified(part) as notified:
        while True:
            notified.clear()
            await loop.run_in_executor(thread, _call, part)
            await asyncio.sleep(part.rest)
            try:
                async with asyncio.timeout(part.every):
                    await notified.wait()
            except TimeoutError:
                pass


@asynccontextmanager
async def _notified(part: Periodic) -> AsyncIterator[asyncio.Event]:
    """Is set at each notification in the part's channel and each ring of its bell; without them, never."""
    notified, channel = asyncio.Event(), part.channel
    loop = asyncio.get_running_loop()
    with part.bell.answered_by(lambda: loop.call_soon_threadsafe(notified.set)) if part.bell else nullcontext():
        if channel is None:
            yield notified
            return
        async with _listening(channel, notified):
            yield notified


@asynccontextmanager
async def _listening(channel: str, notified: asyncio.Event) -> AsyncIterator[None]:
    from accounts.live.hub import Hub

    hub = Hub()

    async def listen() -> None:
        async for _ in hub.listen(channel):
            notified.set()

    listener = asyncio.ensure_future(listen())
    try:
        yield
    finally:
        listener.cancel()
        await hub.close()


def _call(part: Periodic) -> None:
    """On a connection that is sound; a failure is logged and ends nothing."""
    close_old_connections()
    try:
        part.function()
    except Exception:
        logger.exception("part_failed name=%s", part.name)
    finally:
        close_old_connections()
