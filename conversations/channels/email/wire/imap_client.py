"""IMAPClient over connections with limits, and its IDLE without its traps.

IMAPClient reads IDLE from a socket that does not block, where a dead connection looks like one on which nothing comes; it overlooks
what was read ahead; and it takes an announcement before the server's `+` for an error. Here a dead connection raises.
"""

from __future__ import annotations

import dataclasses
import imaplib
import io
import ssl
from typing import Any

from imapclient import IMAPClient

from conversations.channels.email.wire import connecting, encryption
from conversations.channels.email.wire.connecting import Incoming, Limits
from conversations.channels.email.wire.endpoints import ImapServer

LONGEST_LINE = 16 * 1024 * 1024  # a search among a million mails is answered in one line
LONGEST_LITERAL = 64 * 1024 * 1024


class Connection(imaplib.IMAP4):
    """The protocol of the standard library over a connection with limits."""

    def __init__(self, server: ImapServer, limits: Limits) -> None:
        self._server, self._limits = server, limits
        super().__init__(server.host, server.port)

    def open(self, host: str = "", port: int = 143, timeout: float | None = None) -> None:
        self.host, self.port = host, port
        self._listen(connecting.connected(self._server, self._limits))

    def starttls(self, ssl_context: ssl.SSLContext | None = None) -> Any:
        """Encrypt the connection. What the server sent before that is forgotten: anybody may have."""
        typ, data = self._simple_command("STARTTLS")
        if typ == "OK":
            self._listen(encryption.encrypted(self.sock, self.host))
            self._tls_established = True
            self._get_capabilities()
        return self._untagged_response(typ, data, "STARTTLS")

    def _listen(self, sock: Any) -> None:
        self.sock = sock
        self._incoming = Incoming(sock, self._limits)
        self._buffered = io.BufferedReader(self._incoming, 64 * 1024)

    def read(self, size: int) -> bytes:
        if size > LONGEST_LITERAL:
            raise self.abort("the server announces more than it was asked for")
        return self._buffered.read(size)

    def readline(self) -> bytes:
        line = self._buffered.readline(LONGEST_LINE + 1)
        if len(line) > LONGEST_LINE:
            raise self.abort("the server sends a line without end")
        return line

    def send(self, data: Any) -> None:
        self._incoming.begin(silence=self._limits.silence)
        self.sock.settimeout(self._limits.silence)
        self.sock.sendall(data)

    def logout(self) -> Any:
        """Say goodbye, and wait a moment for the answer."""
        self._limits = dataclasses.replace(self._limits, silence=self._limits.goodbye)
        return super().logout()

    def shutdown(self) -> None:
        self.sock.close()

    def has_come(self, within: float) -> bool:
        """Whether the server sends something within the seconds. Raises abort where it has hung up."""
        try:
            has_come = self._incoming.has_come(self._buffered, within)
        except EOFError as error:
            raise self.abort(str(error)) from error
        if has_come:
            self._incoming.begin()  # it may have been quiet for long, and rightly so
        return has_come


class Client(IMAPClient):  # type: ignore[misc]  # IMAPClient ships no types
    """IMAPClient over such a connection."""

    _imap: Connection

    def __init__(self, server: ImapServer, limits: Limits) -> None:
        self._server, self._limits = server, limits
        super().__init__(server.host, server.port, ssl=server.security == "tls")
        self._imap.debug = 0
        self.normalise_times = False

    def _create_IMAP4(self) -> Connection:
        return Connection(self._server, self._limits)

    def _set_read_timeout(self) -> None:
        """Each read and each write sets its own."""

    def begin_idle(self) -> None:
        """Have the server announce changes until `end_idle`."""
        tag = self._imap._command("IDLE")
        while self._imap._get_response() is not None:
            if self._imap.tagged_commands[tag] is not None:
                raise self.Error("the server refuses IDLE")
        self._idle_tag = tag

    def next_change(self, within: float) -> bool:
        """Read the next announcement while idling, if one comes within the seconds. Raises abort when the server is gone."""
        if not self._imap.has_come(within):
            return False
        self._imap._get_response()
        self.check_bye()
        return True

    def end_idle(self) -> None:
        """Raises abort or OSError on a dead connection."""
        self.idle_done()

    @property
    def is_mail_announced(self) -> bool:
        """Whether the server has announced mail since this was last forgotten, be it beside an answer to something else."""
        return "EXISTS" in self._imap.untagged_responses

    def forget_announcements(self) -> None:
        """Also of flags that others have set, which nobody asks for."""
        for name in ("EXISTS", "RECENT", "EXPUNGE", "FETCH"):
            self._imap.untagged_responses.pop(name, None)

    def check_bye(self) -> None:
        """Raises abort where the server has ended the session."""
        self._imap._check_bye()
