"""Where the desk's PostgreSQL is: the operator's own (DATABASE_URL), or the embedded one of the data folder.

Nothing here starts or writes anything: linters and type checkers import the settings too.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from config import env
from config.server.postgres import cluster


def settings(url: str, home: Path) -> dict[str, Any]:
    """Django's DATABASES entry. Raises psycopg.ProgrammingError for a malformed URL."""
    place = _given(url) if url else _embedded(home)
    return place | {
        "CONN_MAX_AGE": env.number("CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"NAME": env.text("TEST_DATABASE_NAME", "test_parley")},
    }


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
