"""What a token can do, asked of Discord before it is stored: whose it is, which server it is in, and which channels it sees there."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from accounts.errors import Invalid
from conversations.channels.discord import payloads
from conversations.channels.discord.api import GATEWAY, UNKNOWN_ROUTE, Api, Failure
from conversations.channels.discord.payloads import Raw, Thread, Unreadable

CONTENT_INTENTS = 1 << 18 | 1 << 19
"""The flags of an application that may read messages: of a verified one, and of any other."""
WAIT = 10.0  # seconds for the gateway
MISSING_INTENT = (
    "the bot may not read messages: switch “Message Content Intent” on in the Discord developer portal, under Bot"
)
Ask = Callable[[], Mapping[int, Raw]]


@dataclass(frozen=True, slots=True)
class Server:
    """A server that the bot is in, with those of its channels that have threads."""

    id: int
    name: str
    channels: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, as the verb takes it."""

    user: tuple[int, str]
    guild: tuple[int, str]
    channels: Sequence[Mapping[str, Any]]
    private_channel: Mapping[str, Any] | None
    threads: Sequence[Thread]


def check(api: Api, *, guild: str, channels: Sequence[str], private_channel: str = "", gateway_url: str = "") -> Found:
    """Ask Discord for all that a bot needs. Raises Invalid with the field at fault, in words that say what to do."""
    guild_id, wanted = _id(guild, "guild"), [_id(one, "channel") for one in channels]
    private = _id(private_channel, "private_channel") if private_channel else None
    user = whose(api)
    check_intent(api)
    server = _server(api, guild_id, gateway_url)
    found = [_channel(api, server, one, "channel", gateway_url) for one in dict.fromkeys(wanted)]
    if private is not None:
        opened_in: Mapping[str, Any] | None = _channel(api, server, private, "private_channel", gateway_url)
    else:
        opened_in = next((one for one in found if one["type"] == payloads.TEXT), None)
    ids = {int(one["id"]) for one in found}
    return Found(user, (server.id, server.name), found, opened_in, threads(api, server.id, ids))


def whose(api: Api) -> tuple[int, str]:
    """The bot of a token: its id and its name. Raises Invalid."""
    try:
        raw = api.get("/users/@me")
        user = payloads.mapping(raw)
        return payloads.snowflake(user.get("id")), payloads.display_name(user)
    except Unreadable as error:
        raise Invalid("this address does not answer as Discord's API does", field="api_url") from error
    except Failure as error:
        if error.status == 401:
            raise Invalid(
                "Discord does not accept this token: copy it again from the developer portal, under Bot", field="token"
            ) from error
        if error.status in (400, 404):
            raise Invalid(
                f"this address does not answer as Discord's API does ({error.status})", field="api_url"
            ) from error
        raise Invalid(_sentence(error), field="api_url") from error


def check_intent(api: Api) -> None:
    """Whether the bot may read messages, where Discord says so. Raises Invalid."""
    with suppress(Failure, Unreadable):
        flags = payloads.mapping(api.get("/oauth2/applications/@me")).get("flags")
        if isinstance(flags, int) and not flags & CONTENT_INTENTS:
            raise Invalid(MISSING_INTENT, field="token", code="no_intent")


def servers(api: Api) -> list[Server]:
    """The servers that the bot is in, without their channels. Raises Invalid."""
    found = []
    for raw in payloads.listed(_asked(api, "/users/@me/guilds", "guild")):
        with suppress(Unreadable):
            guild = payloads.mapping(raw)
            found.append(Server(payloads.snowflake(guild.get("id")), payloads.text(guild.get("name"))))
    return found


def channels(api: Api, guild_id: int) -> list[Mapping[str, Any]]:
    """The channels of a server that have threads, as far as the bot sees them. Raises Invalid."""
    found: list[Mapping[str, Any]] = []
    for raw in payloads.listed(_asked(api, f"/guilds/{guild_id}/channels", "channel")):
        with suppress(Unreadable):
            channel = payloads.channel(payloads.mapping(raw))
            if channel["type"] in payloads.PARENTS:
                found.append(channel)
    return found


def _server(api: Api, guild_id: int, gateway_url: str) -> Server:
    try:
        raw = payloads.mapping(api.get(f"/guilds/{guild_id}"))
        return Server(guild_id, payloads.text(raw.get("name")))
    except Unreadable as error:
        raise Invalid("Discord's answer about this server cannot be read", field="guild") from error
    except Failure as error:
        if error.status == 404 and error.code == UNKNOWN_ROUTE and api.is_custom:
            return _by_gateway(api, guild_id, gateway_url)
        if error.status in (403, 404):
            raise Invalid(
                f"the bot is not a member of a server {guild_id}: check the id, and invite the bot to it", field="guild"
            ) from error
        raise Invalid(_sentence(error), field="guild") from error


def _channel(api: Api, server: Server, channel_id: int, field: str, gateway_url: str) -> Mapping[str, Any]:
    raw: Any = None
    if channel_id in server.channels:
        channel: Mapping[str, Any] = server.channels[channel_id]
    else:
        try:
            raw = payloads.mapping(api.get(f"/channels/{channel_id}"))
            channel = payloads.channel(raw)
        except Unreadable as error:
            raise Invalid(f"Discord's answer about channel {channel_id} cannot be read", field=field) from error
        except Failure as error:
            known = _listed(api, server.id) if error.code == UNKNOWN_ROUTE else {}
            if (
                not known
                and error.status == 404
                and error.code == UNKNOWN_ROUTE
                and api.is_custom
                and not server.channels
            ):
                known = dict(_by_gateway(api, server.id, gateway_url).channels)
            if channel_id in known:
                channel = known[channel_id]
            elif error.status in (403, 404):
                raise Invalid(
                    f"the bot sees no channel {channel_id} in {server.name or server.id}: check the id, and let its role view the channel",
                    field=field,
                ) from error
            else:
                raise Invalid(_sentence(error), field=field) from error
    if raw is not None and payloads.optional(raw.get("guild_id")) not in (None, server.id):
        raise Invalid(f"channel {channel_id} is in another server", field=field)
    wanted = (payloads.TEXT,) if field == "private_channel" else tuple(payloads.PARENTS)
    if channel["type"] not in wanted:
        kind = "text channel" if field == "private_channel" else "forum or a text channel"
        raise Invalid(f"#{channel['name']} has no threads of that kind: name a {kind}", field=field)
    return channel


def _listed(api: Api, guild_id: int) -> dict[int, Mapping[str, Any]]:
    with suppress(Invalid):
        return {int(one["id"]): one for one in channels(api, guild_id)}
    return {}


def threads(api: Api, guild_id: int, parents: set[int]) -> list[Thread]:
    """The threads that are there by now; none where that cannot be asked."""
    found = []
    with suppress(Failure, Unreadable):
        for raw in payloads.listed(payloads.mapping(api.get(f"/guilds/{guild_id}/threads/active")).get("threads")):
            with suppress(Unreadable):
                thread = payloads.thread(raw)
                if thread.parent_id in parents:
                    found.append(thread)
    return found


def _asked(api: Api, path: str, field: str) -> Any:
    try:
        return api.get(path)
    except Failure as error:
        raise Invalid(_sentence(error), field=field) from error


def _by_gateway(api: Api, guild_id: int, gateway_url: str) -> Server:
    """The server as the gateway tells of it, for an API that does not: only commands ask it."""
    try:
        return asyncio.run(asyncio.wait_for(_greeted(api.token, guild_id, gateway_url or GATEWAY), WAIT))
    except (OSError, TimeoutError, ValueError) as error:
        raise Invalid(
            f"the bot is not a member of a server {guild_id}, as far as the gateway says", field="guild"
        ) from error


async def _greeted(token: str, guild_id: int, url: str) -> Server:
    import aiohttp  # only this process needs it, once

    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, params={"v": "10", "encoding": "json"}) as socket,
        ):
            async for message in socket:
                found = json.loads(message.data)
                if found.get("op") == 10:
                    properties = {"os": "linux", "browser": "parley", "device": "parley"}
                    await socket.send_json({"op": 2, "d": {"token": token, "intents": 1, "properties": properties}})
                elif found.get("t") == "GUILD_CREATE" and payloads.optional(found["d"].get("id")) == guild_id:
                    guild = found["d"]
                    known = [payloads.channel(one) for one in payloads.listed(guild.get("channels"))]
                    return Server(guild_id, payloads.text(guild.get("name")), {int(one["id"]): one for one in known})
            if socket.close_code == 4004:
                raise Invalid("Discord does not accept this token", field="token")
    except aiohttp.ClientError as error:
        raise Invalid(f"the gateway cannot be reached ({type(error).__name__})", field="gateway_url") from error
    raise ValueError("the gateway did not tell")


def _id(value: str, field: str) -> int:
    try:
        return payloads.snowflake(value.strip())
    except Unreadable as error:
        raise Invalid(
            "an id is a number, such as 1300000000000000000: switch Developer Mode on in Discord and choose Copy ID",
            field=field,
        ) from error


def _sentence(error: Failure) -> str:
    return (
        error.reason[:1].lower() + error.reason[1:].rstrip(".")
        if error.reason.startswith("The ")
        else error.reason.rstrip(".")
    )
