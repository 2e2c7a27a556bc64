"""Logging in at an IMAP server, by password or by an OAuth access token."""

from __future__ import annotations

import imaplib
import re
from collections.abc import Callable
from typing import NoReturn

from imapclient.exceptions import LoginError

from conversations.channels.email.wire import refusals
from conversations.channels.email.wire.connecting import Limits
from conversations.channels.email.wire.endpoints import Credentials, ImapServer
from conversations.channels.email.wire.errors import CannotConnect, ConnectionLost, LoginRefused, MailServerError, Step
from conversations.channels.email.wire.imap_client import Client

_PLAIN_USER = re.compile(r"[A-Za-z0-9@._+-]+")
_BUSY = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\]|too many|try again|temporar", re.IGNORECASE)


def logged_in(server: ImapServer, credentials: Credentials, limits: Limits) -> Client:
    """A client whose user is logged in. Raises CannotConnect, LoginRefused or ConnectionLost."""
    client = _greeted(server, limits)
    try:
        _encrypt(client, server)
        _log_in(client, server, credentials)
        _introduce(client)
    except BaseException as error:
        client.shutdown()
        if isinstance(error, imaplib.IMAP4.error | OSError | ValueError):
            raise ConnectionLost("The server hung up at the login.", step=Step.LOGIN) from error
        raise
    return client


def _greeted(server: ImapServer, limits: Limits) -> Client:
    try:
        return Client(server, limits)
    except MailServerError:
        raise
    except TimeoutError as error:
        reason = "The server takes the connection and says nothing."
        hint = "A port that is encrypted from the first byte, such as 993, says nothing to those who do not encrypt."
        raise CannotConnect(reason, step=Step.GREETING, hint=hint) from error
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        reason = "The server hangs up, or is not an IMAP server."
        raise CannotConnect(reason, step=Step.GREETING, hint="Check the name and the port.") from error


def _encrypt(client: Client, server: ImapServer) -> None:
    if server.security == "tls":
        return
    if client.has_capability("STARTTLS"):
        client.starttls()
    elif server.security == "starttls":
        raise CannotConnect(
            "The server does not offer encryption by STARTTLS on this port.",
            step=Step.ENCRYPTION,
            hint="Port 993 with TLS is what most servers offer.",
            is_temporary=False,
        )


def _log_in(client: Client, server: ImapServer, credentials: Credentials) -> None:
    token = credentials.access_token() if credentials.access_token is not None else None
    if token is None and client.has_capability("LOGINDISABLED"):
        raise LoginRefused(
            "The server takes no password on this connection.",
            step=Step.LOGIN,
            hint="It may want encryption: port 993 with TLS is what most servers offer.",
            is_temporary=False,
        )
    try:
        if token is not None:
            client.sasl_login("XOAUTH2", _xoauth2(credentials.user, token))
        elif _PLAIN_USER.fullmatch(credentials.user) and credentials.password.isascii():
            client.login(credentials.user, credentials.password)
        else:  # imaplib sends LOGIN in ASCII alone, and its user without quotes
            client.plain_login(credentials.user, credentials.password)
    except LoginError as error:
        if isinstance(error.__context__, imaplib.IMAP4.abort):
            raise ConnectionLost("The server hung up at the login.", step=Step.LOGIN) from error
        _refuse(error, server, is_token=token is not None)
    except imaplib.IMAP4.error as error:
        # IMAPClient wants AUTH=PLAIN to be offered.
        _refuse(error, server, is_token=token is not None)


def _xoauth2(user: str, token: str) -> Callable[[bytes], bytes]:
    """What is sent to the server; when it asks again, it has refused the token, and wants an empty answer."""
    answers = iter([f"user={user}\1auth=Bearer {token}\1\1".encode()])
    return lambda challenge: next(answers, b"")


def _refuse(error: Exception, server: ImapServer, *, is_token: bool) -> NoReturn:
    is_temporary = _BUSY.search(str(error)) is not None
    reason, hint = refusals.of_login(server.host, is_token=is_token, is_temporary=is_temporary)
    raise LoginRefused(reason, step=Step.LOGIN, hint=hint, is_temporary=is_temporary) from error


def _introduce(client: Client) -> None:
    """Some providers close mailboxes to programs that do not say their name."""
    try:
        if client.has_capability("ID"):
            client.id_({"name": "Parley"})
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, ValueError):
        pass  # it need not be understood
