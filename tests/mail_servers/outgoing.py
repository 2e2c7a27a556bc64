"""An SMTP server that takes mails, refuses them in every way, or dies at a chosen moment, and notes what it took."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.mail_servers.certificates import Pair

PASSWORD = "secret"


@dataclass(frozen=True)
class Taken:
    """A mail as it arrived, with the user who was logged in."""

    sender: str
    recipients: list[str]
    data: bytes
    options: list[str]
    user: str


@dataclass
class Outgoing:
    """The server's behaviour, which a test changes as it likes, and what it has seen."""

    port: int
    refused: dict[str, str] = field(default_factory=dict)  # replies by recipient, such as `550 5.1.1 unknown`
    sender_reply: str = ""
    data_reply: str = ""
    drop_at: str = ""  # connect, ehlo, mail, rcpt, data, or taken: the mail is taken, and nobody hears of it
    tokens: set[str] = field(default_factory=set)  # accepted access tokens
    held: asyncio.Event | None = None
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    senders: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)  # mechanisms that were tried

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


class _Handler:
    def __init__(self, outgoing: Outgoing) -> None:
        self.outgoing = outgoing

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self._drop(server, "ehlo")
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.outgoing.senders.append(address)
        self._drop(server, "mail")
        if self.outgoing.sender_reply:
            return self.outgoing.sender_reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._drop(server, "rcpt")
        if address in self.outgoing.refused:
            return self.outgoing.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self._drop(server, "data")
        if self.outgoing.data_reply:
            return self.outgoing.data_reply
        if self.outgoing.drop_at == "data":
            return "451 gone"
        login = session.auth_data
        user = getattr(login, "login", login) or b""
        self.outgoing.taken.append(
            Taken(
                sender=(envelope.mail_from or "").replace("<>", ""),
                recipients=list(envelope.rcpt_tos),
                data=bytes(envelope.content or b""),
                options=list(envelope.mail_options),
                user=user.decode() if isinstance(user, bytes) else str(user),
            )
        )
        self._drop(server, "taken")
        if self.outgoing.held is not None:
            await self.outgoing.held.wait()
        return f"250 2.0.0 queued as M{len(self.outgoing.taken)}"

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        self.outgoing.logins.append("XOAUTH2")
        user, token = "", ""
        for part in base64.b64decode(args[1]).decode().split("\1"):
            if part.startswith("user="):
                user = part.removeprefix("user=")
            elif part.startswith("auth=Bearer "):
                token = part.removeprefix("auth=Bearer ")
        if token in self.outgoing.tokens:
            return AuthResult(success=True, auth_data=user)
        await server.challenge_auth('{"status":"401","schemes":"bearer"}')
        return AuthResult(success=False, handled=False)  # else no 535 is sent, and the client waits for ever

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        self.outgoing.logins.append(mechanism)
        is_right = data.password == PASSWORD.encode()
        return AuthResult(success=is_right, handled=False, auth_data=data)

    def _drop(self, server: SMTP, at: str) -> None:
        if self.outgoing.drop_at == at and server.transport is not None:
            server.transport.abort()


class _Counting(Controller):
    outgoing: Outgoing

    def _trigger_server(self) -> None:
        self.port = self.outgoing.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()

    def factory(self) -> SMTP:
        self.outgoing.connections += 1
        made: SMTP = super().factory()
        if self.outgoing.drop_at == "connect":
            made.connection_made = lambda transport: transport.abort()
        return made


@contextmanager
def running(
    *,
    size: int = 0,
    wants_login: bool = False,
    without: tuple[str, ...] = (),
    knows_utf8: bool = True,
    tls: Pair | None = None,
    starttls: Pair | None = None,
) -> Iterator[Outgoing]:
    """A server, with the largest mail it takes, whether it wants a login, mechanisms that it lacks, and its certificate."""
    outgoing = Outgoing(0)  # any port
    handler = _Handler(outgoing)
    controller = _Counting(
        handler,
        hostname="127.0.0.1",
        port=0,
        ready_timeout=60,
        ssl_context=_context(tls),
        tls_context=_context(starttls),
        data_size_limit=size or None,
        enable_SMTPUTF8=knows_utf8,
        authenticator=handler.authenticate,
        auth_required=wants_login,
        auth_require_tls=False,
        auth_exclude_mechanism=[*without],
    )
    controller.outgoing = outgoing
    controller.start()
    outgoing.connections = 0  # it has tried itself
    try:
        yield outgoing
    finally:
        controller.stop()


def _context(pair: Pair | None) -> ssl.SSLContext | None:
    if pair is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.chain, pair.key)
    return context
