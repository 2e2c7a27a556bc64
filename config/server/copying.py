"""Web processes and worker as copies of a supervisor that has loaded the desk's code once: what none of them changes, they share.

Only on Linux: elsewhere a copy of a process may not call the system's own libraries, and each role is started by itself.
See docs/adr/0025-processes-are-copies.md.
"""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence

from config.server import loading, processes

IS_POSSIBLE = sys.platform == "linux"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LOOK_EVERY = 0.02  # seconds


class Copied(BaseException):
    """Raised in the copy, which leaves by it all that the supervisor was doing. No error: nothing on the way may catch it."""

    def __init__(self, role: str) -> None:
        super().__init__(role)
        self.role = role


class Copy:
    """The supervisor's view of a copy; the same words as `subprocess.Popen`."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float = math.inf) -> int:
        """Raises subprocess.TimeoutExpired."""
        end = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired([str(self.pid)], timeout)
            time.sleep(_LOOK_EVERY)
        return status

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


def load() -> None:
    """Load what the roles run, and open nothing: a connection or a thread would not survive in a copy."""
    with loading.without_collecting():
        loading.handler()
        import uvloop  # noqa: F401 - uvicorn does so when it starts
        from django.urls import get_resolver

        from config.server import front, start, web, worker  # noqa: F401 - what a copy needs first

        worker.parts()
        get_resolver().url_patterns  # noqa: B018 - loads the views


def copy(role: str, *, given: Mapping[str, str], without: Sequence[int]) -> Copy:
    """Start a copy of this process, with more in its environment and without some open files. It raises Copied in the copy."""
    end_with_us = processes.ends_with_parent(signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # The copy must not take a signal for the supervisor's.
    try:
        if pid := os.fork():
            return Copy(pid)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    os.setsid()  # Ctrl-C reaches the supervisor alone; it stops the others in order.
    if end_with_us is not None:
        end_with_us()
    processes.be_called(f"parley-{role}")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    for file in {nothing, *without} - {0}:
        os.close(file)
    os.environ.update(given)
    raise Copied(role)
