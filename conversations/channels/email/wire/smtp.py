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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from conversations.channels.email.wire import refusals, smtp_login
from conversations.channels.email.wire.connecting import LIMITS, Limits
from conversations.channels.email.wire.endpoints import Credentials, SmtpServer
from conversations.channels.email.wire.errors import ConnectionLost, LoginRefused, MailServerError, Step
from conversations.channels.email.wire.refusals import Cause, Refusal
from conversations.channels.email.wire.smtp_client import Client
from conversations.channels.email.wire.smtp_outcomes import Outcome, Progress

__all__ = ["Connection", "Outcome", "connect"]

_ADDRESS = re.compile(r"[^@\s<>\x00-\x20\x7f](?:[^\s<>\x00-\x20\x7f]*)@[^@\s<>\x00-\x20\x7f]+")
_LINE_END = re.compile(rb"\r\n|\r|\n")
_REFUSED_AT_ONCE = Refusal(0, "", Cause.ADDRESS, True, "This is not a valid email address.")
_NO_SENDER = Refusal(0, "", Cause.SENDER, True, "The sender's address is not valid.")
_INTERNATIONAL = Refusal(
    0,
    "5.6.7",
    Cause.SERVER,
    True,
    "The outgoing server takes no addresses with letters beyond ASCII before the @.",
)


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
        self._was_closed = False

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
        is_reused, self._was_closed = self.is_open, False
        outcome = self._send(sender, recipients, data)
        if is_reused and self._was_closed and not outcome.is_uncertain:
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
            raise ConnectionLost("The connection broke as a sender was named.", step=Step.SENDER) from error
        return None if _is_accepted(code) else refusals.of_reply(code, reply, at_sender=True)

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
        progress = Progress()
        try:
            with self._reset_after(client, progress):
                self._talk(client, progress, sender, recipients, data)
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            # One that is silent is not better company on a new connection.
            self._was_closed = not isinstance(error.__context__ or error, TimeoutError)
            return progress.broken()
        return progress.outcome()

    @contextmanager
    def _reset_after(self, client: Client, progress: Progress) -> Iterator[None]:
        """Leave a connection on which the next mail can begin."""
        yield
        if progress.failure is not None and progress.failure.code == 421:
            self._drop()
            self._was_closed = True
        elif not progress.is_taken:
            try:
                client.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()

    def _talk(self, client: Client, progress: Progress, sender: str, recipients: Sequence[str], data: bytes) -> None:
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
            progress.failure = refusals.of_reply(code, reply, at_sender=True)
            return
        self._name_recipients(client, progress, recipients)
        if progress.failure is None and progress.named:
            self._hand_over(client, progress, data)
        elif progress.failure is None:
            progress.failure = progress.worst()

    def _name_recipients(self, client: Client, progress: Progress, recipients: Sequence[str]) -> None:
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

    def _hand_over(self, client: Client, progress: Progress, data: bytes) -> None:
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
        return email.message_from_bytes(data).as_bytes(
            policy=email.policy.compat32.clone(cte_type="7bit", mangle_from_=False)
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return data  # most servers take it all the same


def _is_accepted(code: int) -> bool:
    return 200 <= code <= 299


def _of_error(error: MailServerError) -> Refusal:
    cause = Cause.LOGIN if isinstance(error, LoginRefused) else Cause.CONNECTION
    return Refusal(0, "", cause, False, error.reason)
