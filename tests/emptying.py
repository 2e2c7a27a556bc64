"""Emptying the database after a test that commits: of the rows that are there, and not of every table that there is.

Django truncates all tables, which has the server make a thousand files anew; a test writes a few rows to some of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from django.db import OperationalError, connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

KEPT = ("django_migrations", "django_content_type", "auth_permission", "django_site")
"""What migrating has written, which all tests find."""
QUEUE = ("procrastinate_events", "procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers")
"""Its rows name each other, and are checked at once; all others are checked at the end of the transaction."""
MANY = 128 * 1024
"""Bytes of a table from which on all are truncated: deleted rows stay on the disk for a while, and the planner counts with them."""

TRIES = 5


def empty_quickly() -> None:
    """For this process."""
    TransactionTestCase._fixture_teardown = _emptied  # type: ignore[attr-defined]


_truncated = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]


def _emptied(case: TransactionTestCase) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_which_have_rows())
        found = dict(cursor.fetchall())
    if any(size > MANY for size in found.values()):
        _truncated(case)
        empty_queue()
        return
    for left in reversed(range(TRIES)):
        try:
            _delete(found)
        except OperationalError:  # a desk that runs beside the test was in the midst of a change
            if not left:
                raise
        else:
            break


def _delete(found: Iterable[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('parley.purge', 'on', true)")  # the journal lets no row go without
        for table in sorted(found, key=lambda table: table in QUEUE and QUEUE.index(table)):
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


def empty_queue() -> None:
    """Delete the jobs, whose tables Django does not know."""
    with connection.cursor() as cursor:
        for table in QUEUE:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))


@cache
def _which_have_rows() -> sql.Composed:
    tables = [one for one in connection.introspection.table_names() if one not in KEPT]
    asked = sql.SQL("SELECT {name}, pg_relation_size({name}::regclass) WHERE EXISTS (SELECT FROM {table})")
    return sql.SQL(" UNION ALL ").join(asked.format(name=one, table=sql.Identifier(one)) for one in tables)
