"""How child processes end with their parent, and what they are called."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG, PR_SET_NAME = 1, 15


def ends_with_parent(signal_number: int) -> Callable[[], None] | None:
    """A `preexec_fn` that has the kernel send the child this signal when the thread that started it ends.

    It covers what no handler can: a parent that is killed with SIGKILL. Only Linux offers it; elsewhere None.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # Looked up before the fork, where nothing much is allowed any more.
    parent = os.getpid()

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(signal_number))
        if os.getppid() != parent:  # It ended before the line above.
            os._exit(1)

    return arrange


def be_called(name: str) -> None:
    """What `top` and `ps -o comm` show of this process, on Linux; the kernel keeps 15 letters."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode())
