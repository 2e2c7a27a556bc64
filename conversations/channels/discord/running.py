"""The worker's part: where a bot is set up, one process runs it, and is started again when it ends; it ends with the worker.

The worker itself loads nothing of Discord, whose library is large.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import uuid
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress

from django.conf import settings
from django.db import connections

from conversations.channels.discord import leasing

logger = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds between two looks whether a bot was set up
PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)  # seconds before the process is started again
STEADY = 120.0  # seconds after which a process that ends is no longer one that fails
END_LIMIT = 2.0  # seconds


class Child:
    """The process that runs bots, when there is one."""

    def __init__(self) -> None:
        self.holder = uuid.uuid4().hex
        self.process: Process | None = None
        self.failures = 0
        self.began = 0.0
        self.next = 0.0

    async def look(self) -> None:
        """Start the process where it is wanted and not there."""
        now = asyncio.get_running_loop().time()
        if self.process is not None:
            if self.process.returncode is None:
                return
            self.failures = 0 if self.process.returncode == 0 or now - self.began > STEADY else self.failures + 1
            pause = PAUSES[min(self.failures, len(PAUSES)) - 1] if self.failures else 0.0
            logger.warning("discord_process_ended code=%s pause=%s", self.process.returncode, pause)
            self.process, self.next = None, now + pause
        if now >= self.next and await asyncio.get_running_loop().run_in_executor(None, self._is_wanted):
            await self._start()

    async def end(self) -> None:
        """Let the process end; it gives its bots free."""
        if self.process is None or self.process.returncode is not None:
            return
        assert self.process.stdin is not None
        self.process.stdin.close()
        with suppress(ProcessLookupError):
            self.process.terminate()
        try:
            async with asyncio.timeout(END_LIMIT):
                await self.process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self.process.kill()

    async def _start(self) -> None:
        self.began = asyncio.get_running_loop().time()
        # It ends when its standard input does, also where this process is killed.
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "django",
            "run_discord",
            "--with-parent",
            "--holder",
            self.holder,
            cwd=settings.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "config.settings")},
            stdin=PIPE,
        )
        logger.info("discord_process_started pid=%s", self.process.pid)

    def _is_wanted(self) -> bool:
        try:
            return leasing.reserve(self.holder)
        except Exception:
            logger.exception("discord_failed")
            return False
        finally:
            connections.close_all()


@asynccontextmanager
async def running() -> AsyncIterator[Awaitable[None]]:
    """Have bots run for as long as it is held."""
    child = Child()

    async def repeat() -> None:
        while True:
            await child.look()
            await asyncio.sleep(LOOK_EVERY)

    task = asyncio.ensure_future(repeat())
    try:
        yield task
    finally:
        task.cancel()
        await child.end()
