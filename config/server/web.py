"""The web role: uvicorn with our front."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, cast

import uvicorn

from config.server import loading
from config.server.accepting import Accepting
from config.server.listening import PortBusy, listen
from config.server.saying import say

if TYPE_CHECKING:
    from config.server.front import Front

GRACE = 3  # seconds that requests in progress have when the server stops
MOST_FILES = 65_536  # each connection is one; more than that is never needed


class Server(uvicorn.Server):
    """Takes connections in its own way, and ends live responses before it waits for the connections to close."""

    def __init__(self, config: uvicorn.Config, application: Front, listener: socket.socket) -> None:
        super().__init__(config)
        self._application = application
        self._listener = listener
        self._accepting: Accepting | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        protocol: Callable[[], asyncio.Protocol] = partial(
            cast(Callable[..., asyncio.Protocol], self.config.http_protocol_class),
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        self._accepting = Accepting(self._listener, protocol, self._application.desk.metrics)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._accepting is not None:
            self._accepting.close()
        self._application.end_streams()  # they would hold it until the limit
        await super().shutdown([self._listener])


def serve() -> int:
    """Serve until SIGTERM or SIGINT."""
    raise_file_limit()
    try:
        listener = listen()
    except PortBusy as error:
        say(str(error))
        return 1
    from django.conf import settings
    from django.utils.module_loading import import_string

    from config.server.connections import Connection, Connections, Patience

    with loading.without_collecting():
        application: Front = import_string("config.asgi.application")
    patience = Patience(head=settings.HEADERS_TIMEOUT, body=settings.BODY_TIMEOUT, most=settings.UNFINISHED_CONNECTIONS)
    protocol = partial(Connection, Connections(patience, application.memory, application.desk.metrics.disconnected))
    server = Server(
        uvicorn.Config(
            application,
            loop="uvloop",
            http=cast(type[asyncio.Protocol], protocol),
            ws="none",
            lifespan="on",
            log_config=None,  # Django's LOGGING has been applied by then.
            log_level="warning",
            access_log=False,
            # Django reads who is behind a proxy (TRUSTED_PROXIES): uvicorn believes any local process.
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=settings.KEEP_ALIVE_TIMEOUT,
            timeout_graceful_shutdown=GRACE,
        ),
        application,
        listener,
    )
    try:
        server.run()
    except KeyboardInterrupt:
        pass
    return 0 if server.started else 1


def raise_file_limit() -> None:
    """Allow as many open files as this process may have: a usual shell gives 1,024, and each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        pass  # Some systems allow less than they say.
