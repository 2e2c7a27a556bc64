"""The shape of an API key: how it is made, recognised and checked without a query.

`parley_sv_<12 characters>_<43 characters><6 characters>`: `sv` or `cl` for server and client, the identifier that is
stored and shown as the key's prefix, 256 random bits in base 62, and a CRC-32 of all before it. A typo fails the
checksum and costs no query; secret scanners match `parley_(sv|cl)_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass

ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SHAPE = re.compile(r"(parley_(?:sv|cl)_[0-9A-Za-z]{12})_[0-9A-Za-z]{43}([0-9A-Za-z]{6})", re.ASCII)
_MARK = {"server": "sv", "client": "cl"}


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: `secret` is shown once, `prefix` and `digest` are stored."""

    secret: str
    prefix: str
    digest: str


def make(kind: str) -> NewKey:
    """A new key of the kind (`server` or `client`). Raises KeyError for another kind."""
    prefix = f"parley_{_MARK[kind]}_" + "".join(secrets.choice(ALPHABET) for _ in range(12))
    body = prefix + "_" + "".join(secrets.choice(ALPHABET) for _ in range(43))
    secret = body + _checksum(body)
    return NewKey(secret=secret, prefix=prefix, digest=digest(secret))


def prefix_of(secret: str) -> str | None:
    """The identifier to look the key up by, or None for what cannot be a key."""
    match = _SHAPE.fullmatch(secret)
    if match is None or not hmac.compare_digest(_checksum(secret[:-6]), match[2]):
        return None
    return match[1]


def digest(secret: str) -> str:
    """What is stored of a secret. A key has 256 random bits, so one SHA-256 is enough and costs a microsecond."""
    return hashlib.sha256(secret.encode("ascii", "replace")).hexdigest()


def matches(secret: str, stored: str) -> bool:
    """Whether the secret is the one whose digest is stored, compared in constant time."""
    return hmac.compare_digest(digest(secret), stored)


def _checksum(body: str) -> str:
    value, out = zlib.crc32(body.encode("ascii")), ""
    for _ in range(6):
        value, index = divmod(value, 62)
        out = ALPHABET[index] + out
    return out
