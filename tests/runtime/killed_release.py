"""Releases a desk although the release is killed again and again: `python -m tests.runtime.killed_release STEP`.

Each try is a process that kills itself (SIGKILL) after its STEP-th commit; the next one goes on where it was killed.
What ends with 0 has shown that no kill leaves something behind on which a later release fails.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from typing import Any

import django
import psycopg

WRITES = re.compile(r"\s*(CREATE|ALTER|DROP|INSERT|UPDATE|DELETE)", re.IGNORECASE)


def main(step: int) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    tries, limit, before = 0, step, -1
    while True:
        tries += 1
        # A migration that is not atomic begins anew: it is killed a little later each time, until it comes to its end.
        limit = step if (applied := _applied()) > before else limit + step
        before = applied
        child = os.fork()
        if child == 0:
            os._exit(_released(limit))
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            print(f"ended after {tries} tries")
            return os.WEXITSTATUS(status)


def _applied() -> int:
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
            return 0
        row = connection.execute("SELECT count(*) FROM django_migrations").fetchone()
    return int(row[0]) if row else 0


def _released(limit: int) -> int:
    from django.db import connection

    from config.server.release import release

    left = limit

    def committed() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def commit(original: Callable[[], None] = connection._commit) -> None:
        original()
        committed()

    def execute(run: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = run(sql, params, many, context)
        if not connection.in_atomic_block and WRITES.match(sql):
            committed()
        return result

    connection._commit = commit  # type: ignore[method-assign]
    with connection.execute_wrapper(execute):
        status = release()
    sys.stdout.flush()
    return status


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
