"""The database that the tests' own are copied from: made once for a set of migrations, and kept on the server."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from tests.runtime import scratch

ROOT = Path(__file__).resolve().parent.parent
_LOCK = "hashtext('tests.template')"


@contextmanager
def copied() -> Iterator[str]:
    """The address of a database with the desk's tables in it, which is gone afterwards."""
    with scratch.database_of_its_own(f'TEMPLATE "{name()}"') as address:
        yield address


@cache
def name() -> str:
    """The template's name; it is on the server when this returns."""
    wanted = f"template_{_digest()}"
    with scratch.connect_to_server() as server:
        server.execute(f"SELECT pg_advisory_lock({_LOCK})")
        if wanted not in (known := _templates(server)):
            for old in known:
                _drop(server, old)
            _make(server, wanted)
    return wanted


def _digest() -> str:
    """What a database with all migrations depends on."""
    digest = hashlib.sha256()
    for _, migration in sorted(MigrationLoader(None).disk_migrations.items()):
        digest.update(Path(sys.modules[migration.__module__].__file__ or "").read_bytes())
    return digest.hexdigest()[:16]


def _templates(server: psycopg.Connection[tuple[str]]) -> list[str]:
    return [row[0] for row in server.execute("SELECT datname FROM pg_database WHERE datname LIKE 'template\\_%'")]


def _make(server: psycopg.Connection[tuple[str]], wanted: str) -> None:
    """Under another name until it is whole."""
    half = f"template_half_{wanted.removeprefix('template_')}"
    scratch.drop(server, half)
    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(half)))
    migrate = [sys.executable, "manage.py", "migrate", "--run-syncdb", "-v", "0"]
    subprocess.run(migrate, cwd=ROOT, env=os.environ | {"DATABASE_URL": scratch.address_of(half)}, check=True)
    server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(half), sql.Identifier(wanted)))


def _drop(server: psycopg.Connection[tuple[str]], old: str) -> None:
    try:
        server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
    except psycopg.errors.ObjectInUse:  # a run of another version is copying it
        pass
