"""Releases a desk although the release is killed again and again: `python -m tests.runtime.killed_release STEP`.

Each try is a process that kills itself (SIGKILL) after its STEP-th commit, the next one begins where it was killed.
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

WRITES = re.compile(r"\s*(CREATE|ALTER|DROP|INSERT|UPDATE|DELETE)", re.IGNORECASE)


def main(step: int) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    tries = 0
    while True:
        tries += 1
        child = os.fork()
        if child == 0:
            os._exit(_released(step))
        _, status = os.waitpid(child, 0)
        if os.WIFEXITED(status):
            print(f"ended after {tries} tries")
            return os.WEXITSTATUS(status)


def _released(step: int) -> int:
    from django.db import connection

    from config.server.release import release

    left = step

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
