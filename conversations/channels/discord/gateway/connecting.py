"""The connection to Discord by discord.py, each bot to an API and a gateway of its own choice."""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import discord
import discord.client
import discord.utils
import orjson
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from conversations.channels.discord.payloads import Raw
from conversations.models import DiscordBot

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0  # seconds between two attempts to connect


@dataclass(frozen=True, slots=True)
class Missing:
    """What the API answers with where there is nothing to see; `code` is Discord's own."""

    code: int


class _Backoff:
    """The pauses between attempts to connect: discord.py's own grow to a quarter of an hour."""

    def __init__(self) -> None:
        self.failures = 0

    def delay(self) -> float:
        self.failures += 1
        return pause(self.failures)


def pause(failures: int) -> float:
    """Seconds until the next attempt."""
    return float(min(LONGEST_PAUSE, 2.0 ** min(failures - 1, 10))) * random.uniform(0.7, 1.0)  # noqa: S311 - spreads load


class _Sockets:
    """Makes the gateway connections of a client: its own gateway stands where discord.py has one for all clients."""

    @staticmethod
    async def from_client(client: Client, **given: Any) -> DiscordWebSocket:
        return await client.socket_type.from_client(client, **given)


def read(text: str | bytes) -> Any:
    """JSON, also with what the fast reader refuses: half a surrogate pair becomes a replacement character. Raises ValueError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        whole = json.dumps(json.loads(text, strict=False), ensure_ascii=False)
        return json.loads(whole.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


discord.utils._from_json = read  # type: ignore[assignment]  # it reads all of an answer, or nothing
discord.client.DiscordWebSocket = _Sockets  # type: ignore[misc,assignment]  # which discord.py offers no other way to choose
discord.client.ExponentialBackoff = _Backoff  # type: ignore[attr-defined,assignment]  # likewise


class Client(discord.Client):
    """The connection. It passes on what Discord sends as it is: nothing is read from discord.py's own objects."""

    def __init__(self, bot: DiscordBot, feed: Callable[[str, Raw], None]) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.message_content = True
        super().__init__(
            intents=intents,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            enable_debug_events=True,
        )
        self.feed = feed
        gateway = {"DEFAULT_GATEWAY": yarl.URL(bot.gateway_url)} if bot.gateway_url else {}
        self.socket_type: type[DiscordWebSocket] = type("Socket", (DiscordWebSocket,), gateway)
        if bot.api_url:
            self._speak_to(bot.api_url)

    def _speak_to(self, api_url: str) -> None:
        """Send requests to another API than Discord's own, which discord.py has for all clients."""
        ask = self.http.request

        async def request(route: Route, **given: Any) -> Any:
            if route.url.startswith(Route.BASE):
                route.url = api_url + route.url[len(Route.BASE) :]
            return await ask(route, **given)

        self.http.request = request  # type: ignore[method-assign]

    async def on_socket_raw_receive(self, text: str) -> None:
        """Called in the order in which they come, before discord.py reads them itself."""
        with suppress(ValueError, RecursionError):
            found = json.loads(text)
            if isinstance(found, dict) and found.get("op") == 0 and isinstance(found.get("t"), str):
                data = found.get("d")
                self.feed(found["t"], data if isinstance(data, dict) else {})

    async def on_disconnect(self) -> None:
        self.feed("DISCONNECTED", {})

    async def ask(self, path: str, *, query: Mapping[str, object] | None = None, **ids: int) -> Any:
        """The answer of the API; Missing where there is no such thing, or the bot may not see it."""
        try:
            return await self.http.request(
                Route("GET", path, metadata=None, **ids), params={name: str(one) for name, one in (query or {}).items()}
            )
        except (discord.NotFound, discord.Forbidden) as error:
            logger.info("discord_not_found path=%s status=%s code=%s", path, error.status, error.code)
            return Missing(error.code)
