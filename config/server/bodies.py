"""Between ASGI and WSGI: request bodies, the WSGI environment, and refusals that need no Django."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from io import BytesIO
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from accounts.web.bodies import TOO_LARGE

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

IN_MEMORY = 512 * 1024  # bytes of an upload before it goes to disk
FRAMING = 1024 * 1024  # bytes that the parts' headers and the small fields of a multipart body may add to an upload
HELD = "parley.held"  # in the ASGI scope: the memory that the request's body takes


@dataclass(frozen=True)
class Limits:
    """The largest bodies, in bytes: `upload` for a file in a multipart form, `body` for everything else; `seconds` for all
    of a body to arrive; `memory` for the bodies of all requests together."""

    body: int
    upload: int
    seconds: float = 60.0
    memory: int = 64 * 1024 * 1024


class Memory:
    """How many bytes of bodies this process holds in memory."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0


class Held:
    """One request's share of it."""

    __slots__ = ("memory", "refused", "size")

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.size = 0
        self.refused = False

    def take(self, size: int) -> None:
        self.size += size
        self.memory.used += size
        self.refused = self.refused or self.memory.used > self.memory.limit

    def give_back(self, size: int) -> None:
        size = min(size, self.size)
        self.size -= size
        self.memory.used -= size

    def release(self) -> None:
        self.give_back(self.size)


class Body:
    """A request's body. Use it as a context manager, which throws it away."""

    def __init__(self, headers: Mapping[bytes, bytes], limits: Limits, memory: Memory, held: Held | None) -> None:
        self.limits = limits
        self.counts = held is None  # whether the server counts what it has received
        self.held = held or Held(memory)
        self.is_form = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        self.is_awaited = b"expect" in headers  # The client sends it when it is asked to.
        length = headers.get(b"content-length", b"")
        self.announced = int(length) if length.isdigit() else 0
        self.limit = limits.upload + FRAMING if self.is_form else limits.body
        self.file: IO[bytes] = BytesIO()
        self.size = 0
        self.on_disk = 0  # bytes that are in no memory
        self.is_complete = self.announced == 0 and b"transfer-encoding" not in headers
        self.is_gone = False  # the client left in the middle of it
        self.is_let_in = False  # before, what has come is kept: the view may take more than the usual
        self.too_large = self.announced > self.limit

    def __enter__(self) -> Body:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.throw_away()

    def throw_away(self) -> None:
        try:
            self.file.close()
        except OSError:
            pass  # What a full disk did not take cannot be written now either.
        self.held.release()

    @property
    def has_no_room(self) -> bool:
        return self.held.refused

    @property
    def is_settled(self) -> bool:
        """Stop reading it."""
        return self.is_complete or self.is_gone or self.too_large or self.has_no_room

    def let_in(self, *, files: bool, largest: int | None = None) -> None:
        """Accept all of it from here on: up to the size of an upload, and then on disk, where the view takes files; up to
        `largest` bytes, likewise, where the view says so."""
        if largest is not None or (files and self.is_form):
            begun = self.file
            self.file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by __exit__
            self.file.write(begun.getvalue() if isinstance(begun, BytesIO) else b"")
        if largest is not None or not (files and self.is_form):
            self.limit = self.limits.body if largest is None else largest
            self.too_large = max(self.announced, self.size) > self.limit
        self.is_let_in = True

    async def read(self, receive: Receive, *, upto: int | None = None) -> None:
        """Read on until it is settled, or longer than `upto` bytes. Raises OSError where a disk is full."""
        while not self.is_settled and (upto is None or self.size < upto):
            message = await receive()
            if message["type"] == "http.disconnect":
                self.is_gone = True
                return
            piece = message.get("body", b"")
            if self.counts:
                self.held.take(len(piece))
            self.size += len(piece)
            self.too_large = self.size > self.limit
            self.is_complete = not message.get("more_body")
            if not self.too_large or not self.is_let_in:
                self._keep(piece)

    def _keep(self, piece: bytes) -> None:
        self.file.write(piece)
        if isinstance(self.file, SpooledTemporaryFile) and self.size > IN_MEMORY:
            self.held.give_back(self.size - self.on_disk)
            self.on_disk = self.size

    async def drain(self, receive: Receive) -> None:
        """Throw away what still comes: a client that is refused while it sends may never see the answer otherwise."""
        most = max(self.limits.upload + FRAMING, self.limit)
        while not self.is_complete and not self.is_gone and self.size <= most:
            message = await receive()
            piece = message.get("body", b"")
            self.held.give_back(len(piece))
            self.size += len(piece)
            self.is_gone = message["type"] == "http.disconnect"
            self.is_complete = not message.get("more_body")


def wsgi_environ(scope: Scope, body: Body) -> dict[str, Any]:
    """The WSGI environment of a request (PEP 3333). A body that is not whole is left out."""
    is_whole = body.is_complete and not body.too_large
    if is_whole:
        body.file.seek(0)
    host, port = scope.get("server") or ("localhost", 80)
    raw = scope.get("raw_path")
    path = unquote_to_bytes(raw) if raw is not None else scope["path"].encode()
    env: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": path.decode("latin-1"),  # WSGI's way to hold bytes in a string
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body.file if is_whole else BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    if scope.get("client"):
        env["REMOTE_ADDR"], env["REMOTE_PORT"] = scope["client"][0], str(scope["client"][1])
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:  # X_Forwarded_For must not pass as X-Forwarded-For.
            continue
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        if name in env:
            value = env[name] + ("; " if name == "HTTP_COOKIE" else ",") + value
        env[name] = value
    # True also for a chunked body, which announces no length, and for one that was thrown away.
    env["CONTENT_LENGTH"] = str(body.size if is_whole else 0)
    env.pop("HTTP_TRANSFER_ENCODING", None)
    if body.too_large:
        env[TOO_LARGE] = True
    return env
