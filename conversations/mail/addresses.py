"""Addresses, ids and dates in headers, read in one pass whatever they hold.

Addresses are found before their names are decoded, so that a decoded comma or bracket cannot make another address of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from conversations.mail import charsets, limits
from conversations.mail.charsets import Hints
from conversations.mail.headers import decode_words, one_line
from conversations.mail.parsed import Address

_ADDRESS = re.compile(
    r"[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,200}@(?:[^\s@<>()\[\],;:\"\\\x00-\x1f\x7f]{1,253}|\[[0-9a-fA-F:.v]{2,60}\])"
)
_QUOTED_LOCAL = re.compile(r'"[^"@\s\\]{1,60}"@[^\s@<>()\[\],;:"\\\x00-\x1f\x7f]{1,253}')
_ID = re.compile(r"<([^<>]{1,998})>")
_BARE_ID = re.compile(r"[^\s<>,;\"]{1,400}@[^\s<>,;\"]{1,400}")
_AT = re.compile(r"\s{0,9}@\s{0,9}")
_EARLIEST, _LATEST = 1980, 2100
_LONGEST_DATE = 200
_LONGEST_NAME = 300


@dataclass
class _Item:
    """One entry of a list of addresses while it is read."""

    words: str = ""
    route: str | None = None
    comment: str = ""


def addresses(values: Iterable[bytes], hints: Hints | None = None) -> tuple[tuple[Address, ...], bool]:
    """The addresses of headers, at most 100, and whether there were more."""
    charset = hints.charsets[0] if hints and hints.charsets else ""
    found: list[Address] = []
    for value in values:
        for item in _items(charsets.decode(value, charset)[0]):
            address = _address(item)
            if address is None:
                continue
            if len(found) >= limits.ADDRESSES:
                return tuple(found), True
            found.append(address)
    return tuple(found), False


def _address(item: _Item) -> Address | None:
    """The entry as an address; None for one that has none, or more than one."""
    words = item.words.strip()
    if item.route is None:
        where, name = _AT.sub("@", words), item.comment
        # "Ada Lovelace ada@example.com", without brackets
        if not _is_address(where) and words.count("@") == 1:
            where = next((word for word in words.split() if "@" in word), "")
            name = words.replace(where, " ")
    else:
        where, name = item.route.strip().rpartition(":")[2] if item.route.startswith("@") else item.route.strip(), words
        name = name or item.comment
    where = where.strip().strip("'").rstrip(".")
    if not _is_address(where):
        return None
    local, _, domain = where.rpartition("@")
    shown = one_line(decode_words(name)).strip("'\" ")[:_LONGEST_NAME]
    return Address("" if shown.lower() == where.lower() else shown, f"{local}@{domain.lower()}")


def _is_address(text: str) -> bool:
    return len(text) <= 320 and (_ADDRESS.fullmatch(text) or _QUOTED_LOCAL.fullmatch(text)) is not None


def _items(text: str) -> Iterator[_Item]:
    """The entries between commas, semicolons and the names of groups, each with its quotes and comments taken apart."""
    item, position, end = _Item(), 0, len(text)
    depth = 0
    last_quote, last_bracket, last_comment = text.rfind('"'), text.rfind(">"), text.rfind(")")
    while position < end:
        char = text[position]
        position += 1
        if depth:
            if char == "(":
                depth += 1
            elif char == ")":
                depth -= 1
            if depth:
                item.comment += char
        elif char == '"' and position <= last_quote:
            piece, position = _quoted(text, position)
            after = text[position : position + 1]
            item.words += f'"{piece}"' if after == "@" else piece
        elif char == "(" and position <= last_comment:
            depth = 1
        elif char == "<" and position <= last_bracket:
            close = text.index(">", position)
            if item.route is None or "@" not in item.route:
                item.route = text[position:close]
            position = close + 1
        elif char in ",;":
            yield item
            item = _Item()
        elif char == ":" and "@" not in item.words and item.route is None:
            item = _Item()  # what came before is the name of a group
        else:
            item.words += char
    yield item


def _quoted(text: str, position: int) -> tuple[str, int]:
    """The text up to the closing quote, and where it goes on."""
    pieces: list[str] = []
    while position < len(text) and text[position] != '"':
        if text[position] == "\\":
            position += 1
        pieces.append(text[position : position + 1])
        position += 1
    return "".join(pieces), position + 1


def ids(value: bytes) -> tuple[str, ...]:
    """The message ids of a header, without brackets; of more than 100 the first one and the last ones."""
    text = charsets.decode(value)[0]
    found = [bare for one in _ID.findall(text) if (bare := "".join(one.split()))]
    if not found:
        found = _BARE_ID.findall(text)
    return keep(found)


def keep(found: Iterable[str]) -> tuple[str, ...]:
    """The ids without repetitions, at most 100."""
    unique = [one for one in dict.fromkeys(found) if len(one) > 2]
    return tuple(unique if len(unique) <= limits.ADDRESSES else [unique[0], *unique[1 - limits.ADDRESSES :]])


def moment(value: bytes) -> datetime | None:
    """The date of a header, aware; None for one that cannot be read or cannot be meant."""
    try:
        found = parsedate_to_datetime(charsets.decode(value[:_LONGEST_DATE])[0])
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        in_utc = aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return in_utc if _EARLIEST <= in_utc.year < _LATEST else None
