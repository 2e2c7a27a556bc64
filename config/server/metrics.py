"""What the web processes count of their requests: in memory that all processes of one `run` share, a place for each.

A count is one addition at a fixed place: no lock (the event loop of one process alone writes there), no file (a full disk
would end a process that writes to a mapped one), and no name that a request could make up. Any process reads the sums of all
(config/metrics.py). A process that is started again goes on in its place. See docs/adr/0020-metrics-in-shared-memory.md.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import zlib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

FILE = "PARLEY_METRICS_FD"  # in a child's environment: the inherited file and the number of its place, as `7,0`
PLACE = 4096  # numbers that a process has room for
BOUNDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds
KINDS = ("read", "write", "live")
STATUSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
_NUMBER = 8  # bytes
_LAYOUT, _STREAMS, _CONNECTIONS, _FIRST = 0, 1, 2, 3  # what stands where in a place
_TIMES = len(BOUNDS) + 2  # of one door and kind: requests by bound, those beyond the last, and the seconds of all


def shared(count: int) -> int:
    """The open file of the memory of so many processes; they inherit it."""
    size = count * PLACE * _NUMBER
    if hasattr(os, "memfd_create"):
        number = os.memfd_create("parley-metrics")
        os.ftruncate(number, size)
        return number
    with tempfile.TemporaryFile() as file:
        file.write(bytes(size))
        file.flush()
        return os.dup(file.fileno())


@dataclass(frozen=True)
class Sums:
    """What all processes have counted together."""

    streams: float
    connections: float
    times: Mapping[
        tuple[str, str], Sequence[float]
    ]  # by door and kind: requests by bound, beyond the last, and seconds
    statuses: Mapping[tuple[str, str], float]  # by door and class of status


class Metrics:
    """The counts of one process, and the way to those of the others. `doors` are all labels that there will be."""

    def __init__(self, doors: Sequence[str], memory: memoryview[float] | None = None, place: int = 0) -> None:
        self.doors = tuple(doors)
        self._all = memory if memory is not None else memoryview(bytearray(PLACE * _NUMBER)).cast("d")
        self._own = self._all[place * PLACE : (place + 1) * PLACE]
        self._statuses = _FIRST + len(self.doors) * len(KINDS) * _TIMES
        needed = self._statuses + len(self.doors) * len(STATUSES)
        if needed > PLACE:
            raise ValueError(f"{len(self.doors)} doors need {needed} numbers, and there is room for {PLACE}")
        # Processes of two versions may share the memory while one replaces the other.
        self._layout = float(zlib.crc32(repr((self.doors, KINDS, STATUSES, BOUNDS, _FIRST)).encode()))
        if self._own[_LAYOUT] != self._layout:
            for number in range(PLACE):
                self._own[number] = 0.0
            self._own[_LAYOUT] = self._layout
        self._own[_STREAMS] = self._own[_CONNECTIONS] = 0.0

    @classmethod
    @cache
    def inherited(cls, doors: tuple[str, ...]) -> Metrics:
        """This process's, in the place that the supervisor gave; in memory of its own where there is no supervisor."""
        if not (given := os.environ.get(FILE)):
            return cls(doors)
        number, place = map(int, given.split(","))
        return cls(doors, memoryview(mmap.mmap(number, 0)).cast("d"), place)

    def answered(self, door: int, kind: int, status: int, seconds: float) -> None:
        """An answer has begun, so long after its request was there. Call it on the event loop."""
        own = self._own
        first = _FIRST + (door * len(KINDS) + kind) * _TIMES
        own[first + bisect_left(BOUNDS, seconds)] += 1.0
        own[first + _TIMES - 1] += seconds
        own[self._statuses + door * len(STATUSES) + status // 100 - 1] += 1.0

    def streams(self, change: int) -> None:
        """A live response has begun (1) or ended (-1). Call it on the event loop."""
        self._own[_STREAMS] += change

    def connected(self) -> None:
        """A connection has been taken. Call it on the event loop."""
        self._own[_CONNECTIONS] += 1.0

    def disconnected(self) -> None:
        """A connection has ended. Call it on the event loop."""
        self._own[_CONNECTIONS] -= 1.0

    def is_ahead(self) -> bool:
        """Whether another process has fewer connections."""
        return self._own[_CONNECTIONS] > min(place[_CONNECTIONS] for place in self._places())

    def _places(self) -> list[memoryview[float]]:
        """Those of all processes of this version."""
        places = [self._all[start : start + PLACE] for start in range(0, len(self._all), PLACE)]
        return [place for place in places if place[_LAYOUT] == self._layout]

    def sums(self) -> Sums:
        """Over all processes of this version."""
        total = [sum(numbers) for numbers in zip(*self._places(), strict=True)]
        times = {}
        statuses = {}
        for number, door in enumerate(self.doors):
            for other, kind in enumerate(KINDS):
                first = _FIRST + (number * len(KINDS) + other) * _TIMES
                times[door, kind] = total[first : first + _TIMES]
            first = self._statuses + number * len(STATUSES)
            statuses.update({(door, name): total[first + place] for place, name in enumerate(STATUSES)})
        return Sums(total[_STREAMS], total[_CONNECTIONS], times, statuses)
