"""The files in a winmail.dat, which Outlook sends instead of them (MS-OXTNEF).

Every count in it is held against the bytes that are left, so that a lie about them costs nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from conversations.mail import charsets, limits

TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")
_SIGNATURE = 0x223E9F78
_ATTACHMENT_LEVEL = 2
_BODY, _TITLE, _DATA, _BEGIN, _MESSAGE_PROPERTIES, _PROPERTIES, _CODEPAGE = (
    0x800C,
    0x8010,
    0x800F,
    0x9002,
    0x9003,
    0x9005,
    0x9007,
)
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_SIZED = frozenset([0x1E, 0x1F, 0x0D, 0x102])
_UNICODE, _OBJECT = 0x1F, 0x0D
_MANY = 0x1000
_P_BODY, _P_HTML, _P_CODEPAGE = 0x1000, 0x1013, 0x3FDE
_P_DATA, _P_NAME, _P_LONG_NAME, _P_TYPE, _P_CONTENT_ID, _P_DISPLAY = 0x3701, 0x3704, 0x3707, 0x370E, 0x3712, 0x3001
_DEEPEST = 3
_MOST_PROPERTIES = 2_000


@dataclass
class File:
    """A file as the winmail.dat holds it."""

    name: str = ""
    content_type: str = ""
    content_id: str = ""
    content: bytes = b""


@dataclass
class Unpacked:
    """What is in a winmail.dat."""

    files: list[File] = field(default_factory=list)
    text: str = ""
    html: str = ""
    is_whole: bool = True


def unpack(data: bytes, depth: int = 0) -> Unpacked | None:
    """The texts and files; None for bytes that are no winmail.dat."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != _SIGNATURE:
        return None
    found, codepage = Unpacked(), "cp1252"
    try:
        for level, name, start, end in _objects(data, found):
            if name == _CODEPAGE:
                codepage = f"cp{struct.unpack_from('<I', data, start)[0]}"
            elif name == _BEGIN:
                found.files.append(File())
            elif level == _ATTACHMENT_LEVEL and found.files:
                _read_file(found, name, data[start:end], codepage, depth)
            elif name == _BODY:
                found.text = charsets.decode(data[start:end].rstrip(b"\x00"), codepage)[0]
            elif name == _MESSAGE_PROPERTIES:
                _read_texts(found, data[start:end], codepage)
    except struct.error:
        found.is_whole = False
    found.files = [file for file in found.files if file.content]
    return found


def _objects(data: bytes, found: Unpacked) -> Iterator[tuple[int, int, int, int]]:
    """The objects: their level, their name, and where their data is."""
    position = 6
    for _ in range(limits.TNEF_OBJECTS):
        if position + 11 > len(data):
            return
        level, name, _, length = struct.unpack_from("<BHHI", data, position)
        end = position + 9 + length
        if end > len(data):
            found.is_whole = False
            return
        yield level, name, position + 9, end
        position = end + 2  # the checksum
    found.is_whole = False


def _read_file(found: Unpacked, name: int, data: bytes, codepage: str, depth: int) -> None:
    file = found.files[-1]
    if name == _TITLE:
        file.name = file.name or _text(data, codepage)
    elif name == _DATA:
        file.content = data
    elif name == _PROPERTIES:
        names: dict[int, str] = {}
        for prop, kind, value in _properties(data):
            if prop == _P_DATA and kind == _OBJECT:
                _embedded(found, value[16:], depth)
            elif prop == _P_DATA:
                file.content = file.content or value
            elif kind in (0x1E, _UNICODE) and prop in (_P_NAME, _P_LONG_NAME, _P_TYPE, _P_CONTENT_ID, _P_DISPLAY):
                names[prop] = _text(value, "utf-16-le" if kind == _UNICODE else codepage)
        file.name = names.get(_P_LONG_NAME) or file.name or names.get(_P_NAME) or names.get(_P_DISPLAY, "")
        file.content_type, file.content_id = names.get(_P_TYPE, ""), names.get(_P_CONTENT_ID, "").strip("<> ")


def _embedded(found: Unpacked, data: bytes, depth: int) -> None:
    """The files of a message that is attached."""
    inner = unpack(data, depth + 1) if depth < _DEEPEST else None
    if inner is not None:
        found.files[-1:-1] = inner.files


def _read_texts(found: Unpacked, data: bytes, codepage: str) -> None:
    html = b""
    for prop, kind, value in _properties(data):
        if prop == _P_CODEPAGE and len(value) >= 4:
            number = struct.unpack_from("<I", value)[0]
            codepage = "utf-8" if number == 65001 else f"cp{number}"
        elif prop == _P_BODY and kind in (0x1E, _UNICODE):
            found.text = _text(value, "utf-16-le" if kind == _UNICODE else codepage)
        elif prop == _P_HTML:
            html = value
    if html:
        found.html = charsets.decode(html.rstrip(b"\x00"), codepage)[0]


def _text(data: bytes, codepage: str) -> str:
    if codepage == "utf-16-le":
        return charsets.clean(data.decode("utf-16-le", "replace")).strip("\x00")
    return charsets.decode(data.rstrip(b"\x00"), codepage)[0]


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """MAPI properties: their id, their type and their value, of several values the first one."""
    count, position = struct.unpack_from("<I", data)[0], 4
    for _ in range(min(count, len(data) // 4, _MOST_PROPERTIES)):
        kind, prop = struct.unpack_from("<HH", data, position)
        position += 4
        if prop >= 0x8000:
            is_named, size = struct.unpack_from("<II", data, position + 16)
            position += 24 + (_padded(size) if is_named else 0)
        is_many, kind = bool(kind & _MANY), kind & ~_MANY
        values = 1
        if is_many or kind in _SIZED:
            values = struct.unpack_from("<I", data, position)[0]
            position += 4
        first: bytes | None = None
        for _ in range(min(values, (len(data) - position) // 4, _MOST_PROPERTIES)):
            size = _FIXED.get(kind, 0)
            if kind in _SIZED:
                size = struct.unpack_from("<I", data, position)[0]
                position += 4
            elif not size:
                return  # of a type that nobody knows, so that what follows cannot be found
            value = data[position : position + size] if first is None else b""
            first = value if first is None else first
            position += _padded(size)
        if first is not None:
            yield prop, kind, first


def _padded(size: int) -> int:
    return size + -size % 4
