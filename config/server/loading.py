"""Loading the desk's code, and leaving it, without looking for garbage in it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collecting() -> Iterator[None]:
    """Look for no garbage while code is loaded, nor later in what was loaded: it all stays until the process ends."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def leave_all() -> None:
    """Before a process ends: the system takes everything back at once. Python would take it apart, in a quarter of a second."""
    gc.freeze()
