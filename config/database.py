"""Where the desk's PostgreSQL is: the operator's own (DATABASE_URL), or the embedded one of the data folder.

Nothing here starts or writes anything: linters and type checkers import the settings too.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg.conninfo import conninfo_to_dict

from config import env
from config.server.postgres import cluster

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


def settings(url: str, home: Path) -> dict[str, Any]:
    """Django's DATABASES entry. Raises psycopg.ProgrammingError for a malformed URL."""
    place = _given(url) if url else _embedded(home)
    return place | {
        "CONN_MAX_AGE": env.number("CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,
        # A transaction pooler gives each transaction another session; a server-side cursor belongs to one.
        "DISABLE_SERVER_SIDE_CURSORS": bool(env.text("DIRECT_DATABASE_URL")),
        "TEST": {"NAME": env.text("TEST_DATABASE_NAME", "test_parley")},
    }


def bypass_pooler(connection: BaseDatabaseWrapper) -> None:
    """From now on, reach the database directly (DIRECT_DATABASE_URL): session locks and LISTEN need it."""
    from django.conf import settings as configured

    if not configured.DIRECT_DATABASE_URL:
        return
    direct = _given(configured.DIRECT_DATABASE_URL)
    if any(connection.settings_dict[name] != value for name, value in direct.items()):
        connection.close()
        connection.settings_dict.update(direct)


def _given(url: str) -> dict[str, Any]:
    parts = conninfo_to_dict(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "postgres"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": parts,
    }


def _embedded(home: Path) -> dict[str, Any]:
    return {
        "ENGINE": "config.server.postgres",
        "EMBEDDED_HOME": str(home),
        "NAME": cluster.DATABASE,
        "USER": cluster.ROLE,
        "HOST": str(cluster.socket_folder(home)),
        # The password stays in its file, out of settings and error pages. A server that does not ask for it, and so
        # does not prove that it knows it either, is refused.
        "OPTIONS": {"passfile": str(cluster.passfile(home)), "require_auth": "scram-sha-256"},
    }
