"""Django's `migrate`, safe to run twice at once and to kill (config/migrating.py)."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import migrate
from django.db import connections

from config import migrating
from config.server import database, loading

# Django's command names its executor in its module and offers no other way to choose one.
migrate.MigrationExecutor = migrating.Executor  # type: ignore[attr-defined]


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> str | None:
        connection = connections[options["database"]]
        database.bypass_pooler(connection)
        with migrating.turn(connection), loading.collecting_less():
            return super().handle(*args, **options)
