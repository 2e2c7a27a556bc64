"""The release role: what must be done once per version before web and worker start. Doing it again changes nothing."""

from __future__ import annotations

import django

from config.server.saying import say


def release(*, demo: bool = False) -> int:
    """Bring database and static files up to date; with `demo`, fill an empty desk. Returns an exit status.

    Several at once take turns, from the first look at what is missing to the last static file.
    """
    django.setup()
    from django.core.management import CommandError, call_command, get_commands
    from django.db import DatabaseError, connection

    from config import migrating
    from config.server import database, failing

    try:
        database.bypass_pooler(connection)
        with migrating.turn(connection):
            _migrate()
            _cache_table()
            static_files()
            if demo and "seed_demo" in get_commands():
                call_command("seed_demo", only_if_empty=True)
            _setup_link()
    except (DatabaseError, CommandError) as error:
        say(failing.sentence(error) or f"The desk cannot start: {error}")
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
        say("Bringing the database up to date.")
        call_command("migrate", interactive=False, verbosity=0)
    else:
        # A release that was killed after its last migration has not come to this: content types and permissions.
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)


def _setup_link() -> None:
    """Say how an empty desk is set up."""
    from accounts.credentials import links
    from accounts.queries import is_set_up

    if not is_set_up():
        print(f"This desk is new. Set it up in a browser: {links.setup()}", flush=True)


def _cache_table() -> None:
    from django.core.management import call_command

    call_command("createcachetable", verbosity=0)


def static_files() -> None:
    from django.core.management import call_command

    from config import static

    if static.are_current():
        return
    say("Collecting static files.")
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    static.remember()
