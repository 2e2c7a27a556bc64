"""Headers of a mail or of a part: their lines, what they are in words (RFC 2047), and their parameters (RFC 2231)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote, unquote_to_bytes

from conversations.mail import charsets, limits
from conversations.mail.charsets import Hints

_LINE = re.compile(rb"(?:[!-9;-~]{1,200}[ \t]*:|[ \t])[^\r\n]*(?:\r\n|\n|\r|\Z)")
_EMPTY = re.compile(rb"\r\n|\n|\r")
_ENVELOPE = re.compile(rb">?From [^\r\n]*(?:\r\n|\n|\r)")
_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bq])\?([^?\r\n]*)\?=", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.)*"|"[^;"]*|[^;]*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_TYPE = re.compile(r"[a-zA-Z0-9][!-.0-~]{0,60}/[a-zA-Z0-9][!-.0-~]{0,80}")
_PIECE = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?")


@dataclass
class RawHeaders:
    """Names in lower case with their bytes, unfolded, in their order."""

    items: list[tuple[str, bytes]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[bytes]:
        return [value for key, value in self.items if key == name]

    def first(self, name: str) -> bytes:
        return next((value for key, value in self.items if key == name), b"")


def split(raw: bytes, start: int, end: int) -> tuple[RawHeaders, int]:
    """The headers that begin at `start`, and where the body begins. What is no header is the body."""
    headers, position = RawHeaders(), start
    if mark := _ENVELOPE.match(raw, position, end):
        position = mark.end()  # of an mbox
    first = position
    lines: list[tuple[str, list[bytes]]] = []
    while position < end:
        if blank := _EMPTY.match(raw, position, end):
            position = blank.end()
            break
        line = _LINE.match(raw, position, end)
        if line is None or (not lines and raw[position] in b" \t"):
            break
        if position - first > limits.HEADER_BLOCK or len(lines) >= limits.HEADERS:
            headers.problems.append("The headers are too long: the rest of them was ignored.")
            blank = _END.search(raw, position, end)
            position = blank.end() if blank else end
            break
        text = line[0].rstrip(b"\r\n")
        if text[:1] in (b" ", b"\t"):
            lines[-1][1].append(text)
        else:
            name, _, begun = text.partition(b":")
            lines.append((name.strip().decode("ascii").lower(), [begun]))
        position = line.end()
    for title, pieces in lines:
        value = b"".join(pieces).strip()
        most = limits.PARAMETERS if title in ("content-type", "content-disposition") else limits.HEADER
        if len(value) > most:
            headers.problems.append(f"The header {title[:60]} is too long: it was cut.")
        headers.items.append((title, value[:most]))
    return headers, position


def decode(value: bytes, hints: Hints | None = None) -> str:
    """The header as a person reads it: encoded words decoded, in one line, without what cannot be kept."""
    return one_line(decode_words(charsets.decode(value, _raw_charset(hints))[0]))


def decode_words(text: str) -> str:
    """The text with its encoded words decoded. Neighbours in one charset are joined first: a character may be split among them."""
    pieces: list[str] = []
    waiting: list[tuple[str, str]] = []
    charset, position = "", 0
    for found in _WORD.finditer(text):
        between = text[position : found.start()]
        same = found[1].lower().partition("*")[0]
        is_neighbour = position > 0 and not between.strip()
        if not is_neighbour or same != charset:
            pieces.append(_decoded(waiting, charset))
            pieces.append("" if is_neighbour else between)
            waiting, charset = [], same
        waiting.append((found[2].lower(), found[3]))
        position = found.end()
    return "".join([*pieces, _decoded(waiting, charset), text[position:]])


def _decoded(words: list[tuple[str, str]], charset: str) -> str:
    """The text of encoded words in one charset."""
    data, begun = [], ""
    for encoding, text in words:
        if encoding == "b":
            begun += text
            if "=" in text or len(begun) % 4 == 0:  # what one word began, the next one may complete
                data.append(base64(begun.encode("utf-8", "replace")))
                begun = ""
            continue
        data.append(base64(begun.encode("utf-8", "replace")))
        begun = ""
        data.append(binascii.a2b_qp(text.encode("utf-8", "replace"), header=True))
    data.append(base64(begun.encode("utf-8", "replace")))
    return charsets.decode(b"".join(data), charset)[0]


def one_line(text: str) -> str:
    """The text with single spaces, and without what cannot be kept."""
    return _SPACE.sub(" ", charsets.clean(text)).strip()


def base64(data: bytes) -> bytes:
    """Decoded as far as it goes."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        bare = data.translate(None, _NO_BASE64)
        bare = bare[: len(bare) - (len(bare) % 4 == 1)]
        return binascii.a2b_base64(bare + b"=" * (-len(bare) % 4))


_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NO_BASE64 = bytes(set(range(256)) - set(_BASE64))


def _raw_charset(hints: Hints | None) -> str:
    """For bytes that are in a header as they are."""
    return hints.charsets[0] if hints and hints.charsets else ""


def parameters(value: bytes, hints: Hints | None = None) -> tuple[str, dict[str, str]]:
    """The value of a Content-Type or Content-Disposition in lower case, and its parameters, decoded."""
    text = charsets.decode(value, _raw_charset(hints))[0]
    main, mark, _ = text.partition(";")
    plain: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for found in _PARAMETER.finditer(text, len(main)) if mark else ():
        name = _PIECE.fullmatch(found[1].lower())
        given = found[2].strip()
        if given.startswith('"'):
            given = _ESCAPED.sub(r"\1", given[1:].removesuffix('"'))
        if name is None:
            continue
        if name[2] or name[3]:
            pieces.setdefault(name[1], []).append((int(name[2] or 0), bool(name[3]), given))
        else:
            plain.setdefault(name[1], one_line(decode_words(given)))
    for key, parts in pieces.items():
        plain[key] = one_line(_joined(parts))
    return "".join(main.split()).lower(), plain


def _joined(pieces: list[tuple[int, bool, str]]) -> str:
    """A parameter that comes in pieces; the first one names the charset of all."""
    charset, data = "", b""
    for index, (_, is_encoded, text) in enumerate(sorted(pieces, key=lambda piece: piece[0])):
        if is_encoded:
            if index == 0 and text.count("'") >= 2:
                charset, _, text = text.split("'", 2)
            data += unquote_to_bytes(text)
        else:
            data += text.encode("utf-8", "replace")
    return charsets.decode(data, charset or "utf-8")[0]


def texts(headers: RawHeaders, hints: Hints) -> Iterator[tuple[str, str]]:
    """Every header as a person reads it."""
    for name, value in headers.items:
        yield name, decode(value, hints)


def type_or_none(kind: str) -> str | None:
    """A content type in lower case, such as text/plain; None for what is none."""
    return kind.lower() if _TYPE.fullmatch(kind) else None


def content_id(text: str) -> str:
    """An id of a part, as its header and the addresses of images may spell it: with brackets, or with escapes."""
    return one_line(unquote(text.strip().strip("<>")))[:500]
