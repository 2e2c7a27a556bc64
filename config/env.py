"""Typed reading of the environment, the one source of configuration.

A value is in the process environment, in `.env` beside `manage.py` (the process environment wins), or,
for secrets, in a file named by `NAME_FILE` (the convention of container secrets).
"""

from __future__ import annotations

import ipaddress
import os
import re
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from dotenv import load_dotenv

BASE_DIR = Path(__file__).resolve().parent.parent

try:
    load_dotenv(BASE_DIR / ".env")
except (OSError, UnicodeDecodeError) as unreadable:
    raise ImproperlyConfigured(f"the file {BASE_DIR / '.env'} cannot be read as text in UTF-8") from unreadable


def text(name: str, default: str = "") -> str:
    """The value of `name`, or of the file that `NAME_FILE` points to, or the default."""
    value = os.environ.get(name)
    if value is not None and value != "":
        return value
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ImproperlyConfigured(f"{name}_FILE is {path}, which cannot be read ({why})") from error
        except UnicodeDecodeError as error:
            raise ImproperlyConfigured(f"{name}_FILE is {path}, which is no text in UTF-8") from error
    return default


def flag(name: str, default: bool = False) -> bool:
    """True for 1, true, yes or on; False for 0, false, no or off; anything else is refused."""
    value = text(name).lower()
    if value == "":
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; it takes yes or no")


def number(name: str, default: int, *, low: int = 0, high: int = 2**31) -> int:
    """A whole number within the given limits."""
    value = text(name)
    if value == "":
        return default
    try:
        result = int(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a whole number") from error
    if not low <= result <= high:
        raise ImproperlyConfigured(f"{name} is {result}; it takes {low} to {high}")
    return result


def decimal(name: str, default: str, *, high: int = 10**6) -> Decimal:
    """A decimal number from 0 to `high`, written with a point and without an exponent."""
    value = text(name, default)
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", value, re.ASCII):
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a decimal number such as 0.15")
    if (result := Decimal(value)) > high:
        raise ImproperlyConfigured(f"{name} is {value}; it takes 0 to {high}")
    return result


def names(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A comma-separated list, blanks dropped."""
    value = text(name)
    return [part.strip() for part in value.split(",") if part.strip()] if value else list(default)


def choice(name: str, default: str, *among: str) -> str:
    """One of the given words, in whatever case."""
    value = text(name, default).upper()
    if value not in among:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes {', '.join(among[:-1])} or {among[-1]}")
    return value


def origin(name: str, default: str) -> str:
    """The address of a host, `https://desk.example.com` or with a port, without a slash at the end."""
    value = text(name, default).rstrip("/")
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_whole = False
    if not is_whole or parts.username or parts.query or parts.fragment:
        # A user's name and password are not repeated.
        shown = repr(value) if "@" not in value else "not such an address"
        raise ImproperlyConfigured(f"{name} is {shown}; it takes an address such as https://desk.example.com")
    if parts.path:
        raise ImproperlyConfigured(
            f"{name} is {value!r}; Parley needs a host of its own, such as https://desk.example.com, "
            f"and cannot be served below a path ({parts.path})"
        )
    return value


def hosts(name: str, default: tuple[str, ...]) -> list[str]:
    """A comma-separated list of host names, without scheme and port."""
    values = names(name, default)
    for value in values:
        if "/" in value or re.search(r"[^:]:[0-9]+$", value.rpartition("]")[2] if "]" in value else value):
            raise ImproperlyConfigured(
                f"{name} holds {value!r}; it takes host names, without http:// and without a port"
            )
    return values


def origins(name: str, default: tuple[str, ...]) -> list[str]:
    """A comma-separated list of origins, with their schemes; a host may begin with `*.`."""
    values = names(name, default)
    for value in values:
        if not re.fullmatch(r"https?://[^/\s]+", value):
            raise ImproperlyConfigured(f"{name} holds {value!r}; it takes origins such as https://desk.example.com")
    return values


class Door(NamedTuple):
    """Where mails are handed over: by which protocol, and at an address and a port, or at a socket's path."""

    protocol: str
    host: str
    port: int
    path: str


def door(name: str) -> Door | None:
    """`lmtp://127.0.0.1:8024`, `smtp://[::1]:2525` or `lmtp:///run/parley/lmtp`; None where it is empty.

    An address that others could reach is refused, unless `?public=yes` says that it is meant.
    """
    value = text(name)
    if not value:
        return None
    takes = "it takes lmtp://127.0.0.1:8024, smtp://127.0.0.1:2525 or lmtp:///path/to/socket"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; {takes}") from error
    is_socket = not parts.netloc and parts.path.startswith("/")
    is_address = bool(parts.hostname) and bool(port) and parts.path in ("", "/")
    if parts.scheme not in ("lmtp", "smtp") or not (is_socket or is_address) or parts.username or parts.fragment:
        raise ImproperlyConfigured(f"{name} is {value!r}; {takes}")
    if parts.query not in ("", "public=yes"):
        raise ImproperlyConfigured(f"{name} is {value!r}; after the question mark it takes public=yes")
    if is_socket:
        return Door(parts.scheme, "", 0, parts.path)
    host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes the number of an address, not a name") from error
    if not (address.is_loopback or (address.is_private and not address.is_unspecified)) and not parts.query:
        raise ImproperlyConfigured(
            f"{name} is {value!r}, where others may reach it, and anyone could hand over mail of anyone. Choose 127.0.0.1 or an "
            "address of a network inside; if it is meant, add ?public=yes"
        )
    return Door(parts.scheme, host, port or 0, "")


_ADDRESS = re.compile(r"([^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>)|[^<>@\s]+@[^<>@\s]+")


def sender(name: str, default: str) -> str:
    """An email address, alone or as `Name <address>`, on one line."""
    value = text(name, default)
    if not _ADDRESS.fullmatch(value):
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes an address such as Support <desk@example.com>")
    return value


def addresses(name: str) -> list[str]:
    """A comma-separated list of email addresses."""
    values = names(name)
    for value in values:
        if not _ADDRESS.fullmatch(value):
            raise ImproperlyConfigured(f"{name} holds {value!r}; it takes addresses such as desk@example.com")
    return values
