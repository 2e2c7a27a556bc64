"""How far a long command is: a bar on a terminal, and a line for each tenth elsewhere."""

from __future__ import annotations

import time
from typing import Final

from django.core.management.base import OutputWrapper

_WIDTH: Final = 30


class Progress:
    """Shows how many of how many rows there are. Nothing is printed twice."""

    def __init__(self, out: OutputWrapper) -> None:
        self._out, self._is_terminal = out, out.isatty()
        self._began, self._shown = time.monotonic(), -1

    def __call__(self, done: int, total: int) -> None:
        percent = 100 * done // total
        step = percent if self._is_terminal else percent // 10
        if step == self._shown:
            return
        self._shown = step
        if not self._is_terminal:
            self._write(f"{percent} %: {done:,} of {total:,} rows\n")
            return
        filled = "█" * (_WIDTH * done // total)
        left = (time.monotonic() - self._began) * (total - done) / done
        end = "\n" if done == total else ""
        self._write(f"\r{filled:░<{_WIDTH}} {percent:3} %  {done:,} of {total:,}, {_spoken(left)} left {end}")

    def _write(self, text: str) -> None:
        self._out.write(text, style_func=str, ending="")
        self._out.flush()


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
