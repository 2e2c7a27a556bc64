"""Connections before they have become requests: how long each may take over it, and how many there may be.

uvicorn's protocol waits for ever for a head that does not end, and for a client that reads no more. This one gives every
connection a deadline for whatever it is expected to do next, in one table that is looked through about once a second.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from config.server.bodies import HELD, Held, Memory, Scope

CONNECTION = "parley.connection"  # in the ASGI scope
HEAD_LIMIT = 64 * 1024  # bytes of a request that are not its body: line, headers, framing, trailers
FRAME = 16  # bytes of framing that each piece of a chunked body may cost without being counted
PIPELINED = 32  # requests that may wait behind another on one connection
SLACK = 10.0  # seconds after the front's own deadline for a body


@dataclass(frozen=True)
class Patience:
    """Seconds for a head, for a body and for reading an answer on, and how many may be waited for."""

    head: float = 10.0
    body: float = 60.0
    most: int = 512


class Connections:
    """Those without a complete request, and those that are to take an answer or to go; each with its deadline."""

    def __init__(self, patience: Patience, memory: Memory, ended: Callable[[], None]) -> None:
        self.patience = patience
        self.memory = memory
        self.ended = ended  # is called when a connection has ended
        self.unfinished: dict[Connection, float] = {}  # the oldest first
        self.leaving: dict[Connection, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._every = min(1.0, patience.head / 4, patience.body / 4)

    def expect(self, connection: Connection, deadline: float) -> None:
        """The client has to send (the rest of) a request. Beyond the limit the oldest of them is closed."""
        if connection not in self.unfinished and len(self.unfinished) >= self.patience.most:
            next(iter(self.unfinished)).drop()
        self.unfinished[connection] = deadline
        self._watch(connection.loop)

    def complete(self, connection: Connection) -> None:
        """The client has to send nothing."""
        self.unfinished.pop(connection, None)

    def leave(self, connection: Connection) -> None:
        """The connection is to take what was written for it, and to end or to go on then."""
        self.leaving.setdefault(connection, connection.loop.time() + self.patience.body)
        self._watch(connection.loop)

    def stay(self, connection: Connection) -> None:
        """The connection has taken what was written."""
        self.leaving.pop(connection, None)

    def forget(self, connection: Connection) -> None:
        self.unfinished.pop(connection, None)
        self.leaving.pop(connection, None)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None:
            self._timer = loop.call_later(self._every, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        for connection in [one for one, deadline in self.unfinished.items() if deadline <= now]:
            connection.expire()
        for connection in [one for one, deadline in self.leaving.items() if deadline <= now]:
            connection.drop()
        if self.unfinished or self.leaving:
            self._watch(loop)


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with deadlines, and with bounds for what uvicorn keeps of a request before it is one."""

    def __init__(
        self,
        table: Connections,
        *,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.table = table
        self.serving: deque[RequestResponseCycle] = deque()  # what is answered now, and what was pipelined behind it
        self.owes = ""  # what the other side has to send: a head, a body, or (`idle`) nothing in particular
        self.is_reading = False  # a request has begun and has not ended
        self.has_head = False
        self.is_known = False  # its sender has shown a credential
        self.overhead = 0  # bytes of the present request that are not its body
        self.held: Held | None = None

    # --- What others do with it -----------------------------------------------------------------------

    def accept(self) -> None:
        """The sender of this body has shown a credential: it is not closed to make room for others."""
        self.is_known = True
        self._settle()

    def expire(self) -> None:
        """The deadline has passed: answer 408 where a request has begun, and close the connection."""
        if self.owes == "body":
            self.drop()
        elif self.is_reading:
            self._refuse(408, "The request did not arrive in time.")
        else:
            self._close()

    def drop(self) -> None:
        """Close it at once, whatever is still to be sent."""
        self.table.forget(self)
        self.transport.abort()

    # --- What happens on it ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._settle()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.table.ended()
        self.table.forget(self)
        for cycle in self.serving:  # uvicorn tells the last of them alone
            if not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        for cycle, _ in self.pipeline:  # nobody else does
            cast(Scope, cycle.scope)[HELD].release()

    def data_received(self, data: bytes) -> None:
        self.overhead += len(data)
        super().data_received(data)
        if self.is_reading and self.overhead > HEAD_LIMIT and not self.transport.is_closing():
            if self.has_head:
                self.drop()
                return
            self._refuse(431, "The request's headers are too large.")
        self._settle()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.is_reading, self.has_head, self.is_known = True, False, False

    def on_headers_complete(self) -> None:
        if len(self.serving) > PIPELINED:
            raise ValueError("too many requests at once")  # answered with 400
        self.held = Held(self.table.memory)
        cast(Scope, self.scope).update({HELD: self.held, CONNECTION: self})
        super().on_headers_complete()
        self.has_head = True
        self.serving.append(self.cycle)
        self.headers = []  # Trailers are no headers, and are forgotten.

    def on_body(self, body: bytes) -> None:
        self.overhead = max(0, self.overhead - len(body) - FRAME)
        if self.held is not None and not self.cycle.response_complete:
            self.held.take(len(body))
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.is_reading, self.overhead = False, 0

    def on_response_complete(self) -> None:
        self.serving.popleft()
        super().on_response_complete()
        self._settle()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.table.leave(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        if not self.transport.is_closing():
            self.table.stay(self)

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    # --- Its deadline ---------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Decide again what the client has to do next."""
        patience = self.table.patience
        if self.transport.is_closing():
            self._close()
        elif self.is_reading and self.has_head and len(self.serving) < 2:
            if self.is_known:
                self._owe("")
            else:
                self._owe("body", patience.body + SLACK)
        elif self.serving:
            self._owe("")
        elif self.cycle is None or self.is_reading or self.owes in ("idle", "head"):
            self._owe("head", patience.head)
        else:
            self._owe("idle", math.inf)

    def _owe(self, what: str, seconds: float = 0.0) -> None:
        if what == self.owes:
            return
        self.owes = what
        if what:
            self.table.expect(self, self.loop.time() + seconds)
        else:
            self.table.complete(self)

    def _close(self) -> None:
        """Close it when all is sent, which has a deadline too."""
        self.transport.close()
        self.table.complete(self)
        self.table.leave(self)

    def _refuse(self, status: int, text: str) -> None:
        from accounts.web import error_pages  # its models are there only when Django has been set up

        is_page = any(name == b"accept" and b"text/html" in value for name, value in self.headers)
        content = error_pages.content(status, language=settings.LANGUAGE_CODE) if is_page else f"{text}\n".encode()
        kind = b"text/html" if is_page else b"text/plain"
        head = (
            b"content-type: "
            + kind
            + b"; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(content)
        )
        self.transport.write(STATUS_LINE[status] + head + content)
        self._close()
