"""The web front: Django's WSGI handler in a few threads, and live responses on the event loop.

One hop into a thread per request, no more: Django's own ASGI handler starts a thread per request and hops between
loop and thread for every middleware and signal (docs/adr/0004-web-front.md has the measurements). What may take long
never holds a thread: bodies are read and answers are sent by the loop, and a `LiveResponse` is followed by it.

A body that does not come along with its request is read only when Django has let the request in (accounts/web/bodies.py),
which costs a second hop. Its limits are explained in docs/adr/0010-limits-of-the-web-front.md.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any, NamedTuple, TypeVar

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase, ResponseHeaders

from accounts import log_context
from accounts.credentials import remembered
from accounts.live.access import Guard
from accounts.live.hub import Hub
from accounts.live.responses import LiveContext, LiveResponse, keepalive
from accounts.web import bodies
from accounts.web.bodies import BodyWanted
from config.server.bodies import HELD, Body, Headers, Limits, Memory, Receive, Scope, Send, wsgi_environ
from config.server.connections import CONNECTION
from config.server.metrics import Metrics
from config.server.passing import LIVE, PASSING, Desk
from config.server.visitors import Visit, Visitors
from conversations.api import fallbacks, outages
from conversations.api.problems import Problem

logger = logging.getLogger(__name__)
T = TypeVar("T")

KEEPALIVE_AFTER = 15.0  # seconds of silence on a stream
STREAM_LIFE = 900.0  # seconds; a longer one ends and the client connects again
WAIT_LIMIT = 5.0  # seconds; while a request has waited that long for a thread, no other is let in
TOGETHER = 0.02  # seconds that a body may take to count as sent along with its request
FIRST = 64 * 1024  # bytes of a body that are read before the request is let in
FRESH = 2.0  # seconds that a key need not be looked up again
DRAIN_LIMIT = 5.0  # seconds that a refused client is listened to, so that it sees the answer
PROBE, SAFE = "/healthz", frozenset({"GET", "HEAD", "OPTIONS"})
WORDED = bodies.OWN_WORDS
CLOSE_LIMIT = 5.0  # seconds that a cancelled generator may take to tidy up
_END = object()
_BUSY = Problem(503, "unavailable", "The desk is busy. Try again in a moment.", headers={"Retry-After": "1"})
_PROBE_BODY = b'{"status": "ok"}'
_PROBE_HEADERS: Headers = [
    (b"content-type", b"application/json"),
    (b"content-length", b"%d" % len(_PROBE_BODY)),
]
_TOO_MANY = Problem(429, "rate_limited", "Too many requests from your address at once.", headers={"Retry-After": "1"})
_TOO_LATE = Problem(408, "request_timeout", "The request did not arrive in time.")
_TOO_LARGE = Problem(413, "payload_too_large", "The request is too large.")


class Answer(NamedTuple):
    """What Django made of a request. The content is None when the response comes in pieces, or is live.

    `context` is the view's: its language and what the log says of it go on for the pieces, and what they open stays theirs.
    """

    status: int
    headers: Headers
    response: HttpResponseBase
    content: bytes | None
    context: Context


class _Refused(Exception):
    """The request is answered without a view."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Front:
    """The ASGI application. At most `threads` requests are in Django at once and `queue` more may wait.

    The queue is long, because all pages reconnect their streams at once when the desk restarts, and a browser gives up
    on a stream that answers 503. It is the time that says whether the desk is overloaded.
    """

    def __init__(
        self,
        handler: WSGIHandler,
        *,
        threads: int,
        queue: int,
        limits: Limits,
        visitors: Visitors,
        desk: Desk | None = None,
    ) -> None:
        self.handler = handler
        self.desk = desk or Desk(Metrics(["desk"]))
        self.limits = limits
        self.memory = Memory(limits.memory)
        self.visitors = visitors
        self.queue = queue
        self.waiting: deque[float] = deque()  # since when each request waits for a thread, the oldest first
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="django")
        self.hub = Hub()
        self.context = LiveContext(self.hub, self.pool)
        self.guard = Guard(self.context.run)
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
            if message["type"] == "lifespan.startup":
                self.streams.add(asyncio.get_running_loop().create_task(remembered.follow(self.hub), name="keys"))
            if message["type"] == "lifespan.shutdown":
                self.end_streams()
                await self.hub.close()
                self.pool.shutdown(wait=False, cancel_futures=True)
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == PROBE and scope["method"] in ("GET", "HEAD"):
            await _send_whole(send, 200, _PROBE_HEADERS, _PROBE_BODY)
            return
        headers = dict(scope["headers"])
        passing = self.desk.enter(scope, headers, send)
        send = passing.send
        log_context.begin({"request": passing.id})
        visit = self.visitors.enter(scope, headers)
        with Body(headers, self.limits, self.memory, scope.get(HELD)) as body:
            if visit is None:
                await self._refuse(_TOO_MANY, scope, body, receive, send)
                return
            try:
                await self._visit(visit, scope, body, receive, send)
            finally:
                visit.end()

    async def _visit(self, visit: Visit, scope: Scope, body: Body, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(visit, scope, body, receive)
        except _Refused as refusal:
            await self._refuse(refusal.problem, scope, body, receive, send)
            return
        if answer is None:
            return
        if not body.is_complete:
            answer.headers.append((b"connection", b"close"))
        if isinstance(answer.response, LiveResponse):
            visit.end()
            body.throw_away()
            await self._follow(scope, answer, receive, send)
        elif answer.content is None:
            await self._send_pieces(answer, send)
        else:
            await self._send_answer(answer.status, answer.headers, answer.content, body, receive, send)

    async def _answer(self, visit: Visit, scope: Scope, body: Body, receive: Receive) -> Answer | None:
        """Read the body if the request is let in, and ask Django. None when the client leaves. Raises _Refused."""
        known: dict[str, Any] = {}
        if not body.is_complete:
            began = time.monotonic()
            await self._read(body, receive, TOGETHER, upto=min(FIRST, self.limits.body))
            if scope["method"] not in SAFE and (body.too_large or not body.is_settled):
                environ = wsgi_environ(scope, body) | {bodies.PENDING: True}
                answer = await self._ask(visit, environ)
                if not isinstance(answer.response, BodyWanted):
                    return answer
                if bodies.KNOWN in environ and (connection := scope.get(CONNECTION)) is not None:
                    connection.accept()
                body.let_in(files=answer.response.files, largest=answer.response.largest)
                if not await self._read(body, receive, began + self.limits.seconds - time.monotonic()):
                    raise _Refused(_TOO_LATE)
                known[bodies.ASKED] = True
                if time.monotonic() - began < FRESH and bodies.GRANT in environ:
                    known[bodies.GRANT] = environ[bodies.GRANT]
            scope[PASSING].is_whole()
            if body.is_gone:
                return None
            if body.has_no_room:
                raise _Refused(_BUSY)
            if body.too_large and not scope["path"].startswith(WORDED):
                raise _Refused(_TOO_LARGE)
        return await self._ask(visit, wsgi_environ(scope, body) | known)

    async def _read(self, body: Body, receive: Receive, seconds: float, *, upto: int | None = None) -> bool:
        """Read on; False when that took too long. Raises _Refused where there is no room on the disk."""
        if body.is_awaited and upto is not None:
            return True
        try:
            async with asyncio.timeout(seconds):
                await body.read(receive, upto=upto)
        except TimeoutError:
            return False
        except OSError as error:
            if (problem := outages.of(error)) is None:
                raise
            raise _Refused(problem) from error
        return True

    async def _ask(self, visit: Visit, environ: dict[str, Any]) -> Answer:
        """Let Django answer, in a thread. Raises _Refused while too many wait."""
        if self._is_full():
            raise _Refused(_BUSY)
        self.waiting.append(time.monotonic())
        answer = await self._in_pool(self._django, environ, log_context.current())
        if bodies.KNOWN in environ:
            visit.accept()
        return answer

    async def _refuse(self, problem: Problem, scope: Scope, body: Body, receive: Receive, send: Send) -> None:
        response = self._worded(scope, problem)
        headers = [*_encoded(response.items()), (b"content-length", b"%d" % len(response.content))]
        if not body.is_complete:
            headers.append((b"connection", b"close"))
        await self._send_answer(response.status_code, headers, response.content, body, receive, send)

    def _worded(self, scope: Scope, problem: Problem) -> HttpResponse:
        """An answer that needs no view: in the wire format whose path it is, else a page or plain text."""
        request = WSGIRequest(wsgi_environ(scope, Body({}, self.limits, self.memory, None)))
        response = fallbacks.in_format(request, problem)
        if response is None:
            response = fallbacks.worded(request, problem.status, problem.message)
            for name, value in problem.headers.items():
                response[name] = value
        return response

    async def _send_answer(
        self, status: int, headers: Headers, content: bytes, body: Body, receive: Receive, send: Send
    ) -> None:
        """Send a whole answer; while the client is still sending, listen for a moment before the connection is closed."""
        if body.is_complete or body.is_awaited:
            await _send_whole(send, status, headers, content)
            return
        body.throw_away()
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content, "more_body": True})
        try:
            async with asyncio.timeout(DRAIN_LIMIT):
                await body.drain(receive)
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b""})

    def _is_full(self) -> bool:
        try:
            oldest = self.waiting[0]
        except IndexError:
            return False
        return len(self.waiting) >= self.queue or time.monotonic() - oldest > WAIT_LIMIT

    def _django(self, environ: dict[str, Any], facts: log_context.Facts) -> Answer:
        """In a thread: the whole of Django."""
        self.waiting.popleft()  # The pool takes them in their order.
        with log_context.about(facts):
            return self._handled(environ)

    def _handled(self, environ: dict[str, Any]) -> Answer:
        started: list[tuple[int, Headers]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], object]:
            started.append((int(status.split(" ", 1)[0]), _encoded(headers)))
            return _no_write

        response: HttpResponseBase = self.handler(environ, start_response)
        status, headers = started[0]
        if response.streaming:
            return Answer(status, headers, response, None, copy_context())
        assert isinstance(response, HttpResponse)
        content = response.content
        response.close()  # Signals the end of the request: Django lets go of its connection here.
        return Answer(status, headers, response, content, copy_context())

    async def _send_pieces(self, answer: Answer, send: Send) -> None:
        """A StreamingHttpResponse: each piece is made in any thread. For files and exports, not for waiting."""
        response: Any = answer.response
        pieces, within = iter(response), answer.context.run
        try:
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            while (piece := await self._in_pool(within, next, pieces, _END)) is not _END:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        finally:
            await self._in_pool(within, response.close)
        await send({"type": "http.response.body", "body": b""})

    async def _follow(self, scope: Scope, answer: Answer, receive: Receive, send: Send) -> None:
        response = answer.response
        assert isinstance(response, LiveResponse)
        # CommonMiddleware measured the stand-in. What is sent at the beginning is not kept: the rest may last long.
        answer.headers[:] = [pair for pair in answer.headers if pair[0] != b"content-length"]
        response.headers = ResponseHeaders({})
        stream = _Stream(answer.status, answer.headers, response, send)
        scope[PASSING].kind = LIVE
        if scope["method"] == "HEAD" or self.closing:
            await stream.finish()
            return
        source = response.follow(self.context)
        watcher = asyncio.ensure_future(_until_gone(receive))
        self.streams.add(watcher)
        self.desk.metrics.streams(1)
        try:
            with self.guard.watching(response.access, watcher.cancel):
                await stream.pump(source, watcher)
        except Exception as error:
            if (outage := outages.of(error)) is None:
                logger.exception("live_response_failed path=%s", scope["path"])
            else:
                logger.warning("live_response_failed path=%s error=%s", scope["path"], type(error).__name__)
            await stream.fail(self._worded(scope, outage) if outage else None)
        finally:
            self.streams.discard(watcher)
            self.desk.metrics.streams(-1)
            watcher.cancel()
            await _close(source)
        await stream.finish()

    async def _in_pool(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.pool, function, *args)


class _Stream:
    """One live response on its way out."""

    def __init__(self, status: int, headers: Headers, response: LiveResponse, send: Send) -> None:
        self.status, self.headers, self.response, self.send = status, headers, response, send
        self.begun = False

    async def pump(self, source: AsyncIterator[bytes | HttpResponse], disconnected: asyncio.Task[None]) -> None:
        """Send what the generator yields until it ends, the client has left or the stream has lived long enough."""
        loop = asyncio.get_running_loop()
        end = loop.time() + STREAM_LIFE * random.uniform(0.9, 1)  # noqa: S311 - spreads the reconnecting, no secret
        if not self.response.held:
            await self.begin()
        item = asyncio.ensure_future(_next(source))
        try:
            while (left := end - loop.time()) > 0:
                await asyncio.wait(
                    {item, disconnected}, timeout=min(KEEPALIVE_AFTER, left), return_when=asyncio.FIRST_COMPLETED
                )
                if disconnected.done():
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
        """A held response is replaced by a complete one; headers of the middleware stay unless it sets them too."""
        if self.begun:
            raise TypeError("a complete response can only be the first item of a held LiveResponse")
        own = _encoded(whole.items())
        own += [(b"set-cookie", morsel.OutputString().encode("latin-1")) for morsel in whole.cookies.values()]
        replaced = {name for name, _ in own} - {b"set-cookie"}
        self.headers = [pair for pair in self.headers if pair[0] not in replaced] + own
        self.status = whole.status_code
        await self.body(whole.content)

    async def fail(self, instead: HttpResponse | None) -> None:
        """Something broke: a held response becomes the answer given, or an empty 500; a stream just ends."""
        if self.begun:
            return
        self.status = 500
        if instead is not None:
            await self.answer(instead)

    async def begin(self) -> None:
        self.begun = True
        await self.send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        self.headers.clear()

    async def body(self, piece: bytes) -> None:
        if not self.begun:
            await self.begin()
        await self.send({"type": "http.response.body", "body": piece, "more_body": True})

    async def finish(self) -> None:
        if not self.begun:
            await self.begin()
        await self.send({"type": "http.response.body", "body": b""})


def _encoded(headers: Iterable[tuple[str, str]]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


async def _send_whole(send: Send, status: int, headers: Headers, content: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


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
