"""What every ratio rests on: the least that a Django view with a database costs, under gunicorn.

A project of one file: no middleware, no apps, no sessions, no templates; two ordinary views behind Django's URL resolver
and its WSGI handler, on a persistent connection (CONN_MAX_AGE) to the same PostgreSQL server as the desk, in a database of
its own that does not grow. gunicorn runs two processes (as the desk has) of four threads (`gthread`, since the plain
worker keeps no connection alive). What the views ask is written as SQL: no model is made, nothing is compiled. No moment is
read or printed, which would cost more than the rest of the row.

    GET  /select   one SELECT of 25 rows of five columns, by an index in its order, answered as JSON (2.5 KB)
    POST /insert   one INSERT of six columns with one index beside its key, committed by itself, answered 201 with its id as JSON

    python -m tests.benchmarks.bare        serves it on BARE_PORT, from the database BARE_DATABASE (its address)
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from psycopg.conninfo import conninfo_to_dict

from config.server.processes import ends_with_parent
from tests.runtime.machine import ROOT, eventually, free_port, get
from tests.runtime.scratch import address_of, connect

DATABASE = "bare"
ROWS = 100_000
_SELECT = """SELECT id, workspace_id, subject, status, channel FROM bare_row
             WHERE workspace_id = %s AND status = 'open' ORDER BY updated_at DESC, id DESC LIMIT 25"""
_INSERT = """INSERT INTO bare_written (workspace_id, subject, status, channel, created_at, updated_at)
             VALUES (%s, %s, 'open', 'api', now(), now()) RETURNING id"""


def select(request: HttpRequest) -> JsonResponse:
    """25 rows, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(_SELECT, [1])
        names = [column.name for column in cursor.description]
        return _json({"rows": [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]})


def insert(request: HttpRequest) -> JsonResponse:
    """One row, committed when the statement ends."""
    sent = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [1, sent["subject"]])
        return _json({"id": cursor.fetchone()[0], "subject": sent["subject"]}, status=201)


def _json(body: dict[str, object], status: int = 200) -> JsonResponse:
    response = JsonResponse(body, status=status)
    # A middleware would do it; without, gunicorn sends the body in chunks, which costs it more.
    response["Content-Length"] = str(len(response.content))
    return response


urlpatterns = [path("select", select), path("insert", insert)]


def configure(address: str) -> None:
    """Django's settings, all of them."""
    parts = {key: str(value) for key, value in conninfo_to_dict(address).items()}
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.pop("dbname"),
                "USER": parts.pop("user", ""),
                "PASSWORD": parts.pop("password", ""),
                "HOST": parts.pop("host", ""),
                "PORT": parts.pop("port", ""),
                "OPTIONS": parts,
                "CONN_MAX_AGE": 600,
            }
        },
        ROOT_URLCONF="tests.benchmarks.bare",
        MIDDLEWARE=[],
        SECRET_KEY="bare",
        USE_TZ=True,
    )


def prepare() -> str:
    """The database with its rows, made once; returns its address."""
    with connect(address_of("postgres")) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            server.execute(f"CREATE DATABASE {DATABASE}")
    address = address_of(DATABASE)
    with psycopg.connect(address) as database:
        if database.execute("SELECT to_regclass('bare_row')").fetchone() == (None,):
            columns = """(id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, workspace_id bigint NOT NULL, subject text NOT NULL,
                status text NOT NULL, channel text NOT NULL, created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL)"""
            database.execute(f"CREATE TABLE bare_row {columns}")
            database.execute(f"CREATE TABLE bare_written {columns}")
            database.execute(
                """INSERT INTO bare_row (workspace_id, subject, status, channel, created_at, updated_at)
                   SELECT n %% 4, 'Order ' || n || ' has not arrived', CASE WHEN n %% 9 = 0 THEN 'open' ELSE 'closed' END,
                          'api', now() - n * interval '1 minute', now() - n * interval '1 minute' FROM generate_series(1, %s) n""",
                [ROWS],
            )
            for table in ("bare_row", "bare_written"):
                database.execute(f"CREATE INDEX ON {table} (workspace_id, status, updated_at DESC, id DESC)")
        database.execute("TRUNCATE bare_written")
    with connect(address) as database:
        database.execute("VACUUM ANALYZE")
    return address


@contextmanager
def served(address: str) -> Iterator[tuple[int, int]]:
    """gunicorn with the project; gives its port, and the number of its first process."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.bare"],
        cwd=ROOT,
        env=os.environ | {"BARE_DATABASE": address, "BARE_PORT": str(port)},
        stdin=subprocess.DEVNULL,
        preexec_fn=ends_with_parent(15),
    )
    try:
        url = f"http://127.0.0.1:{port}/select"
        eventually(lambda: get(url)[0] == 200 or process.poll() is not None, "gunicorn", within=30)
        assert process.poll() is None, "gunicorn ended"
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def serve() -> None:
    """Become gunicorn."""
    from django.core.wsgi import get_wsgi_application
    from gunicorn.app.base import BaseApplication

    class Bare(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
        def load_config(self) -> None:
            for name, value in (
                ("bind", f"127.0.0.1:{os.environ['BARE_PORT']}"),
                ("workers", 2),
                ("worker_class", "gthread"),
                ("threads", 4),
                ("keepalive", 30),
                ("loglevel", "error"),
            ):
                self.cfg.set(name, value)

        def load(self) -> object:
            return get_wsgi_application()

    configure(os.environ["BARE_DATABASE"])
    Bare().run()


if __name__ == "__main__":
    serve()
