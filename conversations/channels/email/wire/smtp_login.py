"""Logging in at an SMTP server, by password or by an OAuth access token."""

from __future__ import annotations

import base64
import smtplib

from conversations.channels.email.wire import refusals
from conversations.channels.email.wire.connecting import Limits
from conversations.channels.email.wire.endpoints import Credentials, SmtpServer
from conversations.channels.email.wire.errors import CannotConnect, ConnectionLost, LoginRefused, MailServerError, Step
from conversations.channels.email.wire.smtp_client import Client


def logged_in(server: SmtpServer, credentials: Credentials | None, limits: Limits) -> Client:
    """A client that is ready for mails. Raises CannotConnect, LoginRefused or ConnectionLost."""
    client = _greeted(server, limits)
    step = Step.GREETING
    try:
        client.ehlo_or_helo_if_needed()
        step = Step.ENCRYPTION
        _encrypt(client, server)
        step = Step.LOGIN
        if credentials is not None:
            _log_in(client, server, credentials)
    except BaseException as error:
        client.close()
        if isinstance(error, smtplib.SMTPException | OSError | ValueError):
            raise ConnectionLost("The server hung up before it was ready for mail.", step=step) from error
        raise
    return client


def _greeted(server: SmtpServer, limits: Limits) -> Client:
    try:
        return Client(server, limits)
    except MailServerError:
        raise
    except smtplib.SMTPConnectError as error:
        reason = "The server takes no mail from this machine." if error.smtp_code >= 500 else "The server is busy."
        raise CannotConnect(reason, step=Step.GREETING, is_temporary=error.smtp_code < 500) from error
    except (smtplib.SMTPException, OSError, ValueError) as error:
        if isinstance(error.__context__, TimeoutError):
            reason = "The server takes the connection and says nothing."
            hint = (
                "A port that is encrypted from the first byte, such as 465, says nothing to those who do not encrypt."
            )
            raise CannotConnect(reason, step=Step.GREETING, hint=hint) from error
        reason = "The server hangs up, or is not an SMTP server."
        raise CannotConnect(reason, step=Step.GREETING, hint="Check the name and the port.") from error


def _encrypt(client: Client, server: SmtpServer) -> None:
    if server.security == "tls":
        return
    if client.has_extn("starttls"):
        code, _ = client.encrypt()
        if code != 220:
            raise CannotConnect("The server offers encryption and then refuses it.", step=Step.ENCRYPTION)
        client.ehlo_or_helo_if_needed()
    elif server.security == "starttls":
        raise CannotConnect(
            "The server does not offer encryption by STARTTLS on this port.",
            step=Step.ENCRYPTION,
            hint="Port 465 with TLS or port 587 with STARTTLS is what most servers offer.",
            is_temporary=False,
        )


def _log_in(client: Client, server: SmtpServer, credentials: Credentials) -> None:
    offered = client.esmtp_features.get("auth", "").upper().split()
    if credentials.access_token is not None:
        code, reply = _by_token(client, credentials.user, credentials.access_token())
    elif "PLAIN" in offered:
        code, reply = client.docmd(
            "AUTH", f"PLAIN {_coded(f'{chr(0)}{credentials.user}{chr(0)}{credentials.password}')}"
        )
    elif "LOGIN" in offered:
        code, reply = _by_dialogue(client, credentials)
    elif "CRAM-MD5" in offered and (credentials.user + credentials.password).isascii():
        client.user, client.password = credentials.user, credentials.password
        try:
            code, reply = client.auth("CRAM-MD5", client.auth_cram_md5)
        except smtplib.SMTPAuthenticationError as error:
            code, reply = error.smtp_code, _bytes(error.smtp_error)
    else:
        raise LoginRefused(
            "The server offers no login by password on this connection.",
            step=Step.LOGIN,
            hint="Many servers offer it with encryption alone. A server that wants no login takes no user either.",
            is_temporary=False,
        )
    if code != 235:
        _refuse(server, code, reply, is_token=credentials.access_token is not None)


def _by_token(client: Client, user: str, token: str) -> tuple[int, bytes]:
    code, reply = client.docmd("AUTH", f"XOAUTH2 {_coded(f'user={user}{chr(1)}auth=Bearer {token}{chr(1)}{chr(1)}')}")
    # The server says what is wrong in a question of its own, and refuses after an empty answer.
    return client.docmd("") if code == 334 else (code, reply)


def _by_dialogue(client: Client, credentials: Credentials) -> tuple[int, bytes]:
    code, reply = client.docmd("AUTH", f"LOGIN {_coded(credentials.user)}")
    return client.docmd(_coded(credentials.password)) if code == 334 else (code, reply)


def _refuse(server: SmtpServer, code: int, reply: bytes, *, is_token: bool) -> None:
    # 454 and 4.7.0 are an authentication that is down; too many logins are refused by 421 and 4xx.
    is_temporary = 400 <= code < 500
    reason, hint = refusals.of_login(server.host, is_token=is_token, is_temporary=is_temporary)
    if b"5.7.139" in reply or b"SmtpClientAuthentication is disabled" in reply:
        hint = "Sending by SMTP is turned off for this mailbox at Microsoft: its administrator can turn on authenticated SMTP."
    raise LoginRefused(reason, step=Step.LOGIN, hint=hint, is_temporary=is_temporary)


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
