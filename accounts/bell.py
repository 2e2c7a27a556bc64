"""A bell: code that has made work rings, and the part of this process that does such work begins at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Bell:
    """Rung from any thread. In a process where nobody listens, and for other processes, it makes no sound."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], object]] = []

    def ring(self) -> None:
        for listener in self._listeners:
            listener()

    @contextmanager
    def answered_by(self, listener: Callable[[], object]) -> Iterator[None]:
        """Call the listener at each ring, in the thread of who rings."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)
