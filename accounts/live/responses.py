"""Answers that stay open: server-sent events, streamed replies, and answers that wait for the worker.

A view authenticates, validates and commits like any other, and returns a `LiveResponse`. The web front sends its
headers, gives the request's thread and database connection back, and only then runs `follow`:

    def stream(request):
        workspace_id, after = request.workspace.pk, live.last_event_id(request)

        async def follow(context: LiveContext) -> AsyncIterator[bytes]:
            async for event in context.events(workspace_id, after=after):
                yield sse(str(event.subject_id), event=event.type, id=event.id)

        return LiveResponse(follow, access=MemberAccess.of(request, "conversation.read"))

`follow` runs outside the request and outside every workspace scope: it takes ids with it, carries ids and never
contents, and reads rows, if it must, through `context.run`, opening a scope there. A response ends within seconds of
the moment at which its `access` would no longer be let in.

Under plain WSGI (config/wsgi.py) nothing is followed: a stream answers `retry: 15000`, so that a browser asks again
every 15 seconds, and a held answer is a 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse

from accounts import log_context
from accounts.live.access import Access
from accounts.live.hub import Hub, LiveEvent
from accounts.text import whole_number

__all__ = ["LiveContext", "LiveEvent", "LiveResponse", "keepalive", "last_event_id", "sse"]

P = ParamSpec("P")
T = TypeVar("T")
Follow = Callable[["LiveContext"], AsyncIterator["bytes | HttpResponse"]]

keepalive = b": keepalive\n\n"  # a comment; the front sends one after 15 s of silence


@dataclass(frozen=True)
class LiveContext:
    """What a `follow` generator may use. It holds no thread and no database connection between its steps."""

    hub: Hub
    threads: Executor

    def events(self, workspace_id: int, *, after: int | None = None) -> AsyncIterator[LiveEvent]:
        """The journal of a workspace, from the event `after` (exclusive) or from now; see `Hub.events`."""
        return self.hub.events(workspace_id, after=after)

    def listen(self, channel: str, key: str | None = None) -> AsyncIterator[str]:
        """Notifications by NOTIFY for anything that is not in the journal; see `Hub.listen`."""
        return self.hub.listen(channel, key)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a short function that uses the database in one of the request threads, and wait for its result."""
        call = partial(_on_a_good_connection, partial(function, *args, **kwargs), log_context.current())
        return await asyncio.get_running_loop().run_in_executor(self.threads, call)


def _on_a_good_connection(function: Callable[[], T], facts: log_context.Facts) -> T:
    """A database connection that is too old, or broken, is closed before and after."""
    close_old_connections()
    try:
        with log_context.about(facts):
            return function()
    finally:
        close_old_connections()


class LiveResponse(HttpResponse):
    """A response whose body is followed after Django has let go of the request.

    A stream (the default) sends its status and headers at once, and each chunk as it comes; it ends with the
    generator, when the client leaves, when the server stops, when its `access` ends (None: it is open to everybody), or
    after 15 minutes (a browser then reconnects).

    `held=True` is for an answer that must be waited for: nothing is sent until the generator's first item. If that is
    an HttpResponse, it takes the place of status, headers and body (cookies and security headers that the middleware
    gave to this response are kept), and the answer is complete. A generator that gives nothing leaves a 503.

    `follows` is the id of what is followed, for a request that may be repeated: it is kept in place of the answer.
    """

    def __init__(
        self,
        follow: Follow,
        *,
        access: Access | None,
        status: int = 200,
        content_type: str = "text/event-stream; charset=utf-8",
        headers: Mapping[str, str] | None = None,
        held: bool = False,
        follows: int | None = None,
    ) -> None:
        is_sse = content_type.startswith("text/event-stream")
        super().__init__(
            b"retry: 15000\n\n" if is_sse and not held else b"",  # what plain WSGI answers
            status=503 if held else status,
            content_type=content_type,
        )
        self.follow = follow
        self.access = access
        self.held = held
        self.follows = follows
        self.is_sse = is_sse
        self["Cache-Control"] = "no-store, no-transform"
        self["X-Accel-Buffering"] = "no"  # without it nginx buffers the response
        for name, value in (headers or {}).items():
            self[name] = value


def sse(data: str = "", *, event: str = "", id: int | str | None = None, retry: int | None = None) -> bytes:
    """One server-sent event. `retry` is in milliseconds. Raises ValueError for a line break in `event` or `id`."""
    lines = []
    if retry is not None:
        lines.append(f"retry: {retry}")
    if id is not None:
        lines.append(f"id: {_one_line(str(id))}")
    if event:
        lines.append(f"event: {_one_line(event)}")
    # The format knows three line ends and no others, so that splitlines() would cut too often.
    lines += [f"data: {line}" for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return ("\n".join(lines) + "\n\n").encode()


def last_event_id(request: HttpRequest) -> int | None:
    """Where a client left off: the header that browsers send when they reconnect, else `?after=`; None when neither."""
    return whole_number(request.headers.get("Last-Event-ID") or request.GET.get("after") or "")


def _one_line(value: str) -> str:
    if "\n" in value or "\r" in value or "\0" in value:
        raise ValueError(f"{value!r} does not fit on one line")
    return value
