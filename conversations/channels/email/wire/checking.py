"""Trying a mailbox's servers live, step by step, and naming what is wrong in plain words. Nothing is sent and nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from conversations.channels.email.wire import imap_login
from conversations.channels.email.wire import smtp as sending
from conversations.channels.email.wire.connecting import Limits
from conversations.channels.email.wire.endpoints import Credentials, ImapServer, Security, SmtpServer
from conversations.channels.email.wire.errors import LoginRefused, MailServerError, NotUnderstood, Step
from conversations.channels.email.wire.imap import Session
from conversations.channels.email.wire.refusals import Cause

LIMITS = Limits(connect=10.0, silence=15.0, answer=60.0)
"""Shorter than where mail is fetched: a person waits."""

Part = Literal["imap", "smtp"]

_TITLES = {
    Step.NAME: "Server name",
    Step.CONNECTION: "Connection",
    Step.ENCRYPTION: "Encryption",
    Step.GREETING: "Greeting",
    Step.LOGIN: "Login",
    Step.FOLDER: "Folder",
    Step.SENDER: "Sender",
    Step.USE: "Mail",
}
_UNENCRYPTED = "Mails and the password can be read on the way. Use a port with encryption if the server has one."

_SENDER_HINT = "Often the login has to be the owner of the address, or the address an alias of the owner's."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried: `what` is its title, `reason` a sentence about it, `hint` what may help, if anything.

    A finding that is `ok` may have a hint too.
    """

    part: Part
    what: str
    ok: bool
    reason: str
    hint: str = ""


def check(
    imap: tuple[ImapServer, Credentials] | None,
    smtp: tuple[SmtpServer, Credentials | None] | None,
    *,
    address: str = "",
    limits: Limits = LIMITS,
) -> list[Finding]:
    """Everything that was found, in the order of the attempt; each part ends with the first thing that is wrong.

    With an address, the outgoing server is asked whether it takes mail from it. Takes up to a minute where servers are silent.
    """
    found = []
    if imap is not None:
        found += _tried("imap", imap[0], _imap(*imap, limits))
    if smtp is not None:
        found += _tried("smtp", smtp[0], _smtp(*smtp, address, limits))
    return found


def _tried(part: Part, server: ImapServer | SmtpServer, attempt: Iterator[tuple[Step, str, str]]) -> list[Finding]:
    """The findings of an attempt, which yields what succeeded beyond the connection itself."""
    found: list[Finding] = []
    try:
        for step, reason, hint in attempt:
            found.append(Finding(part, _TITLES[step], True, reason, hint))
    except MailServerError as error:
        if not found:
            found += _before(part, server, error.step)
        found.append(Finding(part, _TITLES[error.step], False, error.reason, error.hint))
    return found


def _before(part: Part, server: ImapServer | SmtpServer, failed: Step) -> Iterator[Finding]:
    """What has succeeded when the connection failed at a step."""
    for step in _order(server.security):
        if step == failed:
            return
        if step == Step.ENCRYPTION and server.security == "plain":
            continue  # that depends on what the server offers
        yield Finding(part, _TITLES[step], True, _succeeded(server, step))


def _connected(
    server: ImapServer | SmtpServer, *, is_encrypted: bool, has_login: bool
) -> Iterator[tuple[Step, str, str]]:
    for step in _order(server.security):
        if step == Step.ENCRYPTION and not is_encrypted:
            yield step, "The connection is not encrypted.", _UNENCRYPTED
        elif step == Step.LOGIN and not has_login:
            yield step, "The server is used without a login.", ""
        else:
            yield step, _succeeded(server, step), ""


def _order(security: Security) -> tuple[Step, ...]:
    if security == "tls":
        return Step.NAME, Step.CONNECTION, Step.ENCRYPTION, Step.GREETING, Step.LOGIN
    return Step.NAME, Step.CONNECTION, Step.GREETING, Step.ENCRYPTION, Step.LOGIN


def _succeeded(server: ImapServer | SmtpServer, step: Step) -> str:
    return {
        Step.NAME: f"{server.host} was found.",
        Step.CONNECTION: f"It takes connections on port {server.port}.",
        Step.ENCRYPTION: "The connection is encrypted, and the certificate is valid.",
        Step.GREETING: "A mail server answers.",
        Step.LOGIN: "The server accepted the login.",
    }[step]


def _imap(server: ImapServer, credentials: Credentials, limits: Limits) -> Iterator[tuple[Step, str, str]]:
    with Session(imap_login.logged_in(server, credentials, limits), server) as session:
        yield from _connected(server, is_encrypted=session.is_encrypted, has_login=True)
        status = session.status()
        yield Step.FOLDER, f"The folder {server.folder} can be read. It holds {_counted(status.count)}.", ""
        next(session.headers_since(max(1, status.uid_next - 1)), None)
        if session.has_idle:
            yield Step.USE, "Mails can be listed, and the server announces new ones at once.", ""
        else:
            yield (
                Step.USE,
                "Mails can be listed. The server does not announce new ones, so it is asked twice a minute.",
                "",
            )


def _smtp(
    server: SmtpServer, credentials: Credentials | None, address: str, limits: Limits
) -> Iterator[tuple[Step, str, str]]:
    with sending.connect(server, credentials, limits=limits) as line:
        yield from _connected(server, is_encrypted=line.is_encrypted, has_login=credentials is not None)
        if not address:
            return
        refusal = line.check_sender(address)
        if refusal is None:
            yield Step.SENDER, f"The server takes mail from {address}.", ""
            return
        if refusal.cause is Cause.LOGIN:
            raise LoginRefused(refusal.reason, step=Step.SENDER, hint="Give a user and a password for outgoing mail.")
        raise NotUnderstood(refusal.reason, step=Step.SENDER, hint=_SENDER_HINT, is_temporary=not refusal.is_permanent)


def _counted(count: int) -> str:
    return "no mail yet" if count == 0 else "one mail" if count == 1 else f"{count:,} mails"
