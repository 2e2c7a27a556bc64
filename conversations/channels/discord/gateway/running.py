"""A bot that runs: connected, and connected again after a failure, until only a person can help."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import aiohttp
import discord
from django.db import DatabaseError, InterfaceError

from accounts import sealed
from conversations.channels.discord.gateway.chains import Broken
from conversations.channels.discord.gateway.connecting import pause
from conversations.channels.discord.gateway.session import LOST, Session
from conversations.channels.discord.receiving import Desk
from conversations.models import DiscordBot

logger = logging.getLogger(__name__)

FATAL = {
    4004: "Discord does not accept the bot's token any more. Enter a new one.",
    4010: "Discord refuses this bot (4010).",
    4011: "This bot is in too many servers for one connection (4011).",
    4012: "Discord no longer speaks the version that this desk speaks (4012).",
    4013: "Discord refuses what the bot asks for (4013).",
}
"""Why Discord ends a connection for good, by its code."""
NO_INTENT = (
    "The bot may not read messages. Switch “Message Content Intent” on in the Discord developer portal, under Bot, "
    "then resume it here."
)
UNREADABLE = "Its token cannot be decrypted, because the key is another one: enter it again."


class Running:
    """A bot that runs, until it is closed or Discord refuses it."""

    def __init__(self, bot: DiscordBot) -> None:
        self.bot = bot
        self.desk = Desk(bot)
        self.session: Session | None = None
        self.lost_at: datetime | None = None

    @property
    def last_event_at(self) -> datetime | None:
        return self.session.last_event_at if self.session is not None else None

    async def run(self) -> None:
        """Connect, and connect again after a failure. Ends when only a person can help."""
        failures = 0
        while True:
            session = self.session = Session(self.bot, self.desk, self.lost_at)
            began = asyncio.get_running_loop().time()
            try:
                await self._connect(session)
                reason = LOST
            except discord.LoginFailure:
                return await self._tell(self.desk.refused, FATAL[4004])
            except discord.PrivilegedIntentsRequired:
                return await self._tell(self.desk.refused, NO_INTENT)
            except discord.ConnectionClosed as closed:
                if closed.code in FATAL:
                    return await self._tell(self.desk.refused, FATAL[closed.code])
                if closed.code == 4014:
                    return await self._tell(self.desk.refused, NO_INTENT)
                reason = f"Discord ended the connection ({closed.code})."
            except sealed.Unreadable:
                return await self._tell(self.desk.refused, UNREADABLE)
            except Broken as broken:
                reason = f"The desk could not keep what came in ({broken})."
            except (OSError, aiohttp.ClientError, discord.DiscordException, TimeoutError) as error:
                reason = "Discord cannot be reached."
                logger.warning("discord_unreachable bot=%s error=%s", self.bot.pk, type(error).__name__)
            except Exception as error:
                reason = f"Discord's answer cannot be read ({type(error).__name__})."
                logger.exception("discord_bot_failed bot=%s", self.bot.pk)
            session.lost()
            self.lost_at = session.lost_at
            failures = 0 if asyncio.get_running_loop().time() - began > 60 else failures
            failures += 1
            await self._tell(self.desk.failed, reason)
            await asyncio.sleep(pause(failures))

    async def _connect(self, session: Session) -> None:
        connecting = asyncio.create_task(session.client.start(self.bot.token))
        broken = asyncio.create_task(session.broken.wait())
        try:
            await asyncio.wait({connecting, broken}, return_when=asyncio.FIRST_COMPLETED)
            if session.broken.is_set():
                raise Broken(session.cause)
            await connecting
        finally:
            for task in (broken, connecting):
                task.cancel()
            await session.end()
            with suppress(Exception):
                await asyncio.wait_for(session.client.close(), 5)
            await asyncio.gather(broken, connecting, return_exceptions=True)

    async def _tell(self, call: Callable[[str], None], reason: str) -> None:
        """Note how the bot fares; where the database is away, it is noted the next time."""
        with suppress(DatabaseError, InterfaceError):
            await asyncio.to_thread(call, reason)

    async def close(self) -> None:
        """Leave Discord."""
        if self.session is not None:
            with suppress(Exception):
                await asyncio.wait_for(self.session.client.close(), 3)
