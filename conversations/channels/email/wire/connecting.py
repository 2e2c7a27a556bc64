"""Connections to mail servers, with limits: how long a server may be silent, how long an answer may take, how much it may be."""

from __future__ import annotations

import io
import select
import socket
import ssl
import time
from dataclasses import dataclass
from typing import Any

from accounts import outside
from conversations.channels.email.wire import encryption
from conversations.channels.email.wire.endpoints import ImapServer, SmtpServer
from conversations.channels.email.wire.errors import CannotConnect, Step


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to connect, without a byte from the server, until it has taken a whole mail, for any answer, and for a goodbye."""

    connect: float = 15.0
    silence: float = 45.0
    delivery: float = 300.0
    answer: float = 600.0
    goodbye: float = 3.0


LIMITS = Limits()


def connected(server: ImapServer | SmtpServer, limits: Limits) -> socket.socket:
    """A connection to the server, encrypted where that comes first. Raises CannotConnect."""
    port = server.port
    try:
        sock = outside.connect(server.host, port, within=limits.connect)
    except outside.HostUnknown as error:
        reason = f"No server with the name {server.host} was found."
        raise CannotConnect(reason, step=Step.NAME, hint="Check the spelling of the server's name.") from error
    except outside.HostRefused as error:
        raise CannotConnect(
            f"{server.host} is inside a private network, which this desk does not connect to.",
            step=Step.NAME,
            hint="The people who run this desk can set ALLOW_PRIVATE_HOSTS=yes.",
            is_temporary=False,
        ) from error
    except TimeoutError as error:
        reason = f"{server.host} did not answer on port {port}."
        hint = "A firewall may be in the way, or the port is another one."
        raise CannotConnect(reason, step=Step.CONNECTION, hint=hint) from error
    except OSError as error:
        reason = f"{server.host} takes no connections on port {port}."
        raise CannotConnect(reason, step=Step.CONNECTION, hint="Check the port.") from error
    if server.security == "tls":
        sock.settimeout(limits.silence)
        return encryption.encrypted(sock, server.host)
    return sock


class Incoming(io.RawIOBase):
    """What a server sends. An answer has its time and its size from `begin` on; more raises TimeoutError or OSError."""

    def __init__(self, sock: socket.socket, limits: Limits) -> None:
        self._sock = sock
        self._limits = limits
        self._end = self._size = self._silence = 0.0
        self._is_waiting = True
        self.is_over = False
        self.begin()

    def begin(self, *, size: float = 64 * 1024 * 1024, silence: float | None = None) -> None:
        """The server is asked something, and answers in so many bytes at most, after being silent for so many seconds at most."""
        self._end, self._size = time.monotonic() + self._limits.answer, size
        self._silence = self._limits.silence if silence is None else silence

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if self._is_waiting and left <= 0:
            raise TimeoutError("the answer takes too long")
        self._sock.settimeout(min(left, self._silence) if self._is_waiting else 0)
        try:
            count = self._sock.recv_into(buffer)
        except OSError as error:
            if not self._is_waiting and _would_wait(error):
                return None
            raise
        self.is_over = count == 0
        self._size -= count
        if self._size < 0:
            raise OSError("the answer is too large")
        return count

    def has_come(self, buffered: io.BufferedReader[Any], within: float) -> bool:
        """Whether there is something to read within the seconds. Data that was read ahead is seen too. Raises EOFError at the end."""
        if self._has_come(buffered):
            return True
        poll = select.poll()
        poll.register(self._sock.fileno(), select.POLLIN)
        poll.poll(within * 1000)
        return self._has_come(buffered)

    def _has_come(self, buffered: io.BufferedReader[Any]) -> bool:
        self._is_waiting = False
        try:
            found = bool(buffered.peek(1))
        finally:
            self._is_waiting = True
        if not found and self.is_over:
            raise EOFError("the server hung up")
        return found


def _would_wait(error: OSError) -> bool:
    return isinstance(error, BlockingIOError | ssl.SSLWantReadError)
