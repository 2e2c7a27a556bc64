"""The web role: uvicorn with our front."""

from __future__ import annotations

import socket
import sys

import uvicorn

from config.server.listening import PortBusy, listen

GRACE = 3  # seconds that requests in progress have when the server stops


class Server(uvicorn.Server):
    """Ends live responses before it waits for the connections to close: they would hold it until the limit."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        from config.asgi import application

        application.end_streams()
        await super().shutdown(sockets)


def serve() -> int:
    """Serve until SIGTERM or SIGINT."""
    try:
        listener = listen()
    except PortBusy as error:
        print(error, file=sys.stderr)
        return 1
    server = Server(
        uvicorn.Config(
            "config.asgi:application",
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,  # Django's LOGGING has been applied by then.
            log_level="warning",
            access_log=False,
            # Who is behind a proxy is Django's business (TRUSTED_PROXIES): uvicorn believes any local process.
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=GRACE,
        )
    )
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    return 0 if server.started else 1
