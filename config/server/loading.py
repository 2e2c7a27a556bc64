"""Loading the desk's code, and leaving it, without looking for garbage in it; and giving back memory that is not used."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.core.handlers.wsgi import WSGIHandler

M_TRIM_THRESHOLD, M_ARENA_MAX = -1, -8  # of glibc's <malloc.h>
TRIM = 128 * 1024  # bytes


def spare_memory() -> None:
    """Have glibc keep one heap for all threads, which run Python in turn anyway, and give back what is free at its end.

    Else each thread has a heap of its own, which keeps what its largest request took; and the first large block lets all
    heaps keep 64 MiB. Call it before there is a thread. Other systems do without.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, TypeError):
        return
    mallopt(M_ARENA_MAX, 1)
    mallopt(M_TRIM_THRESHOLD, TRIM)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Look for no garbage while code is loaded, nor later in what was loaded: it all stays until the process ends."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def collecting_less() -> Iterator[None]:
    """Look for garbage a tenth as often, where much is made that stays for a while, as models of past migrations do.

    It costs about 80 MiB more at the highest.
    """
    before = gc.get_threshold()
    gc.set_threshold(before[0] * 10, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@cache
def handler() -> WSGIHandler:
    """Django with its middleware: one for a process and its copies."""
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def leave_all() -> None:
    """Before a process ends: the system takes everything back at once. Python would take it apart, in a quarter of a second."""
    gc.freeze()
