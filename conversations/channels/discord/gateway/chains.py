"""Work in order: what concerns one thread is done one after the other, what concerns several beside each other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import aiohttp
import discord
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError

from conversations.channels.discord.gateway.connecting import pause
from conversations.channels.discord.payloads import Unreadable

logger = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[], Coroutine[Any, Any, None]]

AT_ONCE = 4  # threads that are worked on beside each other
ATTEMPTS = 10  # at what failed because Discord was away


class Broken(Exception):
    """The desk could not keep what came in: the bot begins again, and fetches it."""


class Chains:
    """What is to be done of one connection. `broken` is set once the desk could not keep something; nothing is done after that."""

    def __init__(self) -> None:
        self.broken = asyncio.Event()
        self.cause = ""
        self._chains: dict[int, asyncio.Task[None]] = {}
        self._timers: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)

    def chain(self, key: int, work: Work, *, attempt: int = 1) -> None:
        """Do some work after all that was to be done before under the same key."""
        before = self._chains.get(key)

        async def run() -> None:
            if before is not None:
                await asyncio.wait({before})
            async with self._slots:
                await self._guarded(key, work, attempt)

        task = asyncio.create_task(run())
        self._chains[key] = task
        task.add_done_callback(lambda done: self._chains.pop(key) if self._chains.get(key) is done else None)

    async def _guarded(self, key: int, work: Work, attempt: int) -> None:
        """What fails by itself is left out; what fails because Discord is away is done later."""
        if self.broken.is_set():
            return
        try:
            await work()
        except Unreadable as error:
            logger.warning("discord_unreadable reason=%s", error)
        except Broken as error:
            logger.warning("discord_not_kept error=%s", error)
            self.cause = str(error)
            self.broken.set()
        except (OSError, aiohttp.ClientError, discord.DiscordException) as error:
            logger.warning("discord_event_delayed error=%s", type(error).__name__)
            if attempt < ATTEMPTS:
                self.after(pause(attempt), lambda: self.chain(key, work, attempt=attempt + 1))
        except Exception:
            logger.exception("discord_event_failed")

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        """Call something after so many seconds."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            call()

        timer = asyncio.create_task(wait())
        self._timers.add(timer)
        timer.add_done_callback(self._timers.discard)

    async def on_desk(self, call: Callable[..., T], *given: object) -> T:
        """Call the desk in a thread. Raises Broken where it cannot keep anything at present."""
        try:
            return await asyncio.to_thread(call, *given)
        except (DataError, IntegrityError):
            raise  # this one thing cannot be kept, however often it is tried
        except (DatabaseError, InterfaceError, OSError) as error:
            raise Broken(type(error).__name__) from error

    async def end(self) -> None:
        """Leave undone what is not done yet."""
        tasks = {*self._timers, *self._chains.values()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
