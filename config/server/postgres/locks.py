"""Who is using the embedded server: two file locks in the data folder, which the kernel drops when a process ends.

`postgres.users`  every process that needs the server holds it shared. The keeper waits to hold it alone: that
                  moment is when nobody is left, and while it lasts no new user can arrive.
`postgres.server` held for the life of the server, by the keeper and by every process of PostgreSQL itself (they
                  inherit it). A process that can take it knows that nothing of an earlier server is alive.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def users(home: Path) -> int:
    """An open file of the users' lock, not yet locked."""
    return _open(home / "postgres.users")


def server(home: Path) -> int:
    """An open file of the server's lock, not yet locked."""
    return _open(home / "postgres.server")


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_alone(file: int) -> bool:
    """Take the lock exclusively if nobody holds it."""
    return _try(file, fcntl.LOCK_EX)


def try_shared(file: int) -> bool:
    """Take the lock shared if nobody holds it exclusively."""
    return _try(file, fcntl.LOCK_SH)


def wait_alone(file: int) -> None:
    """Wait, without limit, until nobody else holds the lock."""
    fcntl.flock(file, fcntl.LOCK_EX)


def release(file: int) -> None:
    fcntl.flock(file, fcntl.LOCK_UN)


def _try(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
