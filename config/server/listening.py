"""The socket that the desk listens on, and how it is handed from the supervisor to the web processes."""

from __future__ import annotations

import errno
import os
import socket

from config import env, served

FILE = "PARLEY_LISTEN_FD"  # in a child's environment: the number of the listening socket it inherits
BACKLOG = 2048


class PortBusy(Exception):
    """The message says which address cannot be had, and why."""


def address() -> tuple[str, int]:
    """HOST and PORT; by default only this machine can reach the desk."""
    return env.text("HOST", "127.0.0.1"), env.number("PORT", served.DEFAULT, low=1, high=65535)


def listen() -> socket.socket:
    """The inherited socket, or a new one. Raises PortBusy.

    One socket outlives all web processes: while one is replaced, connections wait in its backlog and none is refused.
    """
    if inherited := os.environ.get(FILE):
        return socket.socket(fileno=int(inherited))
    host, port = address()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(f"Port {port} is in use already. Choose another: PORT={port + 1} make run") from error
        raise PortBusy(f"The desk cannot listen on {host} port {port}: {error.strerror}.") from error
    except UnicodeError as error:
        raise PortBusy(f"HOST is {host!r}, which is no address.") from error
    return listener
