"""A mail server of the tests: real SMTP on a port of its own, which takes, refuses or holds mails, and notes what it took."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any

LIMIT = 60  # seconds after which a client that is silent is left


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mails to any address but the refused ones."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Talk)
        self.refused: set[str] = set()
        self.taken: list[tuple[str, Message]] = []
        self.connections = 0
        self.hold_at: int | None = None  # the mail of that number, from 0, gets no answer
        self.held = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def recipients(self) -> list[str]:
        """To whom mails were taken, in order."""
        return [to for to, _ in self.taken]


class _Talk(socketserver.StreamRequestHandler):
    server: MailServer
    timeout = LIMIT

    def handle(self) -> None:
        try:
            self._talk()
        except OSError:
            pass  # the client is gone

    def _talk(self) -> None:
        self.server.connections += 1
        self._say("220 ready")
        to = ""
        while line := self.rfile.readline():
            words = line.decode().strip()
            match words[:4].upper():
                case "EHLO" | "HELO" | "RSET" | "MAIL":
                    self._say("250 ok")
                case "RCPT":
                    to = words[words.index("<") + 1 : words.index(">")]
                    self._say("550 no such mailbox" if to in self.server.refused else "250 ok")
                case "DATA":
                    self._take(to)
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("502 unknown")

    def _take(self, to: str) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        if len(self.server.taken) == self.server.hold_at:
            self.server.held.set()
            self.rfile.readline()  # until the client is gone
            return
        self.server.taken.append((to, message_from_bytes(b"".join(lines))))
        self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(settings: Any, port: int = 0) -> Iterator[MailServer]:
    """One that the desk's mails go to."""
    with MailServer(port) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        try:
            yield server
        finally:
            server.shutdown()
