"""The desk that is measured: `python -m config.server run` in a data folder of its own, as production runs it.

Importing this module chooses the folder, and must come before Django reads its settings. Nothing of the surroundings has a
say: not `.env`, not the operator's database, mail server or limits.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from config.server.postgres import usage
from config.server.processes import ends_with_parent
from tests.runtime import scratch
from tests.runtime.machine import ROOT, eventually, free_port, get
from tests.runtime.scratch import address_of, connect

HOME = ROOT / ".desk" / "bench"
PORT = free_port()
WEB_PROCESSES = 2

# An empty value is the default's: `.env` cannot fill it in, and no customer of a benchmark is ever mailed.
_DEFAULT = (
    "ALLOWED_HOSTS", "ASSISTANT_CONCURRENCY", "BODY_MEMORY", "CONN_MAX_AGE", "DATABASE_URL", "DEBUG", "DIRECT_DATABASE_URL",
    "EMAIL_HOST", "LOG_FORMAT", "LOG_LEVEL", "METRICS_TOKEN", "PUBLIC_URL", "REDIS_URL", "REPLICA_DATABASE_URL",
    "REQUESTS_PER_ADDRESS", "S3_BUCKET", "SECRET_KEY", "TRUSTED_PROXIES", "WEB_QUEUE", "WEB_THREADS", "WORKER_CONCURRENCY",
)  # fmt: skip
os.environ |= dict.fromkeys(_DEFAULT, "") | {
    "DESK_HOME": str(HOME),
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "EMBEDDED_DURABLE": "yes",
    "HOST": "127.0.0.1",
    "PORT": str(PORT),
    "SEED_DEMO": "no",
    "WEB_PROCESSES": str(WEB_PROCESSES),
    # One key sends everything: a limit would answer in the desk's place.
    "API_CALLS_PER_MINUTE": "0",
}


def have_database() -> None:
    """Start PostgreSQL, for as long as this process lives."""
    HOME.mkdir(parents=True, exist_ok=True)
    usage.use(HOME)


def server() -> psycopg.Connection[Any]:
    """A connection to PostgreSQL that is in no database of the desk."""
    return connect(address_of("postgres"))


@contextmanager
def running() -> Iterator[str]:
    """Supervisor, web processes and worker on the database `parley`; gives the base URL."""
    log = HOME / "desk.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.server", "run"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=ends_with_parent(15),
        )
    base = f"http://127.0.0.1:{PORT}"
    try:
        eventually(lambda: get(f"{base}/readyz")[0] == 200 or process.poll() is not None, "the desk")
        assert process.poll() is None, log.read_text()
        yield base
    finally:
        process.terminate()
        process.wait(30)


def replace_database(template: str) -> None:
    """Put a fresh copy of a template in the place of the desk's database."""
    with server() as postgres:
        scratch.drop(postgres, "parley")
        postgres.execute(f'CREATE DATABASE "parley" TEMPLATE "{template}" STRATEGY FILE_COPY')
