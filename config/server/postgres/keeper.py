"""The process that runs the embedded server for as long as anybody uses it, and then stops it.

    python -m config.server.postgres.keeper <home> <file number of the server's lock> <file number for reports> <durable>

It is started by `usage.use`, belongs to no terminal and needs nobody to end it: it waits for the users' lock, which
is free when the last user has left, however that user ended. If it is itself killed, the kernel stops PostgreSQL.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from config.server.postgres import cluster, locks
from config.server.postgres.binaries import PostgresError

START_LIMIT = 300  # seconds; replaying the log after a crash may take long on a slow disk
STOP_LIMIT = 60  # seconds for a clean shutdown, after which the server is cut off (and recovers at its next start)


class _Ended(Exception):
    """The server ended by itself, or somebody asks us to stop."""


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise _Ended


class _Report:
    """What the process that started us reads: notes, then one line `ready` or `failed …`."""

    def __init__(self, file: int) -> None:
        self.file = file

    def note(self, text: str) -> None:
        self._write(f"note {text}")

    def close(self, verdict: str) -> None:
        self._write(verdict)
        os.close(self.file)

    def _write(self, text: str) -> None:
        try:
            os.write(self.file, text.replace("\n", "\v").encode() + b"\n")
        except OSError:
            pass  # The process that started us has ended; others may be waiting for the server all the same.


def keep(home: Path, server_lock: int, report: _Report, *, durable: bool) -> None:
    """Start the server and stay until it is no longer needed."""
    users = locks.users(home)
    server: subprocess.Popen[bytes] | None = None
    try:
        made = cluster.prepare(home, durable=durable, tell=report.note)
        server = made.start(durable=durable, server_lock=server_lock)
        _wait_until_ready(made, server)
    except (PostgresError, OSError) as error:
        if server is not None:
            _stop(server)
        report.close(f"failed {error}")
        return
    report.close("ready")
    try:
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _end)
        if server.poll() is None:
            locks.wait_alone(users)
    except _Ended:
        pass
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)
    _stop(server)


def _wait_until_ready(made: cluster.Cluster, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_LIMIT
    while not cluster.answers(made.home):
        if server.poll() is not None:
            raise PostgresError(f"PostgreSQL did not start:\n{made.log_tail()}")
        if time.monotonic() > end:
            raise PostgresError(f"PostgreSQL was not ready after {START_LIMIT} s:\n{made.log_tail()}")
        time.sleep(0.02)


def _stop(server: subprocess.Popen[bytes]) -> None:
    for number, limit in ((signal.SIGINT, STOP_LIMIT), (signal.SIGQUIT, 5), (signal.SIGKILL, None)):
        if server.poll() is not None:
            return
        server.send_signal(number)
        try:
            server.wait(limit)
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    _, given_home, given_lock, given_report, given_durable = sys.argv
    keep(Path(given_home), int(given_lock), _Report(int(given_report)), durable=given_durable == "durable")
