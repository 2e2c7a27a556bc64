"""Where a mailbox's servers are and how the desk logs in there, also written as URLs.

`imap[s]://user:password@host:port/INBOX` and `smtp[s]://user:password@host:port`, percent-encoded. With the `s` the connection is
encrypted from the first byte; without it, it is encrypted as soon as the server offers that.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, quote, unquote, urlsplit

from accounts.errors import Invalid

Security = Literal["tls", "starttls", "plain"]
"""Encrypted from the first byte; encrypted by STARTTLS or not used at all; encrypted by STARTTLS where that is offered."""

_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ImapServer:
    """A server to fetch from, and the folder there."""

    host: str
    port: int = 993
    security: Security = "tls"
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """A server to send by."""

    host: str
    port: int = 465
    security: Security = "tls"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user with a password, or with a function that gives a valid OAuth access token.

    The function may raise MailServerError where there is no token to be had.
    """

    user: str
    password: str = field(default="", repr=False)
    access_token: Callable[[], str] | None = field(default=None, repr=False, compare=False)


def parse_imap(url: str, *, field: str = "imap") -> tuple[ImapServer, Credentials]:
    """The server and the credentials of a URL. Raises Invalid, with the name of the field and without the password."""
    parts = _parts(url, "imap", field)
    credentials = _credentials(parts, field)
    if credentials is None:
        raise Invalid(f"the {field} URL needs a user and a password", field=field)
    folder = _decoded(parts.path.removeprefix("/"), "folder", field) or "INBOX"
    host, port, security = _place(parts, {"imap": 143, "imaps": 993}, field)
    return ImapServer(host, port, security, folder), credentials


def parse_smtp(url: str, *, field: str = "smtp") -> tuple[SmtpServer, Credentials | None]:
    """The server and the credentials of a URL; without a user there is no login. Raises Invalid as `parse_imap` does."""
    parts = _parts(url, "smtp", field)
    if parts.path not in ("", "/"):
        raise Invalid(f"the {field} URL ends after the port", field=field)
    return SmtpServer(*_place(parts, {"smtp": 587, "smtps": 465}, field)), _credentials(parts, field)


def imap_url(server: ImapServer, credentials: Credentials) -> str:
    """The URL of a server and its credentials, secrets included; a user with a token has no password."""
    return f"imap{_url(server, credentials)}/{quote(server.folder, safe='/')}"


def smtp_url(server: SmtpServer, credentials: Credentials | None) -> str:
    """The URL of a server and its credentials, secrets included; a user with a token has no password."""
    return f"smtp{_url(server, credentials)}"


def check(server: ImapServer | SmtpServer, *, field: str) -> None:
    """Raise Invalid for a server that was not read from a URL and could not have been: a bad host, port or folder."""
    if (host := _host(server.host)) != server.host or not host:
        raise Invalid("the host is not a name or an address of a server", field=f"{field}.host")
    if not 1 <= server.port <= 65535:
        raise Invalid("the port is a number from 1 to 65535", field=f"{field}.port")
    if isinstance(server, ImapServer) and (not server.folder or _CONTROL.search(server.folder)):
        raise Invalid("the folder needs a name", field=f"{field}.folder")


def _parts(url: str, kind: str, field: str) -> SplitResult:
    wanted = f"{kind}s://user:password@host:port" + ("/INBOX" if kind == "imap" else "")
    hint = f"it takes {wanted}, with @ / : % ? and # in names and passwords written as %40 %2F %3A %25 %3F and %23"
    if _CONTROL.search(url) or " " in url:
        raise Invalid(f"the {field} URL holds spaces or line breaks; {hint}", field=field)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Invalid(f"the {field} URL cannot be read; {hint}", field=field) from None
    if parts.scheme not in (kind, f"{kind}s"):
        raise Invalid(f"the {field} URL begins with {kind}:// or {kind}s://; {hint}", field=field)
    if parts.query or parts.fragment or "?" in url or "#" in url:
        raise Invalid(f"the {field} URL holds ? or #; {hint}", field=field)
    try:
        parts.port  # noqa: B018 (reading it checks it)
    except ValueError:
        raise Invalid(f"the port in the {field} URL is not a number up to 65535; {hint}", field=field) from None
    return parts


def _place(parts: SplitResult, ports: dict[str, int], field: str) -> tuple[str, int, Security]:
    host = _host(parts.hostname or "")
    if not host:
        raise Invalid(f"the {field} URL names no valid host", field=field)
    if parts.port == 0:
        raise Invalid(f"the port in the {field} URL is a number from 1 to 65535", field=field)
    return host, parts.port or ports[parts.scheme], "tls" if parts.scheme.endswith("s") else "plain"


def _host(name: str) -> str:
    """The host in lower case and in ASCII; empty for one that is not valid."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        host = name.encode("idna").decode().lower()
    except UnicodeError:
        return ""
    return host if _HOST.fullmatch(host) else ""


def _credentials(parts: SplitResult, field: str) -> Credentials | None:
    if not parts.username:
        if parts.password:
            raise Invalid(f"the {field} URL has a password and no user", field=field)
        return None
    if not parts.password:
        raise Invalid(f"the {field} URL has a user and no password", field=field)
    return Credentials(_decoded(parts.username, "user", field), _decoded(parts.password, "password", field))


def _decoded(text: str, what: str, field: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise Invalid(f"the {what} in the {field} URL holds a % that is not written as %25", field=field)
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise Invalid(f"the {what} in the {field} URL is not UTF-8", field=field) from None
    if _CONTROL.search(decoded):
        raise Invalid(f"the {what} in the {field} URL holds control characters", field=field)
    return decoded


def _url(server: ImapServer | SmtpServer, credentials: Credentials | None) -> str:
    login = ""
    if credentials is not None:
        login = quote(credentials.user, safe="")
        login += f":{quote(credentials.password, safe='')}@" if credentials.access_token is None else "@"
    host = f"[{server.host}]" if ":" in server.host else server.host
    return f"{'s' if server.security == 'tls' else ''}://{login}{host}:{server.port}"
