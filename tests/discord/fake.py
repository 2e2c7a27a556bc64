"""A Discord of our own on one loopback port: the API, the gateway and the files of one server, and what people do there.

It runs in a thread with its own loop; tests call it from theirs. Events are numbered and kept, so that a session that is resumed gets
what it missed, and one that is unknown has to identify anew. Faults are set for the next requests of a kind.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

GUILD, FORUM, TEXT, STAFF = "1000", "2000", "2100", "2200"
TAGS = {"billing": "9000", "bug": "9001"}
TOKEN = "MTAw.made-up.token"
BOT = {"id": "4000", "username": "desk", "global_name": "Desk", "discriminator": "0", "avatar": None, "bot": True}
EPOCH = 1_420_070_400_000
FORUM_TYPE, PUBLIC, PRIVATE = 15, 11, 12
Json = dict[str, Any]


@dataclass
class Fault:
    """What becomes of the next requests that match: an answer, or an end without one after the request was carried out."""

    pattern: str
    times: int
    answer: Callable[[], web.Response] | None
    after: int = 0
    """Requests that match and are spared before."""


@dataclass
class Call:
    """A request as it came."""

    method: str
    path: str
    body: Any
    query: dict[str, str]
    files: list[tuple[str, bytes]] = field(default_factory=list)


def user(id_: str, name: str, **more: Any) -> Json:
    return {"id": id_, "username": name.lower(), "global_name": name, "discriminator": "0", "avatar": None, **more}


EVE, BOB = user("3000", "Eve"), user("3001", "Bob")


def answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # discord.py reads JSON only where the type is exactly this one.
    given = {**(headers or {}), "Content-Type": "application/json", "Via": "1.1 test"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=given)


def refused(status: int, code: int, message: str = "refused") -> web.Response:
    return answer({"message": message, "code": code}, status)


class Discord:
    """The server, and everybody on it."""

    def __init__(self) -> None:
        self.port = 0
        self.lock = threading.RLock()
        self.last_id = 0
        self.sockets: list[web.WebSocketResponse] = []
        self.reset()

    def reset(self) -> None:
        """As if nothing had happened yet; who is connected stays so."""
        self.token, self.has_content_intent, self.is_away = TOKEN, True, False
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.channels: dict[str, Json] = {
            FORUM: self._channel(FORUM, "help", FORUM_TYPE), TEXT: self._channel(TEXT, "general", 0), STAFF: self._channel(STAFF, "staff", 0),
        }  # fmt: skip
        self.channels[FORUM]["available_tags"] = [
            {"id": id_, "name": name, "moderated": False, "emoji_id": None, "emoji_name": None}
            for name, id_ in TAGS.items()
        ]
        self.threads: dict[str, Json] = {}
        self.messages: dict[str, dict[str, Json]] = {}
        self.files: dict[str, bytes] = {}
        self.events: list[tuple[int, str, Json]] = []
        self.sessions: set[str] = set()
        self.handshakes: list[tuple[str, Any]] = []
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.direct_messages_open = True

    # --- What people do ------------------------------------------------------------------------------

    def post(
        self, title: str, text: str, *, by: Json = EVE, tags: tuple[str, ...] = (), tell: bool = True, **more: Any
    ) -> str:
        """Somebody writes a post in the forum. Returns the id of its thread."""
        id_ = self.new_id()
        thread = self._thread(id_, FORUM, title, by, [TAGS[tag] for tag in tags])
        self.tell("THREAD_CREATE", {**thread, "newly_created": True}, tell)
        self.say(id_, text, by=by, id_=id_, tell=tell, **more)
        return id_

    def thread_under(self, message: str, title: str, *, channel: str = TEXT, by: Json = EVE, tell: bool = True) -> str:
        """Somebody begins a thread under a message of a text channel."""
        thread = self._thread(message, channel, title, by, [])
        self.tell("THREAD_CREATE", {**thread, "newly_created": True}, tell)
        return message

    def say(
        self,
        channel: str,
        text: str,
        *,
        by: Json = EVE,
        id_: str = "",
        tell: bool = True,
        files: tuple[tuple[str, bytes], ...] = (),
        **more: Any,
    ) -> str:
        """Somebody writes a message. Returns its id."""
        with self.lock:
            id_ = id_ or self.new_id()
            message = self._message(id_, channel, by, text)
            for name, content in files:
                key = self.new_id()
                self.files[key] = content
                message["attachments"].append(
                    {
                        "id": key,
                        "filename": name,
                        "size": len(content),
                        "url": f"{self.base}/cdn/{key}/{name}?ex=1",
                        "proxy_url": "x",
                    }
                )
            message.update(more)
            self.messages.setdefault(channel, {})[id_] = message
            if channel in self.threads:
                self.threads[channel]["last_message_id"] = id_
        self.tell(
            "MESSAGE_CREATE",
            {
                **message,
                "guild_id": GUILD,
                "member": {
                    "roles": [],
                    "joined_at": "2026-01-01T00:00:00+00:00",
                    "deaf": False,
                    "mute": False,
                    "flags": 0,
                },
            },
            tell,
        )
        return id_

    def edit(self, channel: str, id_: str, text: str, *, tell: bool = True) -> None:
        message = self.messages[channel][id_]
        message |= {"content": text, "edited_timestamp": self.now().isoformat()}
        self.tell("MESSAGE_UPDATE", {**message, "guild_id": GUILD}, tell)

    def delete(self, channel: str, *ids: str, tell: bool = True) -> None:
        for id_ in ids:
            del self.messages[channel][id_]
        one = {"id": ids[0], "channel_id": channel, "guild_id": GUILD}
        many = {"ids": [*ids], "channel_id": channel, "guild_id": GUILD}
        self.tell("MESSAGE_DELETE" if len(ids) == 1 else "MESSAGE_DELETE_BULK", one if len(ids) == 1 else many, tell)

    def change(self, thread: str, *, tell: bool = True, archived: bool | None = None, **more: Any) -> None:
        """A thread is renamed, tagged or archived."""
        self.threads[thread] |= more
        if archived is not None:
            self.threads[thread]["thread_metadata"] |= {
                "archived": archived,
                "archive_timestamp": self.now().isoformat(),
            }
        self.tell("THREAD_UPDATE", self.threads[thread], tell)

    def remove(self, thread: str, *, tell: bool = True) -> None:
        """A thread is deleted."""
        found = self.threads.pop(thread)
        self.messages.pop(thread, None)
        self.tell("THREAD_DELETE", {name: found[name] for name in ("id", "guild_id", "parent_id", "type")}, tell)

    # --- What goes wrong -----------------------------------------------------------------------------

    def fail(self, pattern: str, status: int, *, code: int = 0, times: int = 1, after: int = 0) -> None:
        self.faults.append(Fault(pattern, times, lambda: refused(status, code), after))

    def limit(self, pattern: str, seconds: float, *, is_global: bool = False, times: int = 1) -> None:
        headers = {"Retry-After": str(seconds), **({"X-RateLimit-Global": "true"} if is_global else {})}
        body = {"message": "You are being rate limited.", "retry_after": seconds, "global": is_global}
        self.faults.append(Fault(pattern, times, lambda: answer(body, 429, headers)))

    def cut(self, pattern: str, times: int = 1) -> None:
        """Carry the next ones out, and end the connection instead of answering."""
        self.faults.append(Fault(pattern, times, None))

    def drop(self, code: int = 4000) -> None:
        """The gateway ends all connections."""
        self.do(self._close(code))

    def forget_sessions(self) -> None:
        self.sessions.clear()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Discord is away: nothing answers."""
        self.is_away = True
        self.drop(1001)
        try:
            yield
        finally:
            self.is_away = False

    # --- What was asked ------------------------------------------------------------------------------

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.base}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/gateway"

    def replies(self, channel: str) -> list[Json]:
        """What the bot has written in a channel."""
        with self.lock:
            return [one for one in self.messages.get(channel, {}).values() if one["author"]["id"] == BOT["id"]]

    def asked(self, pattern: str) -> list[Call]:
        return [one for one in self.calls if re.fullmatch(pattern, f"{one.method} {one.path}")]

    # --- The machinery -------------------------------------------------------------------------------

    def new_id(self) -> str:
        with self.lock:
            self.last_id = max(self.last_id + 1, (int(self.now().timestamp() * 1000) - EPOCH) << 22)
            return str(self.last_id)

    def tell(self, name: str, data: Json, tell: bool = True) -> None:
        """An event: to whom is connected, and to whom resumes; without `tell`, to nobody, as with a session that is gone."""
        if not tell:
            return
        with self.lock:
            number = len(self.events) + 1
            self.events.append((number, name, json.loads(json.dumps(data))))
        self.do(self._send(number, name, data))

    def again(self, count: int) -> None:
        """The last events come once more."""
        for number, name, data in self.events[-count:]:
            self.do(self._send(number, name, data))

    def do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    async def _send(self, number: int, name: str, data: Json) -> None:
        for socket in self.sockets:
            if not socket.closed:
                await socket.send_json({"op": 0, "t": name, "s": number, "d": data})

    async def _close(self, code: int) -> None:
        sockets, self.sockets = self.sockets, []
        for socket in sockets:
            await socket.close(code=code)

    async def gateway(self, request: web.Request) -> web.StreamResponse:
        if self.is_away:
            raise web.HTTPServiceUnavailable
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 45_000}})
        async for message in socket:
            found = json.loads(message.data)
            if found["op"] == 2:
                given = found["d"]
                self.handshakes.append(("identify", given["intents"]))
                if given["token"] != self.token:
                    await socket.close(code=4004)
                elif given["intents"] & 1 << 15 and not self.has_content_intent:
                    await socket.close(code=4014)
                else:
                    session = self.new_id()
                    self.sessions.add(session)
                    ready = {
                        "v": 10, "user": BOT, "guilds": [{"id": GUILD, "unavailable": True}], "session_id": session,
                        "resume_gateway_url": self.gateway_url, "application": {"id": BOT["id"], "flags": 1 << 19},
                    }  # fmt: skip
                    start = len(self.events)
                    await socket.send_json({"op": 0, "t": "READY", "s": start, "d": ready})
                    await socket.send_json({"op": 0, "t": "GUILD_CREATE", "s": start, "d": self._guild()})
                    self.sockets.append(socket)
            elif found["op"] == 6:
                self.handshakes.append(("resume", found["d"]["seq"]))
                if found["d"]["session_id"] in self.sessions:
                    for number, name, data in self.events[found["d"]["seq"] or 0 :]:
                        await socket.send_json({"op": 0, "t": name, "s": number, "d": data})
                    self.sockets.append(socket)
                    await socket.send_json({"op": 0, "t": "RESUMED", "s": len(self.events), "d": {}})
                else:
                    await socket.send_json({"op": 9, "d": False})
            elif found["op"] == 1:
                await socket.send_json({"op": 11})
        return socket

    async def rest(self, request: web.Request) -> web.StreamResponse:
        if self.is_away:
            raise web.HTTPServiceUnavailable
        path, body, files = "/" + request.match_info["tail"], None, []
        if request.content_type == "application/json" and request.can_read_body:
            body = await request.json()
        elif request.content_type.startswith("multipart/"):
            async for part in await request.multipart():
                content = await part.read()
                if part.name == "payload_json":
                    body = json.loads(content)
                else:
                    files.append((part.filename or "", bytes(content)))
        call = Call(request.method, path, body, dict(request.query), files)
        self.calls.append(call)
        if request.headers.get("Authorization") != f"Bot {self.token}":
            return refused(401, 0, "401: Unauthorized")
        fault = self._fault(f"{call.method} {path}")
        if fault is not None and fault.answer is not None:
            return fault.answer()
        found = self._answer(call)
        if fault is not None:
            assert request.transport is not None
            request.transport.close()
        return found

    def _fault(self, request: str) -> Fault | None:
        for one in self.faults:
            if one.times and re.fullmatch(one.pattern, request):
                if one.after:
                    one.after -= 1
                    return None
                one.times -= 1
                return one
        return None

    def _answer(self, call: Call) -> web.Response:
        for pattern, method in ROUTES.items():
            if match := re.fullmatch(pattern, f"{call.method} {call.path}"):
                with self.lock:
                    found = method(self, call, *match.groups())
                return found if isinstance(found, web.Response) else answer(found)
        return refused(404, 0, "404: Not Found")

    def _history(self, call: Call, channel: str) -> Any:
        if channel not in self.threads and channel not in self.channels:
            return refused(404, 10003)
        found = sorted(self.messages.get(channel, {}).values(), key=lambda one: int(one["id"]))
        limit, after = int(call.query.get("limit", 50)), call.query.get("after")
        if after is not None:
            found = [one for one in found if int(one["id"]) > int(after)][:limit]
        # As with Discord, the nonce is told to whom writes alone.
        return [{name: value for name, value in one.items() if name != "nonce"} for one in reversed(found[-limit:])]

    def _write(self, call: Call, channel: str) -> Any:
        if channel not in self.threads and channel not in self.channels and not channel.startswith("77"):
            return refused(404, 10003)
        if len(call.body.get("content", "")) > 2000:
            return refused(400, 50035)
        nonce = call.body.get("nonce")
        if call.body.get("enforce_nonce"):
            for one in self.messages.get(channel, {}).values():
                if one.get("nonce") == nonce:
                    return one
        id_ = self.new_id()
        message = {**self._message(id_, channel, BOT, call.body["content"]), "nonce": nonce}
        message["attachments"] = [
            {"id": str(n), "filename": name, "size": len(content), "url": "x", "proxy_url": "x"}
            for n, (name, content) in enumerate(call.files)
        ]
        self.messages.setdefault(channel, {})[id_] = message
        if channel in self.threads:
            self.threads[channel]["last_message_id"] = id_
        self.soon = asyncio.ensure_future(self._send_soon({**message, "guild_id": GUILD}))
        return message

    async def _send_soon(self, message: Json) -> None:
        number = len(self.events) + 1
        self.events.append((number, "MESSAGE_CREATE", message))
        await self._send(number, "MESSAGE_CREATE", message)

    def _one(self, call: Call, channel: str, id_: str) -> Any:
        return self.messages.get(channel, {}).get(id_) or refused(404, 10008)

    def _active(self, call: Call, guild: str) -> Any:
        return {
            "threads": [one for one in self.threads.values() if not one["thread_metadata"]["archived"]],
            "members": [],
        }

    def _archived(self, call: Call, channel: str) -> Any:
        found = [
            one for one in self.threads.values() if one["parent_id"] == channel and one["thread_metadata"]["archived"]
        ]
        return {"threads": found, "members": [], "has_more": False}

    def _open_thread(self, call: Call, channel: str) -> Any:
        thread = self._thread(self.new_id(), channel, call.body["name"], BOT, [], call.body.get("type", PUBLIC))
        return answer(thread, 201)

    def _open_direct(self, call: Call) -> Any:
        if not self.direct_messages_open:
            return refused(403, 50007)
        return {"id": f"77{call.body['recipient_id']}", "type": 1}

    def _patch(self, call: Call, channel: str) -> Any:
        if channel not in self.threads:
            return refused(404, 10003)
        self.threads[channel] |= call.body
        return self.threads[channel]

    def _server(self, call: Call, guild: str) -> Any:
        return {"id": GUILD, "name": "Acme users"} if guild == GUILD else refused(404, 10004)

    def _see_channel(self, call: Call, channel: str) -> Any:
        found = self.channels.get(channel) or self.threads.get(channel)
        return found if found else refused(404, 10003)

    def _channel(self, id_: str, name: str, type_: int) -> Json:
        return {
            "id": id_,
            "guild_id": GUILD,
            "type": type_,
            "name": name,
            "position": 0,
            "permission_overwrites": [],
            "nsfw": False,
            "parent_id": None,
            "available_tags": [],
            "flags": 0,
        }

    def _thread(self, id_: str, parent: str, name: str, by: Json, tags: list[str], type_: int = PUBLIC) -> Json:
        at = self.now().isoformat()
        self.threads[id_] = {
            "id": id_, "guild_id": GUILD, "parent_id": parent, "owner_id": by["id"], "type": type_, "name": name, "message_count": 0,
            "member_count": 1, "total_message_sent": 0, "rate_limit_per_user": 0, "flags": 0, "applied_tags": tags, "last_message_id": None,
            "thread_metadata": {"archived": False, "auto_archive_duration": 1440, "archive_timestamp": at, "locked": False, "create_timestamp": at},
        }  # fmt: skip
        return self.threads[id_]

    def _message(self, id_: str, channel: str, by: Json, text: str) -> Json:
        return {
            "id": id_, "channel_id": channel, "author": by, "content": text, "timestamp": self.now().isoformat(), "edited_timestamp": None,
            "tts": False, "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": [], "embeds": [], "pinned": False,
            "type": 0, "flags": 0, "components": [],
        }  # fmt: skip

    def _guild(self) -> Json:
        role = {
            "id": GUILD,
            "name": "@everyone",
            "color": 0,
            "hoist": False,
            "position": 0,
            "permissions": "0",
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }
        staff = {**role, "id": "1001", "name": "Staff"}
        me = {
            "user": BOT,
            "roles": [],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
        }
        return {
            "id": GUILD, "name": "Acme users", "owner_id": EVE["id"], "region": "x", "roles": [role, staff], "emojis": [], "features": [],
            "member_count": 2, "members": [me], "channels": [*self.channels.values()],
            "threads": [one for one in self.threads.values() if not one["thread_metadata"]["archived"]], "voice_states": [], "presences": [],
            "stage_instances": [], "guild_scheduled_events": [], "verification_level": 0, "default_message_notifications": 0,
            "explicit_content_filter": 0, "mfa_level": 0, "system_channel_flags": 0, "premium_tier": 0, "preferred_locale": "en-US",
            "nsfw_level": 0, "stickers": [], "afk_timeout": 0, "application_id": None, "unavailable": False, "large": False,
        }  # fmt: skip

    async def cdn(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["key"])
        if self.is_away or content is None:
            raise web.HTTPNotFound
        return web.Response(body=content)


ROUTES: dict[str, Callable[..., Any]] = {
    r"GET /users/@me": lambda fake, call: BOT,
    r"GET /users/@me/guilds": lambda fake, call: [{"id": GUILD, "name": "Acme users"}],
    r"GET /oauth2/applications/@me": lambda fake, call: {
        "id": BOT["id"],
        "flags": 1 << 19 if fake.has_content_intent else 0,
        "name": "desk",
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "00",
        "owner": EVE,
        "team": None,
    },
    r"GET /guilds/(\d+)": Discord._server,
    r"GET /guilds/(\d+)/channels": lambda fake, call, guild: [*fake.channels.values()],
    r"GET /guilds/(\d+)/threads/active": Discord._active,
    r"GET /channels/(\d+)/threads/archived/public": Discord._archived,
    r"GET /channels/(\d+)": Discord._see_channel,
    r"PATCH /channels/(\d+)": Discord._patch,
    r"GET /channels/(\d+)/messages": Discord._history,
    r"POST /channels/(\d+)/messages": Discord._write,
    r"GET /channels/(\d+)/messages/(\d+)": Discord._one,
    r"POST /channels/(\d+)/threads": Discord._open_thread,
    r"PUT /channels/(\d+)/thread-members/(\d+)": lambda fake, call, thread, member: web.Response(status=204),
    r"POST /users/@me/channels": Discord._open_direct,
}


@contextmanager
def running() -> Iterator[Discord]:
    """A Discord that answers for as long as it is held."""
    fake, ready = Discord(), threading.Event()
    fake.loop = asyncio.new_event_loop()  # type: ignore[attr-defined]
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    app = web.Application(client_max_size=100 * 2**20)
    app.router.add_get("/gateway", fake.gateway)
    app.router.add_get("/gateway/", fake.gateway)
    app.router.add_route("*", "/api/v10/{tail:.*}", fake.rest)
    app.router.add_get("/cdn/{key}/{name}", fake.cdn)

    async def serve() -> None:
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        fake.port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        ready.set()
        await stopped.wait()
        await fake._close(1001)
        await runner.cleanup()

    def run() -> None:
        asyncio.set_event_loop(fake.loop)  # type: ignore[attr-defined]
        fake.loop.run_until_complete(serve())  # type: ignore[attr-defined]

    stopped = asyncio.Event()
    thread = threading.Thread(target=run, name="discord", daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield fake
    finally:
        fake.loop.call_soon_threadsafe(stopped.set)  # type: ignore[attr-defined]
        thread.join(10)


HOUR = timedelta(hours=1)
