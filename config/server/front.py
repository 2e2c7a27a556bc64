"""The web front: Django's WSGI handler in a few threads, and live responses on the event loop.

One hop into a thread per request, no more: Django's own ASGI handler starts a thread per request and hops between
loop and thread for every middleware and signal (docs/adr/0004-web-front.md has the measurements). What may take long
never holds a thread: bodies are read and answers are sent by the loop, and a `LiveResponse` is followed by it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from django.http import HttpResponse
from django.http.response import HttpResponseBase

from accounts.access import Guard
from accounts.hub import Hub
from accounts.live import LiveContext, LiveResponse, keepalive
from config.server import wire
from config.server.wire import Receive, Scope, Send

logger = logging.getLogger(__name__)
T = TypeVar("T")

KEEPALIVE_AFTER = 15.0  # seconds of silence on a stream
STREAM_LIFE = 900.0  # seconds; a longer one ends and the client connects again
WAIT_LIMIT = 5.0  # seconds; while a request has waited that long for a thread, no other is let in
CLOSE_LIMIT = 5.0  # seconds that a cancelled generator may take to tidy up
_END = object()


class Front:
    """The ASGI application. At most `threads` requests are in Django at once and `queue` more may wait.

    The queue is long, because all pages reconnect their streams at once when the desk restarts, and a browser gives up
    on a stream that answers 503. It is the time that says whether the desk is overloaded.
    """

    def __init__(self, handler: WSGIHandler, *, threads: int, queue: int, body_limit: int, upload_limit: int) -> None:
        self.handler = handler
        self.limits = wire.Limits(body=body_limit, upload=upload_limit)
        self.queue = queue
        self.waiting: deque[float] = deque()  # since when each request waits for a thread, the oldest first
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="django")
        self.hub = Hub()
        self.context = LiveContext(self.hub, self._run_for_stream)
        self.guard = Guard(self._run_for_stream)
        self.streams: set[asyncio.Task[None]] = set()
        self.closing = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    def end_streams(self) -> None:
        """End every live response soon: the server is about to stop. Call it on the loop."""
        self.closing = True
        for watcher in self.streams:
            watcher.cancel()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.end_streams()
                await self.hub.close()
                self.pool.shutdown(wait=False, cancel_futures=True)
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await wire.read_body(scope, receive, self.limits)
        if body is None:
            return  # The client left in the middle of it.
        with body:
            if body.too_large and not scope["path"].startswith("/api/"):
                await wire.refuse(send, 413, "The request is too large.", close=not body.complete)
                return
            if self._is_full():
                await wire.refuse(send, 503, "The desk is busy. Try again in a moment.", {b"retry-after": b"1"})
                return
            environ = wire.environ(scope, body)
            self.waiting.append(time.monotonic())
            status, headers, response, content = await self._in_pool(self._django, environ)
            if not body.complete:
                headers.append((b"connection", b"close"))
            if isinstance(response, LiveResponse):
                await self._follow(scope, status, headers, response, receive, send)
            elif content is None:
                await self._send_pieces(status, headers, response, send)
            else:
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": content})

    def _is_full(self) -> bool:
        try:
            oldest = self.waiting[0]
        except IndexError:
            return False
        return len(self.waiting) >= self.queue or time.monotonic() - oldest > WAIT_LIMIT

    def _django(self, environ: dict[str, Any]) -> tuple[int, wire.Headers, HttpResponseBase, bytes | None]:
        """In a thread: the whole of Django. The content is None when the response comes in pieces."""
        self.waiting.popleft()  # The pool takes them in their order.
        started: list[tuple[int, wire.Headers]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
            started.append((int(status.split(" ", 1)[0]), encoded))
            return _no_write

        response: HttpResponseBase = self.handler(environ, start_response)
        status, headers = started[0]
        if response.streaming:
            return status, headers, response, None
        assert isinstance(response, HttpResponse)
        content = response.content
        response.close()  # Signals the end of the request: Django lets go of its connection here.
        return status, headers, response, content

    async def _send_pieces(self, status: int, headers: wire.Headers, response: Any, send: Send) -> None:
        """A StreamingHttpResponse: each piece is made in a thread. For files and exports, not for waiting."""
        pieces = iter(response)
        try:
            await send({"type": "http.response.start", "status": status, "headers": headers})
            while (piece := await self._in_pool(next, pieces, _END)) is not _END:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            await self._in_pool(response.close)
        await send({"type": "http.response.body", "body": b""})

    async def _follow(
        self, scope: Scope, status: int, headers: wire.Headers, response: LiveResponse, receive: Receive, send: Send
    ) -> None:
        headers = [pair for pair in headers if pair[0] != b"content-length"]  # CommonMiddleware measured the stand-in.
        stream = _Stream(status, headers, response, send)
        if scope["method"] == "HEAD" or self.closing:
            await stream.finish()
            return
        source = response.follow(self.context)
        watcher = asyncio.ensure_future(_until_gone(receive))
        self.streams.add(watcher)
        try:
            with self.guard.watching(response.access, watcher.cancel):
                await stream.pump(source, watcher)
        except Exception:
            logger.exception("live_response_failed path=%s", scope["path"])
            stream.failed()
        finally:
            self.streams.discard(watcher)
            watcher.cancel()
            await _close(source)
        await stream.finish()

    async def _run_for_stream(self, function: Callable[[], object]) -> object:
        """What `LiveContext.run` calls: the function in a request thread, with a database connection in good order."""

        def call() -> object:
            close_old_connections()
            try:
                return function()
            finally:
                close_old_connections()

        return await self._in_pool(call)

    async def _in_pool(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, function, *args)


class _Stream:
    """One live response on its way out."""

    def __init__(self, status: int, headers: wire.Headers, response: LiveResponse, send: Send) -> None:
        self.status, self.headers, self.response, self.send = status, headers, response, send
        self.begun = False

    async def pump(self, source: AsyncIterator[bytes | HttpResponse], gone: asyncio.Task[None]) -> None:
        """Send what the generator yields until it ends, the client is gone or the stream has lived long enough."""
        loop = asyncio.get_running_loop()
        end = loop.time() + STREAM_LIFE * random.uniform(0.9, 1)  # noqa: S311 - spreads the reconnecting, no secret
        if not self.response.held:
            await self.begin()
        item = asyncio.ensure_future(_next(source))
        try:
            while (left := end - loop.time()) > 0:
                await asyncio.wait(
                    {item, gone}, timeout=min(KEEPALIVE_AFTER, left), return_when=asyncio.FIRST_COMPLETED
                )
                if gone.done():
                    return
                if not item.done():
                    if self.begun and self.response.is_sse:
                        await self.body(keepalive)
                    continue
                piece = item.result()
                if piece is None:
                    return
                if isinstance(piece, HttpResponse):
                    await self.answer(piece)
                    return
                await self.body(piece)
                item = asyncio.ensure_future(_next(source))
        finally:
            if not item.done():
                item.cancel()
                await asyncio.wait({item}, timeout=CLOSE_LIMIT)

    async def answer(self, whole: HttpResponse) -> None:
        """A held response is replaced by a complete one; what the middleware said stays unless that says otherwise."""
        if self.begun:
            raise TypeError("a complete response can only be the first item of a held LiveResponse")
        own = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in whole.items()]
        own += [(b"set-cookie", morsel.OutputString().encode("latin-1")) for morsel in whole.cookies.values()]
        said = {name for name, _ in own} - {b"set-cookie"}
        self.headers = [pair for pair in self.headers if pair[0] not in said] + own
        self.status = whole.status_code
        await self.body(whole.content)

    def failed(self) -> None:
        if not self.begun:
            self.status = 500

    async def begin(self) -> None:
        self.begun = True
        await self.send({"type": "http.response.start", "status": self.status, "headers": self.headers})

    async def body(self, piece: bytes) -> None:
        if not self.begun:
            await self.begin()
        await self.send({"type": "http.response.body", "body": piece, "more_body": True})

    async def finish(self) -> None:
        if not self.begun:
            await self.begin()
        await self.send({"type": "http.response.body", "body": b""})


def _no_write(_data: bytes) -> None:
    """WSGI's old way to send a body, which Django never uses."""


async def _next(source: AsyncIterator[bytes | HttpResponse]) -> bytes | HttpResponse | None:
    return await anext(source, None)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _close(source: Any) -> None:
    """Let the generator run its `finally` blocks."""
    if (aclose := getattr(source, "aclose", None)) is None:
        return
    try:
        async with asyncio.timeout(CLOSE_LIMIT):
            await aclose()
    except Exception:
        logger.exception("live_response_close_failed")
