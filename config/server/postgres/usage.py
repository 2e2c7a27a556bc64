"""`use(home)`: have the embedded server running for as long as this process lives."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from config import env
from config.server.postgres import cluster, locks
from config.server.postgres.binaries import PostgresError
from config.server.postgres.keeper import START_LIMIT, STOP_LIMIT
from config.server.saying import say

_guard = threading.Lock()
_users: dict[Path, int] = {}  # data folder -> our file of its users' lock, held shared
_keepers: list[subprocess.Popen[bytes]] = []  # kept so that those that ended can be reaped


def use(home: Path) -> None:
    """Make sure that the server of this data folder runs, and keep it running until this process ends.

    Cheap when it does; otherwise it is started (about a second the first time, a tenth of one later). Call it before
    each new connection: a server that crashed is then started again. Raises PostgresError.
    """
    with _guard:
        try:
            if home not in _users:
                _join(home)
            _ensure(home)
        except PermissionError as error:
            raise PostgresError(f"{error}. Run the desk as the user that owns {home}.") from error


def leave(home: Path) -> None:
    """Stop using the server before this process ends, and wait until it has stopped unless others use it."""
    with _guard:
        file = _users.pop(home, None)
        if file is None:
            return
        locks.release(file)
        server = locks.server(home)
        end = time.monotonic() + STOP_LIMIT
        while time.monotonic() < end and not locks.try_alone(server):
            if locks.try_alone(file):  # The keeper has not noticed yet that nobody is left.
                locks.release(file)
            elif locks.try_shared(file):  # Others use it; it is theirs now.
                break
            time.sleep(0.02)
        os.close(server)
        os.close(file)


def _forget() -> None:
    """In a copy of a process: our hold on the lock is the other's, which lets go of it for both. We begin anew."""
    for file in _users.values():
        os.close(file)
    _users.clear()


os.register_at_fork(after_in_child=_forget)


def _join(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    file = locks.users(home)
    end = time.monotonic() + STOP_LIMIT
    while not locks.try_shared(file):  # A keeper is stopping the server; it can be started again when that is done.
        if time.monotonic() > end:
            os.close(file)
            raise PostgresError(
                f"The database in {home} has been stopping for {STOP_LIMIT} s; see {home / cluster.LOG}."
            )
        time.sleep(0.02)
    _users[home] = file


def _ensure(home: Path) -> None:
    server = locks.server(home)
    try:
        if locks.try_alone(server):
            _start_keeper(home, server)
            return
        end = time.monotonic() + START_LIMIT
        while not cluster.answers(home):  # Somebody else is starting it, or it is recovering.
            if locks.try_alone(server):
                _start_keeper(home, server)
                return
            if time.monotonic() > end:
                raise PostgresError(f"The database in {home} does not answer; see {home / cluster.LOG}.")
            time.sleep(0.02)
    finally:
        os.close(server)


def _start_keeper(home: Path, server_lock: int) -> None:
    """Start a keeper, which takes over the server's lock, and wait for its verdict."""
    _keepers[:] = [keeper for keeper in _keepers if keeper.poll() is None]
    reading, writing = os.pipe()
    durable = "durable" if env.flag("EMBEDDED_DURABLE", True) else "throwaway"
    try:
        with (home / cluster.LOG).open("ab") as log:
            keeper = subprocess.Popen(
                [sys.executable, "-m", "config.server.postgres.keeper", home, str(server_lock), str(writing), durable],
                cwd=env.BASE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[server_lock, writing],
                start_new_session=True,
            )
    finally:
        os.close(writing)
    _keepers.append(keeper)
    verdict = ""
    with os.fdopen(reading, encoding="utf-8", errors="replace") as report:
        for line in report:
            kind, _, text = line.rstrip("\n").partition(" ")
            if kind == "note":
                say(text)
            else:
                verdict = text.replace("\v", "\n") if kind == "failed" else "ready"
    if verdict != "ready":
        raise PostgresError(verdict or f"The process that runs PostgreSQL failed; see {home / cluster.LOG}.")
