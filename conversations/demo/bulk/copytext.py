"""Values as COPY's text format wants them. Milliseconds since 1970 stand for moments: they are written a million times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Final

NULL: Final = "\\N"
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_SECONDS: Final = [f"{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}" for s in range(86_400)]
_PARTS: Final = [f".{ms:03}" for ms in range(1000)]
_UUID_MASK: Final = ~(0xF << 76 | 0x3 << 62)
_UUID_4: Final = 0x4 << 76 | 0x2 << 62


def text(value: str) -> str:
    """A text, with what means something to COPY escaped."""
    return value.translate(_ESCAPES)


def array(values: Iterable[str]) -> str:
    """An array of texts."""
    quoted = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return text("{" + ",".join(f'"{value}"' for value in quoted) + "}")


def milliseconds(moment: datetime) -> int:
    """A moment as the rest of this module wants it."""
    return int(moment.timestamp()) * SECOND + moment.microsecond // 1000


@cache
def _day(number: int) -> str:
    return datetime.fromtimestamp(number * 86_400, UTC).date().isoformat()


def moment(ms: int) -> str:
    """A moment as a timestamp."""
    return f"{_day(ms // DAY)} {_SECONDS[ms // SECOND % 86_400]}{_PARTS[ms % SECOND]}+00"


def isoformat(ms: int) -> str:
    """A moment as `datetime.isoformat` prints it, for the data of an event."""
    part = f"{_PARTS[ms % SECOND]}000" if ms % SECOND else ""
    return f"{_day(ms // DAY)}T{_SECONDS[ms // SECOND % 86_400]}{part}+00:00"


def uuid4(rng: Random) -> str:
    """A random UUID, version 4, of this generator."""
    return as_uuid4(rng.getrandbits(128))


def as_uuid4(bits: int) -> str:
    """128 bits as a UUID, version 4."""
    return f"{bits & _UUID_MASK | _UUID_4:032x}"
