"""Several transactions at once, each on its own connection, and transactions that PostgreSQL aborts when a test wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection


def at_once(call: Callable[[int], Any], times: int = 8) -> list[Any]:
    """What a call returns for each of the numbers, all called at the same time."""

    def one(n: int) -> Any:
        try:
            return call(n)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


@contextmanager
def given_up(table: str, times: int = 1, state: str = "40P01") -> Iterator[None]:
    """PostgreSQL gives up the next transactions that insert into a table, as the victims of deadlocks.

    The sequence counts on, whatever is rolled back. For tests with real transactions.
    """
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE given_up")
        cursor.execute(
            "CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF nextval('given_up') <= {times} THEN RAISE EXCEPTION 'given up' USING ERRCODE = '{state}'; END IF; "
            "RETURN NEW; END $$"
        )
        cursor.execute(f"CREATE TRIGGER give_up AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION give_up()")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TRIGGER give_up ON {table}")
            cursor.execute("DROP FUNCTION give_up()")
            cursor.execute("DROP SEQUENCE given_up")
