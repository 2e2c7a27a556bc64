"""Between ASGI and WSGI: request bodies, the WSGI environment, and refusals that need no Django."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any
from urllib.parse import unquote_to_bytes

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

IN_MEMORY = 512 * 1024  # bytes of a body before it goes to disk
FRAMING = 1024 * 1024  # bytes that the parts' headers and the small fields of a multipart body may add to an upload
PATIENCE = 30.0  # seconds between two pieces of a body
TOO_LARGE = "parley.body_too_large"


@dataclass(frozen=True)
class Limits:
    """The largest bodies, in bytes: `upload` for a file in a multipart form, `body` for everything else."""

    body: int
    upload: int


class Body:
    """A request's body, on disk if it is large. Use it as a context manager, which throws it away."""

    def __init__(self) -> None:
        self.file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by __exit__
        self.size = 0
        self.too_large = False
        self.complete = True  # False when the client was not heard out: the connection cannot be used again

    def __enter__(self) -> Body:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()


async def read_body(scope: Scope, receive: Receive, limits: Limits) -> Body | None:
    """Read the whole body; None when the client leaves or falls silent in the middle of it.

    One that is over its limit comes back empty and marked `too_large`. It is still read, as far as the largest
    permitted upload, because a client that is refused while it is sending may never see the answer.
    """
    headers = dict(scope["headers"])
    is_form = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
    limit = limits.upload + FRAMING if is_form else limits.body
    patience = limits.upload + FRAMING
    announced = headers.get(b"content-length", b"")
    body = Body()
    if announced.isdigit() and int(announced) > limit:
        body.too_large = True
        if int(announced) > patience or b"expect" in headers:  # Whoever asks first has sent nothing yet.
            body.complete = False
            return body
    try:
        while True:
            async with asyncio.timeout(PATIENCE):
                message = await receive()
            if message["type"] == "http.disconnect":
                body.file.close()
                return None
            piece = message.get("body", b"")
            body.size += len(piece)
            if body.size > limit:
                body.too_large = True
            if not body.too_large and piece:
                body.file.write(piece)
            if not message.get("more_body"):
                break
            if body.size > patience:
                body.complete = False
                break
    except TimeoutError:
        body.file.close()
        return None
    except BaseException:
        body.file.close()
        raise
    if body.too_large:
        body.size = 0
        body.file.seek(0)
        body.file.truncate()
    body.file.seek(0)
    return body


def environ(scope: Scope, body: Body) -> dict[str, Any]:
    """The WSGI environment of a request (PEP 3333)."""
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
        "wsgi.input": body.file,
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
    env["CONTENT_LENGTH"] = str(body.size)
    env.pop("HTTP_TRANSFER_ENCODING", None)
    if body.too_large:
        env[TOO_LARGE] = True
    return env


async def refuse(
    send: Send, status: int, text: str, headers: dict[bytes, bytes] | None = None, *, close: bool = False
) -> None:
    """A short answer in plain text."""
    content = f"{text}\n".encode()
    fields = {b"content-type": b"text/plain; charset=utf-8", b"content-length": str(len(content)).encode()}
    fields |= headers or {}
    if close:
        fields[b"connection"] = b"close"
    await send({"type": "http.response.start", "status": status, "headers": list(fields.items())})
    await send({"type": "http.response.body", "body": content})
