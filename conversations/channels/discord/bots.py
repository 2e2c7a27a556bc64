"""The process that runs bots: those that nobody else runs, for as long as there are any. It is started by `running`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

from django.db import DatabaseError, InterfaceError, connections

from accounts import clock
from accounts.log_context import about
from conversations.channels.discord import leasing
from conversations.channels.discord.gateway.running import Running
from conversations.models import DiscordBot

logger = logging.getLogger(__name__)

T = TypeVar("T")
LOOK_EVERY = 2.0  # seconds between two looks for bots that were added, changed or removed
IDLE = 60.0  # seconds without a bot, after which the process ends
THREADS = 4
END_LIMIT = 4.0  # seconds from the wish to stop until the process is gone


class Bots:
    """The bots of this process, each a task."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        self.running: dict[int, tuple[datetime, Running, asyncio.Task[None]]] = {}
        self.stop = asyncio.Event()
        self.lease_ends = clock.now()

    async def run(self) -> None:
        """Run bots until somebody asks to stop, or there are none."""
        idle_since = asyncio.get_running_loop().time()
        try:
            while not self.stop.is_set():
                await self._look()
                now = asyncio.get_running_loop().time()
                idle_since = now if self.running else idle_since
                if now - idle_since > IDLE:
                    return
                try:
                    async with asyncio.timeout(LOOK_EVERY):
                        await self.stop.wait()
                except TimeoutError:
                    pass
        finally:
            await asyncio.gather(*(self._end(pk) for pk in list(self.running)))
            await self._tell(partial(leasing.let_go, self.holder))

    async def _look(self) -> None:
        at = clock.now()
        heard = {pk: one.last_event_at for pk, (_, one, _) in self.running.items() if one.last_event_at is not None}
        found = await self._tell(partial(leasing.take, self.holder, heard))
        if found is None:  # the database is away; when the leases are over, somebody else may run them
            if at > self.lease_ends:
                await asyncio.gather(*(self._end(pk) for pk in list(self.running)))
            return
        self.lease_ends = at + leasing.LEASE
        wanted = {bot.pk: bot for bot in found}
        for pk, (updated_at, _, task) in list(self.running.items()):
            if pk not in wanted or wanted[pk].updated_at != updated_at or task.done():
                await self._end(pk)
        for pk, bot in wanted.items():
            if pk not in self.running:
                self._begin(bot)

    def _begin(self, bot: DiscordBot) -> None:
        running = Running(bot)

        async def run() -> None:
            with about({"discord_bot": bot.pk}):
                try:
                    await running.run()
                except Exception:
                    logger.exception("discord_bot_failed bot=%s", bot.pk)
                    await asyncio.sleep(10)  # it is begun again, not at once

        self.running[bot.pk] = (bot.updated_at, running, asyncio.create_task(run()))

    async def _end(self, pk: int) -> None:
        _, running, task = self.running.pop(pk)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await running.close()
        await self._tell(partial(leasing.let_go, self.holder, [pk]))

    async def _tell(self, call: Callable[[], T]) -> T | None:
        try:
            return await asyncio.to_thread(call)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("discord_database_away error=%s", type(error).__name__)
            connections.close_all()
            return None


def work(holder: str, *, with_parent: bool) -> None:
    """Run bots in this process. `with_parent`: until standard input ends, which it does when the process at its other end is gone."""
    logging.getLogger("discord").setLevel(logging.CRITICAL)  # what matters of it is logged here, without secrets
    asyncio.run(_work(holder, with_parent))


async def _work(holder: str, with_parent: bool) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, thread_name_prefix="desk"))
    bots = Bots(holder)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, bots.stop.set)
    if with_parent:

        def wait() -> None:
            sys.stdin.buffer.read()
            loop.call_soon_threadsafe(bots.stop.set)
            ending = threading.Timer(END_LIMIT, os._exit, (1,))
            ending.daemon = True
            ending.start()

        threading.Thread(target=wait, name="parent", daemon=True).start()
    await bots.run()
