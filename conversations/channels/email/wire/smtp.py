"""Handing mails to an SMTP server over one connection, and saying what became of each.

`send` does not raise for what a server or a network does: its outcome says who was accepted, what was refused and for how long,
and whether it is uncertain, which is so in one case alone: the whole mail was sent, and the connection broke before the answer.
"""

from __future__ import annotations

import email
import email.policy
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self

from conversations.channels.email.wire import refusals, smtp_login
from conversations.channels.email.wire.connecting import LIMITS, Limits
from conversations.channels.email.wire.endpoints import Credentials, SmtpServer
from conversations.channels.email.wire.errors import LoginRefused, MailServerError, NotUnderstood, Step
from conversations.channels.email.wire.refusals import Cause, Refusal
from conversations.channels.email.wire.smtp_client import Client

_ADDRESS = re.compile(r"[^@\s<>\x00-\x20\x7f](?:[^\s<>\x00-\x20\x7f]*)@[^@\s<>\x00-\x20\x7f]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_REFUSED_AT_ONCE = Refusal(0, "", Cause.ADDRESS, True, "This is not a valid email address.")
_NO_SENDER = Refusal(0, "", Cause.SENDER, True, "The sender's address is not valid.")
_INTERNATIONAL = Refusal(
    0,
    "5.6.7",
    Cause.ADDRESS,
    True,
    "The outgoing server takes no addresses with letters beyond ASCII before the @.",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail.

    `failure` is why it was not taken at all; it is None where at least one recipient was accepted. `is_uncertain` says that it
    may have been taken all the same: it must not be sent again before somebody has looked. `queued_as` is the server's answer
    to a mail that it took, which often holds its number there.
    """

    accepted: tuple[str, ...] = field(default=(), repr=False)
    refused: Mapping[str, Refusal] = field(default_factory=dict, repr=False)
    failure: Refusal | None = None
    is_uncertain: bool = False
    queued_as: str = ""


def connect(server: SmtpServer, credentials: Credentials | None = None, *, limits: Limits = LIMITS) -> Connection:
    """An open connection, logged in where there are credentials. Raises MailServerError."""
    connection = Connection(server, credentials, limits=limits)
    connection.open()
    return connection


class Connection:
    """A connection for any number of mails, opened when it is needed and again when it was lost; used by one thread at a time."""

    def __init__(self, server: SmtpServer, credentials: Credentials | None = None, *, limits: Limits = LIMITS) -> None:
        self._server, self._credentials, self._limits = server, credentials, limits
        self._client: Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        return self._client is not None

    @property
    def is_encrypted(self) -> bool:
        return self._client is not None and isinstance(self._client.sock, ssl.SSLSocket)

    def open(self) -> None:
        """Connect and log in, if that is not done. Raises MailServerError."""
        if self._client is None:
            self._client = smtp_login.logged_in(self._server, self._credentials, self._limits)

    def send(self, sender: str, recipients: Sequence[str], data: bytes) -> Outcome:
        """Hand over a mail. `sender` is the envelope's, empty for a mail that must never come back."""
        is_reused = self.is_open
        outcome = self._send(sender, recipients, data)
        if is_reused and not self.is_open and not outcome.accepted and not outcome.is_uncertain and _is_broken(outcome):
            return self._send(sender, recipients, data)  # the server had closed it meanwhile: nothing was taken
        return outcome

    def check_sender(self, address: str) -> Refusal | None:
        """Why the server takes no mail from the address; None where it does. Nothing is sent. Raises MailServerError."""
        if not _ADDRESS.fullmatch(address):
            return _NO_SENDER
        self.open()
        client = self._client
        assert client is not None
        try:
            options = self._options(client, address, b"")
            if options is None:
                return _INTERNATIONAL
            code, reply = client.begin_mail(_envelope(address) or "", options)
            client.rset()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            self._drop()
            raise NotUnderstood("The connection broke as a sender was named.", step=Step.SENDER) from error
        return None if _is_accepted(code) else refusals.of_reply(code, reply)

    def close(self) -> None:
        """Say goodbye, if the server is still there."""
        client, self._client = self._client, None
        if client is not None:
            try:
                client.quit()
            except (smtplib.SMTPException, OSError):
                client.close()

    def _send(self, sender: str, recipients: Sequence[str], data: bytes) -> Outcome:
        try:
            self.open()
        except MailServerError as error:
            return Outcome(failure=_of_error(error))
        client = self._client
        assert client is not None
        progress = _Progress()
        try:
            with self._reset_after(client, progress):
                self._talk(client, progress, sender, recipients, data)
        except (smtplib.SMTPException, OSError):
            self._drop()
            return progress.broken()
        return progress.outcome()

    @contextmanager
    def _reset_after(self, client: Client, progress: _Progress) -> Iterator[None]:
        """Leave a connection on which the next mail can begin."""
        yield
        if progress.failure is not None and progress.failure.code == 421:
            self._drop()
        elif not progress.is_taken:
            try:
                client.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()

    def _talk(self, client: Client, progress: _Progress, sender: str, recipients: Sequence[str], data: bytes) -> None:
        data = _LINE_END.sub(b"\r\n", data if client.has_extn("8bitmime") or data.isascii() else _in_7_bits(data))
        if not data.endswith(b"\r\n"):
            data += b"\r\n"
        if sender and not _ADDRESS.fullmatch(sender):
            progress.failure = _NO_SENDER
            return
        options = self._options(client, sender, data, recipients)
        if options is None:
            progress.failure = _INTERNATIONAL
            return
        largest = client.size_limit
        if largest and len(data) > largest:
            mib = max(1, largest // 1024 // 1024)
            reason = f"The mail is larger than the outgoing server accepts ({mib} MB)."
            progress.failure = Refusal(0, "5.3.4", Cause.SIZE, True, reason)
            return
        code, reply = client.begin_mail(_envelope(sender) or "", options)
        if not _is_accepted(code):
            progress.failure = refusals.of_reply(code, reply)
            return
        self._name_recipients(client, progress, recipients)
        if progress.failure is None and progress.named:
            self._hand_over(client, progress, data)
        elif progress.failure is None:
            progress.failure = _worst(progress.refused)

    def _name_recipients(self, client: Client, progress: _Progress, recipients: Sequence[str]) -> None:
        for recipient in dict.fromkeys(recipients):
            if not _ADDRESS.fullmatch(recipient) or (envelope := _envelope(recipient)) is None:
                progress.refused[recipient] = _REFUSED_AT_ONCE
            elif not envelope.isascii() and client.command_encoding == "ascii":
                progress.refused[recipient] = _INTERNATIONAL
            else:
                code, reply = client.name_recipient(envelope)
                if _is_accepted(code):
                    progress.named.append(recipient)
                elif code == 421:
                    progress.failure = refusals.of_reply(code, reply)
                    return
                else:
                    progress.refused[recipient] = refusals.of_reply(code, reply, at_recipient=True)

    def _hand_over(self, client: Client, progress: _Progress, data: bytes) -> None:
        code, reply = client.begin_data()
        if code == 354:
            client.send_text(data)
            progress.is_sent = True
            code, reply = client.end_text()
            progress.is_sent = code < 200  # no answer that makes sense
        if _is_accepted(code):
            progress.is_taken = True
            progress.queued_as = reply.decode("ascii", "replace")[:200]
        else:
            progress.failure = refusals.of_reply(code, reply)

    def _options(self, client: Client, sender: str, data: bytes, recipients: Sequence[str] = ()) -> list[str] | None:
        """The options of MAIL; None for a sender whom the server cannot take."""
        envelope = _envelope(sender)
        options = []
        if client.has_extn("size") and data:
            options.append(f"SIZE={len(data)}")
        head = data.partition(b"\r\n\r\n")[0]
        others = [one for one in map(_envelope, recipients) if one is not None]
        is_international = not all(one.isascii() for one in [envelope or "", *others]) or not head.isascii()
        if is_international and client.has_extn("smtputf8"):
            options.append("SMTPUTF8")
        elif envelope is None or not envelope.isascii():
            return None
        if client.has_extn("8bitmime") and not data.isascii():
            options.append("BODY=8BITMIME")
        return options

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


class _Progress:
    """How far a mail has come."""

    def __init__(self) -> None:
        self.named: list[str] = []
        self.refused: dict[str, Refusal] = {}
        self.failure: Refusal | None = None
        self.is_sent = False
        self.is_taken = False
        self.queued_as = ""

    def outcome(self) -> Outcome:
        if self.is_taken:
            return Outcome(tuple(self.named), self.refused, queued_as=self.queued_as)
        return Outcome(refused=self.refused, failure=self.failure, is_uncertain=self.is_sent)

    def broken(self) -> Outcome:
        """The connection broke."""
        reason = refusals.plain(Cause.CONNECTION, is_permanent=False)
        if self.is_sent:
            reason = "The connection broke after the mail was sent, so that the server may have taken it."
        failure = Refusal(0, "", Cause.CONNECTION, False, reason)
        return Outcome(refused=self.refused, failure=failure, is_uncertain=self.is_sent)


def _envelope(address: str) -> str | None:
    """The address as it is sent: its domain in ASCII. None for one that has no such form; an empty one stays."""
    local, at, domain = address.rpartition("@")
    if not at or address.isascii():
        return address
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None


def _in_7_bits(data: bytes) -> bytes:
    """The same mail for a server that takes ASCII alone: parts in 8 bits are written as quoted-printable or base64."""
    try:
        return email.message_from_bytes(data).as_bytes(policy=email.policy.compat32.clone(cte_type="7bit"))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return data  # most servers take it all the same


def _is_accepted(code: int) -> bool:
    return 200 <= code <= 299


def _worst(refused: Mapping[str, Refusal]) -> Refusal:
    """Why nobody gets the mail: something temporary, if it may still go to someone."""
    if not refused:
        return Refusal(0, "", Cause.ADDRESS, True, "The mail has no recipients.")
    return min(refused.values(), key=lambda one: one.is_permanent)


def _of_error(error: MailServerError) -> Refusal:
    cause = Cause.LOGIN if isinstance(error, LoginRefused) else Cause.CONNECTION
    return Refusal(0, "", cause, False, error.reason)


def _is_broken(outcome: Outcome) -> bool:
    failure = outcome.failure
    return failure is not None and (failure.cause is Cause.CONNECTION or failure.code == 421)
