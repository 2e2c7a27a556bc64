"""What an IMAP server answers, as values: the folder, a mail as it is listed, a mail's bytes."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import Any

_ID = re.compile(rb"(?im)^message-id:[ \t]*((?:[^\r\n]|\r?\n[ \t])*)")


@dataclass(frozen=True, slots=True)
class Status:
    """The folder as it is now: UIDs mean the same mails for as long as `uid_validity` is the same."""

    uid_validity: int
    uid_next: int
    count: int


@dataclass(frozen=True, slots=True)
class Header:
    """A mail as the server lists it. `size` is 0 and the others are empty for one that the server cannot describe."""

    uid: int
    size: int
    received_at: datetime.datetime | None
    message_id: str


@dataclass(frozen=True, slots=True)
class Raw:
    """A mail's bytes: all of them, or the headers and the beginning of the text of one that is too large."""

    uid: int
    data: bytes
    size: int
    received_at: datetime.datetime | None
    is_whole: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Where a mail is."""

    folder: str
    uid: int


def size_of(found: dict[bytes, Any]) -> int:
    size = found.get(b"RFC822.SIZE")
    return size if isinstance(size, int) else 0


def received_at(found: dict[bytes, Any]) -> datetime.datetime | None:
    at = found.get(b"INTERNALDATE")
    return at.astimezone(datetime.UTC) if isinstance(at, datetime.datetime) else None


def body_of(found: dict[bytes, Any], begin: bytes = b"BODY[") -> bytes | None:
    """The part of a mail that was asked for; None where the server gave none."""
    for key, value in found.items():
        if key.upper().startswith(begin):
            return value if isinstance(value, bytes) else b""
    return None


def message_id_in(header: bytes) -> str:
    found = _ID.search(header[:16384])
    return b" ".join(found[1].split()).decode("ascii", "replace")[:998] if found else ""
