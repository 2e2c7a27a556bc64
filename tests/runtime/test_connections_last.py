"""The database backend: connections that last, and statements that are planned once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_started
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import Workspace
from config.server import database
from conversations.models import Contact
from tests.runtime.scratch import connect_to_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def a_connection_of_its_own() -> Iterator[None]:
    connection.close()
    connection.ensure_connection()
    yield
    connection.close()


def begin_request() -> None:
    request_started.send(sender=None)


def backend() -> int:
    return int(connection.connection.info.backend_pid)


def end_backend(pid: int) -> None:
    with connect_to_server() as server:
        ended: Any = server.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone()
        assert ended[0]


@transaction.atomic
def change_and_lose_the_connection() -> None:
    Workspace.objects.update(name="Lost")
    end_backend(backend())
    Workspace.objects.count()


def test_a_request_begins_without_a_question_to_the_server(acme: Workspace) -> None:
    begin_request()
    with CaptureQueriesContext(connection) as captured:
        assert Workspace.objects.count() == 1
    assert len(captured) == 1
    first = backend()
    begin_request()
    assert Workspace.objects.count() == 1
    assert backend() == first


def test_a_connection_that_died_between_two_requests_is_replaced_without_a_word(acme: Workspace) -> None:
    begin_request()
    first = backend()
    end_backend(first)
    begin_request()
    assert Workspace.objects.count() == 1
    assert backend() != first


def test_it_is_replaced_where_the_first_statement_begins_a_transaction(acme: Workspace) -> None:
    begin_request()
    end_backend(backend())
    begin_request()
    with transaction.atomic():
        acme.name = "Kept"
        acme.save()
    assert Workspace.objects.get().name == "Kept"


def test_a_connection_that_dies_within_a_transaction_is_an_error_that_changes_nothing(acme: Workspace) -> None:
    begin_request()
    with pytest.raises(OperationalError):
        change_and_lose_the_connection()
    begin_request()
    assert Workspace.objects.get().name == acme.name


def test_a_statement_that_is_repeated_is_planned_once(acme: Workspace) -> None:
    for _ in range(5):
        Workspace.objects.filter(slug="acme").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%slug%%'")
        assert cursor.fetchone()[0] >= 1


def test_behind_a_transaction_pooler_nothing_is_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://ada@pool.example/desk"
    assert database.settings(url, tmp_path)["OPTIONS"]["prepare_threshold"] is not None
    monkeypatch.setenv("DIRECT_DATABASE_URL", "postgresql://ada@db.example/desk")
    assert database.settings(url, tmp_path)["OPTIONS"]["prepare_threshold"] is None


def test_more_rows_than_one_statement_takes_are_saved_in_several(acme: Workspace) -> None:
    Contact.all_workspaces.bulk_create([Contact(workspace=acme, name=f"Customer {n}") for n in range(6_000)])
    assert Contact.all_workspaces.count() == 6_000


def test_moments_are_read_in_utc_with_all_their_digits() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT '2026-03-01 12:00:00.123456+05:30'::timestamptz, NULL::timestamptz")
        assert cursor.fetchone() == (datetime(2026, 3, 1, 6, 30, 0, 123456, tzinfo=UTC), None)
