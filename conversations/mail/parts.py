"""The parts of a mail, found in its bytes.

`email.parser` holds every line against the boundary of every multipart around it, so that a mail of short lines inside many
multiparts costs minutes before anyone can count them. Here each multipart is searched once for its own boundary, nothing is
copied, and the counts stop it: at most 500 parts, 20 deep, 10,000 lines that look like boundaries.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from conversations.mail import headers, limits
from conversations.mail.charsets import Hints
from conversations.mail.headers import RawHeaders

_LOST_BOUNDARY = re.compile(rb"(?:\A|[\r\n])--([!-~]{1,200}?)[ \t]*(?:\r\n|\n|\r)(?=Content-)", re.IGNORECASE)
_REST = re.compile(rb"(--)?[ \t]*(?:\r\n|\n|\r|\Z)")
_LOOKED_AT = 8 * 1024  # bytes in which a boundary that is not declared is looked for
_UU_BEGIN = re.compile(rb"(?:\A|[\r\n])begin [0-7]{3,4} [^\r\n]*(?:\r\n|\n|\r)")
_NO_BASE64_TEXT = bytes(set(range(256)) - set(headers._BASE64 + b"=\r\n"))
_MOST_LINES = 1_000_000  # of a uuencoded body


@dataclass
class Part:
    """A part with its headers; its body stays where it is in the bytes of the mail."""

    headers: RawHeaders
    raw: bytes = field(repr=False)
    start: int
    end: int
    content_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    file_name: str = ""
    children: list[Part] = field(default_factory=list)

    @property
    def is_multipart(self) -> bool:
        return bool(self.children)

    @property
    def content_id(self) -> str:
        return headers.content_id(headers.decode(self.headers.first("content-id")))

    def content(self) -> bytes:
        """The body, decoded as far as it goes."""
        data = self.raw[self.start : self.end]
        encoding = headers.decode(self.headers.first("content-transfer-encoding")).lower().strip(" ;\"'")
        if encoding == "base64":
            strange = len(data) - len(data.translate(None, _NO_BASE64_TEXT))
            return data if strange * 10 > len(data) else headers.base64(data)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(data)
        if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
            return _uudecoded(data)
        return data

    def walk(self) -> Iterator[Part]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass
class Mail:
    """A mail as a tree of parts, with the counts of what was read."""

    root: Part
    parts: int
    delimiters: int
    problems: list[str]


@dataclass
class _Reader:
    raw: bytes
    line_break: bytes = b"\n"
    parts: int = 0
    delimiters: int = 0
    problems: list[str] = field(default_factory=list)

    def part(self, start: int, end: int, depth: int, otherwise: str) -> Part:
        """The part between two places, with the parts in it."""
        self.parts += 1
        found, body = headers.split(self.raw, start, end)
        self.problems += found.problems
        part = Part(found, self.raw, body, end)
        _describe(part, otherwise)
        if part.content_type.startswith("multipart/"):
            self._open(part, depth)
        return part

    def _open(self, part: Part, depth: int) -> None:
        """Find the parts of a multipart. One that has none is text."""
        if depth >= limits.DEPTH:
            self.problems.append(f"Parts are nested more than {limits.DEPTH} deep: what is inside was not read.")
            part.content_type = "application/octet-stream"
            return
        otherwise = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
        for start, end in list(self._places(part)):
            if self.parts >= limits.PARTS:
                self.problems.append(f"The mail has more than {limits.PARTS} parts: the rest was not read.")
                break
            part.children.append(self.part(start, end, depth + 1, otherwise))
        if not part.children:
            part.content_type = "text/plain"

    def _places(self, part: Part) -> Iterator[tuple[int, int]]:
        """Where the parts between the boundary lines begin and end."""
        boundary = part.parameters.get("boundary", "").encode("utf-8", "replace")
        places = list(self._split(part, boundary)) if boundary else []
        if not places and (lost := _LOST_BOUNDARY.search(self.raw, part.start, min(part.end, part.start + _LOOKED_AT))):
            places = list(self._split(part, lost[1]))
        return iter(places)

    def _split(self, part: Part, boundary: bytes) -> Iterator[tuple[int, int]]:
        longer = re.compile(rb'boundary="?' + re.escape(boundary) + rb'--["\s;]', re.IGNORECASE)
        begin: int | None = None
        for start, end, is_last in self._delimiters(part, b"--" + boundary):
            if begin is not None:
                if is_last and longer.search(self.raw, begin, min(start, begin + limits.PARAMETERS)):
                    continue  # the boundary of a multipart inside, which is this one and two hyphens
                yield begin, self._before(begin, start)
            begin = end
            if is_last:
                return
        if begin is not None and begin < part.end:
            yield begin, part.end

    def _delimiters(self, part: Part, line: bytes) -> Iterator[tuple[int, int, bool]]:
        """The lines that are the boundary: where each begins and ends, and whether it is the last one."""
        position = part.start if self.raw.startswith(line, part.start) else self._next(part.start, part.end, line)
        while position >= 0:
            if self.delimiters >= limits.DELIMITERS:
                self.problems.append("The mail has too many lines that separate parts: the rest was not read.")
                return
            self.delimiters += 1
            end = position + len(line)
            if rest := _REST.match(self.raw, end, part.end):
                yield position, rest.end(), rest[1] is not None
            position = self._next(end, part.end, line)

    def _next(self, start: int, end: int, line: bytes) -> int:
        found = self.raw.find(self.line_break + line, max(start - 1, 0), end)
        return found + 1 if found >= 0 else -1

    def _before(self, begin: int, end: int) -> int:
        """The end of the line before: its line break belongs to the boundary."""
        for mark in (b"\r\n", b"\n", b"\r"):
            if self.raw[max(begin, end - len(mark)) : end] == mark:
                return end - len(mark)
        return end


def read(raw: bytes) -> Mail:
    """The parts of a mail."""
    reader = _Reader(raw, b"\n" if b"\n" in raw else b"\r")
    root = reader.part(0, len(raw), 0, "text/plain")
    return Mail(root, reader.parts, reader.delimiters, list(dict.fromkeys(reader.problems)))


def _describe(part: Part, otherwise: str) -> None:
    """What the part says it is."""
    kind, part.parameters = headers.parameters(part.headers.first("content-type"))
    part.content_type = headers.type_or_none(kind) or {"text": "text/plain", "html": "text/html"}.get(kind, otherwise)
    part.disposition, given = headers.parameters(part.headers.first("content-disposition"))
    part.file_name = given.get("filename") or part.parameters.get("name") or ""


def charsets_of(root: Part) -> Hints:
    """What the parts say about the charsets and the language of the mail."""
    hints = Hints()
    for part in root.walk():
        if charset := part.parameters.get("charset"):
            hints.charsets.append(charset)
    hints.languages = headers.decode(root.headers.first("content-language")).replace(",", " ").split()[:10]
    return hints


def _uudecoded(data: bytes) -> bytes:
    """What is between `begin` and `end`; everything where nothing begins."""
    begin = _UU_BEGIN.search(data)
    if begin is None:
        return data
    pieces: list[bytes] = []
    for line in data[begin.end() :].splitlines()[:_MOST_LINES]:
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            pieces.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(pieces)
