"""What a mail carries so that its answer finds back: a signed reply address, a return address for reports, a marker in the text.

A token names a row by its id and proves that the desk wrote it: 26 letters and digits, the same in either case, since mail
programs change it. It opens nothing by itself: it says to what an answer belongs.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from django.conf import settings

_SIGNED = 10  # bytes of the signature: 80 bits, and one try costs a mail
_ID = 5  # bytes
_IN_ADDRESS = re.compile(r"\+([a-z2-7]{26})@", re.IGNORECASE)
_IN_TEXT = re.compile(r"\bref:([a-z2-7]{26})\b", re.IGNORECASE)


class Kind(StrEnum):
    """What a token names."""

    MESSAGE = "m"
    """A message of the desk: its answer joins the conversation that it is in by then."""
    CONVERSATION = "c"
    RETURN = "b"
    """A message again: reports of its delivery come here."""


class Token(NamedTuple):
    """A token that was signed by this desk."""

    kind: Kind
    id: int


def token(kind: Kind, id: int) -> str:
    """The token of a row."""
    body = kind.value.encode() + id.to_bytes(_ID, "big")
    return base64.b32encode(body + _signature(body, settings.SECRET_KEY)).decode().rstrip("=").lower()


def read(text: str) -> Token | None:
    """What a token names; None for any other text, and for one that this desk has not signed."""
    try:
        data = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except ValueError:
        return None
    body, signature = data[: 1 + _ID], data[1 + _ID :]
    if len(data) != 1 + _ID + _SIGNED:
        return None
    keys = (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))
    if not any(hmac.compare_digest(signature, _signature(body, key)) for key in keys):
        return None
    try:
        return Token(Kind(chr(body[0])), int.from_bytes(body[1:], "big"))
    except ValueError:
        return None


def address(mailbox: str, kind: Kind, id: int) -> str:
    """The mailbox's address with the token of a row: `support+<token>@example.com`; without it where that would be too long."""
    local, _, domain = mailbox.rpartition("@")
    tagged = f"{local}+{token(kind, id)}"
    return f"{tagged}@{domain}" if len(tagged) <= 64 else mailbox  # RFC 5321, section 4.5.3.1.1


def marker(id: int) -> str:
    """The marker of a message in the text of its mail."""
    return f"ref:{token(Kind.MESSAGE, id)}"


def in_addresses(addresses: Iterable[str]) -> Iterator[Token]:
    """The tokens in some addresses, in order."""
    for one in addresses:
        for found in _IN_ADDRESS.findall(one):
            if (known := read(found)) is not None:
                yield known


def in_text(text: str) -> Iterator[Token]:
    """The markers in a text, from the first; each only once."""
    for found in dict.fromkeys(each.lower() for each in _IN_TEXT.findall(text)):
        if (known := read(found)) is not None:
            yield known


def plain(address: str) -> str:
    """An address without its token: the mailbox's own."""
    return _IN_ADDRESS.sub("@", address)


def _signature(body: bytes, key: str) -> bytes:
    return hmac.new(f"parley.mail.{key}".encode(), body, sha256).digest()[:_SIGNED]
