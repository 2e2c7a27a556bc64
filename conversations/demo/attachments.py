"""The files that demo customers attach: texts of the content, and pictures that are drawn on the spot."""

from __future__ import annotations

import math
import struct
import zlib

from django.core.files.base import ContentFile

from conversations.demo.documents import CONTENT

_FOLDER = CONTENT / "attachments"


def exists(name: str) -> bool:
    """Whether a story can attach a file of that name."""
    return name.endswith(".png") or (_FOLDER / name).is_file()


def upload(name: str) -> ContentFile[bytes]:
    """The file of that name, as an upload."""
    return ContentFile(png(name) if name.endswith(".png") else (_FOLDER / name).read_bytes(), name=name)


def png(seed: str, width: int = 240, height: int = 150) -> bytes:
    """A picture of a sky and a curve, different for each seed."""
    phase = zlib.crc32(seed.encode()) % 628 / 100
    rows = bytearray()
    for y in range(height):
        rows.append(0)  # each line of a PNG begins with its filter: none
        for x in range(width):
            curve = height * (0.55 + 0.22 * math.sin(x / 31 + phase) + 0.06 * math.sin(x / 7))
            shade = 200 - y * 60 // height
            rows += bytes((30, 60, 120) if abs(y - curve) < 1.6 else (shade - 60, shade, 235))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(bytes(rows), 6)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
