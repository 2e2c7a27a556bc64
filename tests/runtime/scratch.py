"""Databases of a test's own, on the PostgreSQL that the tests run on."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config.server import database
from config.server.postgres import usage


@contextmanager
def database_of_its_own(options: str = "") -> Iterator[str]:
    """The address of an empty database, which is gone afterwards. `options` are those of CREATE DATABASE."""
    name = f"scratch_{uuid.uuid4().hex[:12]}"
    with connect_to_server() as server:
        server.execute(sql.SQL("CREATE DATABASE {} " + options).format(sql.Identifier(name)))
    try:
        yield address_of(name)
    finally:
        with connect_to_server() as server:
            drop(server, name)


@contextmanager
def asking(theirs: BaseDatabaseWrapper) -> Iterator[None]:
    """This thread asks that database meanwhile; what it was doing on its own waits."""
    ours = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = theirs
    try:
        yield
    finally:
        theirs.close()
        connections[DEFAULT_DB_ALIAS] = ours


def named(name: str) -> BaseDatabaseWrapper:
    """A connection like this thread's, to another database of the server."""
    theirs = connections[DEFAULT_DB_ALIAS].copy()
    theirs.settings_dict["NAME"] = name
    return theirs


def throw_out(server: Any, name: str) -> None:
    """End the connections to a database, by a connection or a cursor.

    Autovacuum's workers are the server's own: only a superuser may end them, and what needs the database alone makes them give
    way by itself.
    """
    server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
        [name],
    )


def drop(server: Any, name: str) -> None:
    """Drop a database, if it is there, with its connections. (WITH (FORCE) would end autovacuum's workers too, which it may not.)"""
    throw_out(server, name)
    server.execute(f'DROP DATABASE IF EXISTS "{name}"')


def connect(address: str) -> psycopg.Connection[Any]:
    return psycopg.connect(address, autocommit=True)


def connect_to_server() -> psycopg.Connection[Any]:
    return connect(address_of())


def address_of(name: str = "") -> str:
    home = Path(os.environ["DESK_HOME"])
    if not os.environ["DATABASE_URL"]:
        usage.use(home)
    given = database.settings(os.environ["DATABASE_URL"], home)
    parts = {"dbname": name or given["NAME"], "user": given["USER"], "password": given.get("PASSWORD", "")}
    parts |= {"host": given["HOST"], "port": given.get("PORT", ""), **given["OPTIONS"]}
    # Those two are Django's and psycopg's, not the server's.
    parts = {key: value for key, value in parts.items() if key not in ("server_side_binding", "prepare_threshold")}
    return make_conninfo("", **{key: value for key, value in parts.items() if value})
