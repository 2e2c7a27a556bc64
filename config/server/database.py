"""Where the desk's PostgreSQL is: the operator's own (DATABASE_URL), or the embedded one of the data folder.

Nothing here starts or writes anything: linters and type checkers import the settings too.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from config import env
from config.server.postgres import cluster

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

# A statement is planned anew twice; from then on the connection remembers its plan.
_PREPARING: dict[str, Any] = {"server_side_binding": True, "prepare_threshold": 2}


def settings(url: str, home: Path) -> dict[str, Any]:
    """Django's DATABASES entry. Raises ImproperlyConfigured for a malformed URL."""
    if direct := env.text("DIRECT_DATABASE_URL"):
        _parts(direct, "DIRECT_DATABASE_URL")
    place = _given(url) if url else _embedded(home)
    # A transaction pooler gives each transaction another session: a prepared statement and a server-side cursor belong to one.
    is_pooled = bool(direct)
    if is_pooled:
        place["OPTIONS"]["prepare_threshold"] = None
    return place | {
        "CONN_MAX_AGE": env.number("CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": is_pooled,
        "TEST": {"NAME": env.text("TEST_DATABASE_NAME", "test_parley")},
    }


def replica(url: str) -> dict[str, Any]:
    """Django's DATABASES entry for a read replica. Raises ImproperlyConfigured for a malformed URL."""
    place = _given(url, "REPLICA_DATABASE_URL")
    place["OPTIONS"]["connect_timeout"] = "2"  # The primary is asked instead: sooner is better.
    if env.text("DIRECT_DATABASE_URL"):
        place["OPTIONS"]["prepare_threshold"] = None  # The replica may be behind a pooler too.
    return place | {
        "CONN_MAX_AGE": env.number("CONN_MAX_AGE", 600),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "TEST": {"MIRROR": "default"},
    }


def bypass_pooler(connection: BaseDatabaseWrapper) -> None:
    """From now on, reach the database directly (DIRECT_DATABASE_URL): session locks and LISTEN need it."""
    from django.conf import settings as configured

    if not configured.DIRECT_DATABASE_URL:
        return
    direct = _given(configured.DIRECT_DATABASE_URL, "DIRECT_DATABASE_URL")
    if any(connection.settings_dict[name] != value for name, value in direct.items()):
        connection.close()
        connection.settings_dict.update(direct)


def _given(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    parts = _parts(url, name)
    # A server that is silent holds a request thread no longer than this, unless the address says otherwise (seconds, and ms).
    parts.setdefault("connect_timeout", "5")
    parts.setdefault("tcp_user_timeout", "20000")
    return {
        "ENGINE": "config.server.backend",
        "NAME": parts.pop("dbname", "postgres"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": str(parts.pop("port", "")),
        "OPTIONS": _PREPARING | parts,
    }


def _parts(url: str, name: str) -> dict[str, str]:
    """What the address says. Raises ImproperlyConfigured without repeating any of it, for it holds a password."""
    try:
        parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        parts = {"host": "@"}
    # A password with @, / or : in it ends up in the host or in the port.
    is_sound = "@" not in parts.get("host", "") and re.fullmatch(r"[0-9,]*", parts.get("port", ""), re.ASCII)
    if not is_sound or any(int(port) <= 0 or int(port) > 65535 for port in parts.get("port", "").split(",") if port):
        raise ImproperlyConfigured(
            f"{name} cannot be read; it takes postgresql://user:password@host:port/name, where @, /, : and % in the password "
            "are written as %40, %2F, %3A and %25"
        ) from None
    return parts


def _embedded(home: Path) -> dict[str, Any]:
    return {
        "ENGINE": "config.server.postgres",
        "EMBEDDED_HOME": str(home),
        "NAME": cluster.DATABASE,
        "USER": cluster.ROLE,
        "HOST": str(cluster.socket_folder(home)),
        # The password stays in its file, out of settings and error pages. A server that does not ask for it, and so
        # does not prove that it knows it either, is refused.
        "OPTIONS": _PREPARING | {"passfile": str(cluster.passfile(home)), "require_auth": "scram-sha-256"},
    }
