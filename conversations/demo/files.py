"""The files that demo customers attach, made on the spot: a small picture, or a few lines of text."""

from __future__ import annotations

import math
import struct
import zlib

from django.core.files.base import ContentFile

_DIAGNOSTICS = """\
station   WS2  firmware 4.2.1  uptime 6d 04:12
wifi      channel 6  rssi -67 dBm  reconnects 2
supply    4.71 V  battery 3.92 V
wind      pulses 0  reed_ok=false
rain      tips 1182  last_tip 07:41:12
clock     drift 0.4 s  synced 2 min ago
"""
_SAMPLE = """\
station_id,measured_at,temp_c,rh,pressure_hpa,wind_ms,wind_dir,rain_mm
AT-014,2025-06-01T04:00:00Z,14.2,101,1014.6,0.4,210,0.0
AT-014,2025-06-01T04:10:00Z,14.1,101,1014.6,0.2,205,0.0
AT-022,2025-06-01T04:00:00Z,13.8,97,1014.9,0.9,190,0.2
"""


def made(name: str) -> ContentFile[bytes]:
    """The file of that name, as an upload."""
    content = png(name) if name.endswith(".png") else (_SAMPLE if "sample" in name else _DIAGNOSTICS).encode()
    return ContentFile(content, name=name)


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
