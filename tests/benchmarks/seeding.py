"""Databases of a size, filled once and kept on the server as templates, until the seeder or the migrations change."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from accounts import clock
from conversations.demo.bulk import Plan, fill
from tests.benchmarks import served
from tests.runtime import scratch
from tests.runtime.machine import ROOT

SEEDER = ROOT / "conversations" / "demo" / "bulk"
MESSAGES, AGENTS = 5, 50


def template(count: int) -> str:
    """The name of the template of that size; it is on the server when this returns."""
    wanted, sized = f"seeded_{count}_{_digest()}", f"seeded_{count}_"
    with served.server() as server:
        known = [
            row[0] for row in server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [sized])
        ]
        if wanted in known:
            return wanted
        half = f"filling_{count}"
        for old in (*known, half):
            scratch.drop(server, old)
        server.execute(f'CREATE DATABASE "{half}"')
    print(f"Filling a database with {count:,} conversations (once).", flush=True)
    began = time.monotonic()
    with _on(half):
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        _fill(count)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    with served.server() as server:
        server.execute(f'ALTER DATABASE "{half}" RENAME TO "{wanted}"')
    print(f"Filled in {time.monotonic() - began:.0f} s.", flush=True)
    return wanted


@contextmanager
def _on(name: str) -> Iterator[None]:
    """Django's connection is to that database."""
    connection.close()
    before, connection.settings_dict["NAME"] = connection.settings_dict["NAME"], name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _digest() -> str:
    """What a filled database depends on."""
    files = [
        Path(sys.modules[one.__module__].__file__ or "")
        for _, one in sorted(MigrationLoader(None).disk_migrations.items())
    ]
    files += sorted(SEEDER.rglob("*.py"))
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _fill(count: int) -> None:
    """The demo's conversations in bulk."""
    plan = Plan(conversations=count, messages_per_conversation=MESSAGES, agents=AGENTS, seed=1, now=clock.now())
    fill(plan)
