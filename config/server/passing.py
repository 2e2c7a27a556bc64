"""One request on its way through the front: its id, its door, and how long its answer took."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from config.server.bodies import Scope, Send
from config.server.metrics import KINDS, Metrics

PASSING = "parley.passing"  # in the ASGI scope
HEADER = b"x-request-id"
READ, WRITE, LIVE = (KINDS.index(name) for name in ("read", "write", "live"))
_ID = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Passing:
    """Sends the answer of one request, gives it the request's id, and counts it."""

    __slots__ = ("began", "door", "id", "kind", "metrics", "send_on")

    def __init__(self, scope: Scope, id: str, door: int, metrics: Metrics, send: Send) -> None:
        self.id = id
        self.door = door
        self.kind = READ if scope["method"] in _SAFE else WRITE
        self.metrics = metrics
        self.send_on = send
        self.began = time.perf_counter()
        scope[PASSING] = self

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], (HEADER, self.id.encode())]
            self.metrics.answered(self.door, self.kind, message["status"], time.perf_counter() - self.began)
        await self.send_on(message)

    def is_whole(self) -> None:
        """Its body has come: what is measured is how long the desk takes, not how long the client does."""
        self.began = time.perf_counter()


class Desk:
    """What is known of the requests of a desk: whom to believe their ids, their doors, and the counts of this process."""

    def __init__(self, metrics: Metrics, *, door_of: Callable[[str], int] | None = None, proxies: int = 0) -> None:
        self.metrics = metrics
        self.door_of = door_of or (lambda path: 0)
        self.proxies = proxies

    def enter(self, scope: Scope, headers: Mapping[bytes, bytes], send: Send) -> Passing:
        return Passing(scope, self._id(headers), self.door_of(scope["path"]), self.metrics, send)

    def _id(self, headers: Mapping[bytes, bytes]) -> str:
        """What a proxy of ours says, where it is short and plain; else a new one."""
        given = headers.get(HEADER) if self.proxies else None
        if given is not None and _ID.fullmatch(given):
            return given.decode("ascii")
        return os.urandom(12).hex()
