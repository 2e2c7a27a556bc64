"""The release role: what must be done once per version before web and worker start. Doing it again changes nothing."""

from __future__ import annotations

import hashlib
import sys
from importlib import metadata
from pathlib import Path

import django


def release(*, demo: bool = False) -> int:
    """Bring database and static files up to date; with `demo`, fill an empty desk. Returns an exit status.

    Several at once take turns, from the first look at what is missing to the last static file.
    """
    django.setup()
    from django.core.management import CommandError, call_command, get_commands
    from django.db import DatabaseError, connection

    from config import database, migrating

    try:
        database.bypass_pooler(connection)
        with migrating.turn(connection):
            _migrate()
            _cache_table()
            _static_files()
            if demo and "seed_demo" in get_commands():
                call_command("seed_demo")
    except (DatabaseError, CommandError) as error:
        print(f"The desk cannot start: {error}", file=sys.stderr)
        return 1
    finally:
        connection.close()
    return 0


def _migrate() -> None:
    """Apply what is missing."""
    from django.core.management import call_command
    from django.core.management.sql import emit_post_migrate_signal
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Bringing the database up to date.", flush=True)
        call_command("migrate", interactive=False, verbosity=0)
    else:
        # A release that was killed after its last migration has not come to this: content types and permissions.
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def _cache_table() -> None:
    from django.core.management import call_command

    call_command("createcachetable", verbosity=0)


def _static_files() -> None:
    """Collect them when a source has changed since the last time; looking costs a few milliseconds."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for name in ("django", "django-htmx", "drf-spectacular-sidecar", "djangorestframework"):
        digest.update(f"{name} {metadata.version(name)}\n".encode())
    installed = Path(django.__file__).resolve().parent.parent  # Packages change with their version only.
    for finder in get_finders():
        for folder, storage in _sources(finder, installed):
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    found = path.stat()
                    digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
            digest.update(f"{folder} {storage}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    print("Collecting static files.", flush=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest.hexdigest())


def _sources(finder: object, installed: Path) -> list[tuple[Path, str]]:
    storages: dict[str, object] = getattr(finder, "storages", {})
    places = [(Path(str(getattr(storage, "location", ""))), str(name)) for name, storage in storages.items()]
    return [(folder, name) for folder, name in places if folder.is_dir() and installed not in folder.resolve().parents]
