"""A mail made again of the parts into which a provider has taken it. The same parts make the same bytes, whatever is in them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from conversations.channels.email.envelopes import trace
from conversations.mail.headers import type_or_none

_OF_THE_BODY = frozenset({"content-type", "content-transfer-encoding", "mime-version", "content-length"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of the mail. With a Content-ID it belongs to the HTML."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""


def mail(headers: Iterable[tuple[str, str]], *, text: str = "", html: str = "", files: Sequence[Piece] = ()) -> bytes:
    """The bytes of a mail. Headers that describe the body are left out: it is another one now."""
    body = [_text("plain", text)] if text or not html else []
    shown = [_text("html", html)] if html else []
    inline = [_file(one) for one in files if one.content_id and html]
    attached = [_file(one) for one in files if not (one.content_id and html)]
    if inline:
        shown = [_together("related", [*shown, *inline])]
    whole = _together("alternative", [*body, *shown])
    if attached:
        whole = _together("mixed", [whole, *attached])
    return trace(*((name, value) for name, value in headers if name.lower() not in _OF_THE_BODY)) + (
        b"MIME-Version: 1.0\r\n" + whole
    )


def formatted(name: str, address: str) -> str:
    """An address with the name beside it, as in a header."""
    if not name:
        return address
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{address}>'


def _text(kind: str, content: str) -> bytes:
    data = base64.encodebytes(content.encode("utf-8", "surrogatepass")).replace(b"\n", b"\r\n")
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + data


def _file(piece: Piece) -> bytes:
    kind = type_or_none(piece.content_type) or "application/octet-stream"
    place = "inline" if piece.content_id else "attachment"
    name = quote(piece.name.encode("utf-8", "surrogatepass"), safe="")
    headers = [("Content-Type", kind), ("Content-Disposition", f"{place}; filename*=utf-8''{name}")]
    if piece.content_id:
        headers.append(("Content-ID", f"<{piece.content_id.strip().strip('<>')}>"))
    if kind.startswith("message/"):
        return trace(*headers, ("Content-Transfer-Encoding", "8bit")) + b"\r\n" + piece.content + b"\r\n"
    data = base64.encodebytes(piece.content).replace(b"\n", b"\r\n")
    return trace(*headers, ("Content-Transfer-Encoding", "base64")) + b"\r\n" + data


def _together(kind: str, parts: list[bytes]) -> bytes:
    if len(parts) == 1:
        return parts[0]
    boundary = f"={sha256(b''.join(parts)).hexdigest()[:40]}={kind}"
    delimiter = f"\r\n--{boundary}\r\n".encode()
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n'.encode()
    return head + b"".join(delimiter + part for part in parts) + f"\r\n--{boundary}--\r\n".encode()
