"""Events are announced once their transaction is committed, by the process that wrote them; what nobody announces is found all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import background, clock, events, journal
from accounts.background import Periodic
from accounts.journal import announcing
from accounts.live import hub
from accounts.models import Event, Team, Workspace
from accounts.permissions import Actor
from tests.runtime.scratch import address_of, connect

pytestmark = pytest.mark.django_db(transaction=True)

IN_SQL = (
    "INSERT INTO accounts_event (workspace_id, type, actor_kind, subject_type, subject_id, data, depth, at)"
    " VALUES (%s, 'team.updated', 'system', 'team', 1, '{}', 0, now())"
)
Announced = Callable[[], list[str]]


@pytest.fixture
def announced(acme: Workspace) -> Iterator[Announced]:
    """What has been announced since the last call: a notification of our own comes after all that was sent before it."""
    with connect(address_of(connection.settings_dict["NAME"])) as listener:
        listener.execute(f"LISTEN {announcing.CHANNEL}")

        def since() -> list[str]:
            listener.execute("SELECT pg_notify(%s, 'mark')", [announcing.CHANNEL])
            found: list[str] = []
            for notice in listener.notifies(timeout=20):
                if notice.payload == "mark":
                    return found
                found.append(notice.payload)
            raise AssertionError("not even the mark has come")

        yield since


def record(workspace: Workspace, **data: Any) -> None:
    journal.record(
        events.TEAM_UPDATED, Team(pk=1, workspace=workspace), by=Actor.system(workspace.pk), at=clock.now(), **data
    )


def in_sql(workspace: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute(IN_SQL, [workspace.pk])


def test_the_events_of_a_transaction_are_announced_once_and_after_its_commit(
    acme: Workspace, announced: Announced
) -> None:
    with transaction.atomic():
        record(acme)
        record(acme)
        assert announced() == []
    assert announced() == [str(acme.pk)]


def test_the_announcement_comes_with_the_commit_and_costs_no_statement(acme: Workspace, announced: Announced) -> None:
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        record(acme)
    assert [query["sql"].split()[0] for query in captured] == ["BEGIN", "WITH", "COMMIT"]
    assert announced() == [str(acme.pk)]


def test_each_workspace_is_announced(acme: Workspace, announced: Announced) -> None:
    globex = Workspace.objects.create(slug="globex", name="Globex")
    with transaction.atomic():
        record(acme)
        record(globex)
    assert sorted(announced()) == sorted([str(acme.pk), str(globex.pk)])


def test_many_lines_at_once_are_announced(acme: Workspace, announced: Announced) -> None:
    rows = [(Team(pk=number, workspace=acme), {}) for number in (1, 2, 3)]
    with transaction.atomic():
        record(acme)  # from here on the trigger is silent
        journal.record_each(events.TEAM_UPDATED, rows, by=Actor.system(acme.pk), at=clock.now())
    assert announced() == [str(acme.pk)]


@transaction.atomic
def record_and_fail(workspace: Workspace) -> None:
    record(workspace)
    raise OSError("the rest failed")


def test_what_is_undone_is_not_announced(acme: Workspace, announced: Announced) -> None:
    with pytest.raises(OSError, match="the rest failed"):
        record_and_fail(acme)
    in_sql(acme)
    assert announced() == [str(acme.pk)]


def test_what_the_commit_itself_refuses_is_not_announced(acme: Workspace, announced: Announced) -> None:
    def record_of_nobody() -> None:
        with transaction.atomic():
            record(acme)
            record(Workspace(pk=acme.pk + 1000))

    with pytest.raises(IntegrityError):
        record_of_nobody()
    assert announced() == []
    assert not Event.objects.filter(type="team.updated").exists()


def test_what_is_written_in_sql_or_by_a_version_before_is_announced_by_the_trigger(
    acme: Workspace, announced: Announced
) -> None:
    in_sql(acme)
    assert announced() == [str(acme.pk)]


def test_after_a_savepoint_that_was_undone_the_trigger_speaks_again(acme: Workspace, announced: Announced) -> None:
    with transaction.atomic():
        with pytest.raises(OSError, match="the rest failed"):
            record_and_fail(acme)
        in_sql(acme)
    assert set(announced()) == {str(acme.pk)}


def test_a_change_stands_although_its_announcement_finds_no_room(
    acme: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    with transaction.atomic():
        record(acme)
        no_room = "DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'program_limit_exceeded'; END $$"
        connection.with_commit[no_room] = None  # type: ignore[attr-defined]
    assert Event.objects.filter(type="team.updated").count() == 1
    assert "notifications_lost error=no room" in caplog.text
    with transaction.atomic():  # and the connection is sound
        record(acme)
    assert Event.objects.filter(type="team.updated").count() == 2


def test_who_follows_looks_by_itself_as_often_as_is_promised() -> None:
    [dispatch] = [part for part in background.PARTS if isinstance(part, Periodic) and part.name == "dispatch"]
    assert dispatch.channel == hub.EVENTS == announcing.CHANNEL
    assert dispatch.every == hub.LOOK_EVERY == announcing.LOOK_EVERY
