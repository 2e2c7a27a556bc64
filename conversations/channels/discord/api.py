"""Discord's HTTP API for what the worker and the commands ask: one request at a time, with its rate limits and its refusals.

The limits that Discord states are kept for the process: a request that would exceed one is not made. Refusals are sentences that
agents and admins read; they never hold the token.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.conf import settings

from conversations.models import DiscordBot

logger = logging.getLogger(__name__)

API = "https://discord.com/api/v10"
GATEWAY = "wss://gateway.discord.gg/"
CONNECT, SILENCE = 5.0, 20.0  # seconds
LARGEST = 8 * 2**20  # bytes of an answer
LONGEST_WAIT = 5.0  # seconds that a request waits for its turn; what has to wait longer is refused
UNKNOWN_ROUTE = 0
"""The code of a 404 that is about the path, not about the thing."""
UNKNOWN_MESSAGE, UNKNOWN_CHANNEL, NO_DIRECT_MESSAGES, UNKNOWN_MEMBER = 10008, 10003, 50007, 10007
Json = Any
Upload = tuple[str, bytes, str]
"""A file: its name, its bytes and its type."""


class Failure(Exception):
    """A request that was not done. `reason` is a sentence."""

    def __init__(
        self, reason: str, *, status: int = 0, code: int = 0, after: float = 0.0, is_uncertain: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason, self.status, self.code, self.after, self.is_uncertain = reason, status, code, after, is_uncertain

    @property
    def is_permanent(self) -> bool:
        """Whether asking again would be answered the same."""
        return self.status in (400, 401, 403, 404, 405, 413)

    @property
    def is_missing(self) -> bool:
        return self.status == 404


class RateLimited(Failure):
    """Discord asks to wait for `after` seconds; `is_global`: with everything."""

    def __init__(self, after: float, *, is_global: bool = False) -> None:
        super().__init__("Discord asks to wait before more is sent.", status=429, after=after)
        self.is_global = is_global


class _Limits:
    """The limits of each token, as Discord has stated them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def wait(self, *names: str) -> float:
        """Seconds until a request under these names may be made."""
        now = time.monotonic()
        with self._lock:
            return max(0.0, *(self._until.get(name, 0.0) - now for name in names))

    def close(self, name: str, seconds: float) -> None:
        """Make no request under this name for so many seconds."""
        now = time.monotonic()
        with self._lock:
            self._until = {key: until for key, until in self._until.items() if until > now}
            self._until[name] = max(self._until.get(name, 0.0), now + max(0.0, seconds))


_limits = _Limits()
_ID = re.compile(r"\d{2,}")


class Api:
    """The API for one token."""

    def __init__(self, token: str, url: str = "") -> None:
        self.token, self.url = token, (url or API).rstrip("/")
        self.is_custom = self.url != API
        self._name = hashlib.sha256(f"{self.url} {token}".encode()).hexdigest()

    @classmethod
    def of(cls, bot: DiscordBot) -> Api:
        """The API of a bot. Raises `sealed.Unreadable`."""
        return cls(bot.token, bot.api_url)

    def get(self, path: str, **query: object) -> Json:
        return self.ask("GET", path, query=query)

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Json = None,
        files: Sequence[Upload] = (),
        query: Mapping[str, object] | None = None,
    ) -> Json:
        """The JSON of the answer. Raises Failure; after a 429 the request is made again once its time has come, if that is soon."""
        bucket = f"{self._name} {method} {_route(path)}"
        waited = 0.0
        while True:
            wait = _limits.wait(bucket, self._name)
            if waited + wait > LONGEST_WAIT:
                raise RateLimited(wait)
            if wait:
                time.sleep(wait)
                waited += wait
            try:
                return self._once(method, path, bucket, body, files, query or {})
            except RateLimited as limited:
                _limits.close(self._name if limited.is_global else bucket, limited.after)
                if waited + limited.after > LONGEST_WAIT:
                    raise

    def _once(
        self, method: str, path: str, bucket: str, body: Json, files: Sequence[Upload], query: Mapping[str, object]
    ) -> Json:
        import httpx2  # most processes never need it

        given: dict[str, Any] = {
            "headers": {"Authorization": f"Bot {self.token}", "User-Agent": f"DiscordBot ({settings.PUBLIC_URL}, 1)"}
        }
        if files:
            given["data"] = {"payload_json": json.dumps(body)}
            given["files"] = [(f"files[{number}]", one) for number, one in enumerate(files)]
        elif body is not None:
            given["json"] = body
        if query:
            given["params"] = {name: str(value) for name, value in query.items()}
        timeout = httpx2.Timeout(connect=CONNECT, read=SILENCE, write=SILENCE, pool=CONNECT)
        try:
            with (
                httpx2.Client(timeout=timeout, follow_redirects=False) as client,
                client.stream(method, f"{self.url}{path}", **given) as response,
            ):
                data = b""
                for piece in response.iter_bytes():
                    data += piece
                    if len(data) > LARGEST:
                        raise Failure("Discord's answer is too large.", status=response.status_code)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise Failure("Discord cannot be reached.") from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError, UnicodeError) as error:
            raise Failure("The address of the API, or the token, is not valid.", status=400) from error
        except httpx2.RequestError as error:
            raise Failure("Discord ended the connection before it answered.", is_uncertain=True) from error
        self._note(bucket, response.headers)
        return self._answer(response.status_code, response.headers, _json(data))

    def _note(self, bucket: str, headers: Mapping[str, str]) -> None:
        """Keep to what the answer says is left."""
        with suppress(ValueError):
            if headers.get("x-ratelimit-remaining") and int(float(headers["x-ratelimit-remaining"])) <= 0:
                _limits.close(bucket, min(float(headers.get("x-ratelimit-reset-after") or 0), 3600))

    def _answer(self, status: int, headers: Mapping[str, str], found: Json) -> Json:
        if 200 <= status < 300:
            return found
        about = found if isinstance(found, Mapping) else {}
        code = about.get("code")
        code = code if isinstance(code, int) else 0
        if status == 429:
            is_global = bool(about.get("global")) or headers.get("x-ratelimit-global", "").lower() == "true"
            raise RateLimited(_seconds(about.get("retry_after"), headers.get("retry-after")), is_global=is_global)
        logger.info("discord_refused status=%s code=%s", status, code)
        raise Failure(reason(status, code), status=status, code=code, is_uncertain=status >= 500)


REASONS = {
    401: "Discord does not accept the bot's token any more.",
    403: "The bot lacks a permission on Discord for this.",
    404: "This is gone on Discord.",
    413: "Discord does not take files of this size.",
}
REASONS_BY_CODE = {
    10003: "The thread is gone on Discord.",
    10004: "The bot is not a member of this Discord server.",
    40005: "Discord does not take files of this size.",
    50001: "The bot cannot see this channel on Discord. Give its role the permission to view it.",
    50007: "This person takes no direct messages.",
    50013: "The bot lacks a permission on Discord for this, such as sending messages in threads.",
    50083: "The thread is archived and locked on Discord.",
    160005: "The thread is locked on Discord. Unlock it there, or let the bot's role manage threads.",
    240000: "Discord's word filter of this server blocks this text.",
    200000: "Discord's word filter of this server blocks this text.",
}


def reason(status: int, code: int) -> str:
    """A refusal in plain words."""
    if code in REASONS_BY_CODE:
        return REASONS_BY_CODE[code]
    if status >= 500:
        return "Discord has a problem of its own at present."
    return REASONS.get(status, f"Discord refused this ({status}{f', code {code}' if code else ''}).")


def _route(path: str) -> str:
    """The bucket of a path: by its channel, guild or webhook, whatever comes after."""
    first, _, rest = path.lstrip("/").partition("/")
    major, _, rest = rest.partition("/")
    return f"{first}/{major}/{_ID.sub('', rest)}"


def _json(data: bytes) -> Json:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _seconds(*values: object) -> float:
    """The first that is a number of seconds; a second where none is."""
    for value in values:
        with suppress(TypeError, ValueError):
            seconds = float(value)  # type: ignore[arg-type]  # what is no number raises
            if 0 <= seconds < 86_400:
                return seconds
    return 1.0
