"""smtplib over connections with limits."""

from __future__ import annotations

import io
import re
import smtplib
import socket
from typing import Any

from django.core.mail.utils import DNS_NAME

from conversations.channels.email.wire import connecting, encryption
from conversations.channels.email.wire.connecting import Incoming, Limits
from conversations.channels.email.wire.endpoints import SmtpServer

LARGEST_REPLY = 256 * 1024
PIECE = (
    64 * 1024
)  # bytes that are written under one time limit: a large mail may take longer than a server may be silent
_DOT = re.compile(rb"(?m)^\.")


class Client(smtplib.SMTP):
    """The protocol of the standard library over a connection with limits. Raises MailServerError when there is none."""

    def __init__(self, server: SmtpServer, limits: Limits) -> None:
        self._server, self._limits = server, limits
        super().__init__(local_hostname=str(DNS_NAME), timeout=limits.silence)
        self._host = server.host
        code, reply = self.connect(server.host, server.port)
        if code != 220:
            self.close()
            raise smtplib.SMTPConnectError(code, reply)

    @property
    def size_limit(self) -> int:
        """Bytes of the largest mail that the server takes; 0 where it names none."""
        stated = self.esmtp_features.get("size", "")
        return int(stated) if re.fullmatch(r"\d{1,18}", stated, re.ASCII) else 0

    def encrypt(self) -> tuple[int, bytes]:
        """Encrypt the connection. What the server sent before that is forgotten: anybody may have."""
        code, reply = self.docmd("STARTTLS")
        if code == 220:
            assert self.sock is not None
            self.sock = encryption.encrypted(self.sock, self._server.host)
            self.file = None
            self.helo_resp = self.ehlo_resp = None
            self.esmtp_features = {}
            self.does_esmtp = False
        return code, reply

    def begin_mail(self, sender: str, options: list[str]) -> tuple[int, bytes]:
        """Name the sender, as it is. With `SMTPUTF8` among the options, addresses are sent in UTF-8 from here on."""
        self.command_encoding = "utf-8" if "SMTPUTF8" in options else "ascii"
        return self.docmd("MAIL", " ".join([f"FROM:<{sender}>", *options]))

    def name_recipient(self, recipient: str) -> tuple[int, bytes]:
        """Name a recipient, as it is."""
        return self.docmd("RCPT", f"TO:<{recipient}>")

    def begin_data(self) -> tuple[int, bytes]:
        """Ask whether the text may come."""
        return self.docmd("DATA")

    def send_text(self, data: bytes) -> None:
        """Send the text of a mail, whose lines have to end in CRLF, the last one too. The server cannot take it before its end."""
        data = _DOT.sub(b"..", data)
        assert self.sock is not None
        for start in range(0, len(data), PIECE):
            self.sock.settimeout(self._limits.silence)
            self.sock.sendall(memoryview(data)[start : start + PIECE])

    def end_text(self) -> tuple[int, bytes]:
        """Say that the text is complete, and give the server's answer, for which it may take its time."""
        self.send(".\r\n")
        return self._reply(self._limits.delivery)

    def quit(self) -> tuple[int, bytes]:
        """Say goodbye, and wait a moment for the answer."""
        self.putcmd("QUIT")
        reply = self._reply(self._limits.goodbye)
        self.close()
        return reply

    def getreply(self) -> tuple[int, bytes]:
        return self._reply(self._limits.silence)

    def _reply(self, silence: float) -> tuple[int, bytes]:
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("the connection is closed")
        if self.file is None:
            self._incoming = Incoming(self.sock, self._limits)
            self.file = io.BufferedReader(self._incoming, 8192)
        self._incoming.begin(size=LARGEST_REPLY, silence=silence)
        return super().getreply()

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self._limits.silence)
        super().send(s)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connecting.connected(self._server, self._limits)
