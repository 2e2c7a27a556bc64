"""The hub over the real journal: what is committed reaches followers once, also after a gap and out of order."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection

from accounts.journal import announcing
from accounts.live import hub as hub_module
from accounts.live.hub import Hub, LiveEvent, direct_connection
from accounts.models import Workspace
from tests.runtime.machine import DEADLINE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def acme() -> int:
    return Workspace.objects.create(slug="acme", name="Acme").pk


@pytest.fixture
def globex() -> int:
    return Workspace.objects.create(slug="globex", name="Globex").pk


@contextmanager
def writer() -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own, in a transaction that the test commits when it likes."""
    given = connection.get_connection_params()
    with psycopg.connect(**{name: given[name] for name in given if name not in ("cursor_factory", "context")}) as other:
        yield other


def insert(other: psycopg.Connection[Any], workspace_id: int, subject_id: int = 1, **data: Any) -> int:
    row = other.execute(
        "INSERT INTO accounts_event (workspace_id, type, actor_kind, subject_type, subject_id, data, depth, at)"
        " VALUES (%s, 'team.updated', 'system', 'team', %s, %s, 0, now()) RETURNING id",
        [workspace_id, subject_id, json.dumps(data)],
    ).fetchone()
    assert row is not None
    return int(row[0])


def commit(workspace_id: int, subject_id: int = 1, **data: Any) -> int:
    with writer() as other:
        return insert(other, workspace_id, subject_id, **data)


@asynccontextmanager
async def open_hub() -> AsyncIterator[Hub]:
    hub = Hub()
    try:
        yield hub
    finally:
        await hub.close()


async def soon(source: AsyncIterator[Any]) -> Any:
    async with asyncio.timeout(DEADLINE):
        return await anext(source)


async def nothing_more(source: AsyncIterator[Any]) -> bool:
    try:
        async with asyncio.timeout(0.2):
            await anext(source)
    except TimeoutError:
        return True
    return False


def run(scenario: Callable[[Hub], Awaitable[None]]) -> None:
    async def body() -> None:
        async with open_hub() as hub:
            await scenario(hub)

    asyncio.run(body())


def test_a_committed_event_arrives_with_its_subject_and_actor_alone(acme: int) -> None:
    async def scenario(hub: Hub) -> None:
        events = hub.events(acme)
        assert (await soon(events)).type == "ready"
        number = await asyncio.to_thread(commit, acme, 7, team_id=7, member_ids=[1, 2], name="Blue")
        assert await soon(events) == LiveEvent(number, "team.updated", "team", 7, actor=("system", None))

    run(scenario)


def test_events_of_another_workspace_do_not_arrive(acme: int, globex: int) -> None:
    async def scenario(hub: Hub) -> None:
        events = hub.events(acme)
        await soon(events)
        await asyncio.to_thread(commit, globex)
        assert await nothing_more(events)

    run(scenario)


def test_what_was_missed_comes_first_and_once(acme: int, globex: int) -> None:
    first, second = commit(acme), commit(acme)
    commit(globex)

    async def scenario(hub: Hub) -> None:
        events = hub.events(acme, after=first)
        assert (await soon(events)).id == second
        third = await asyncio.to_thread(commit, acme)
        assert (await soon(events)).id == third
        assert await nothing_more(events)

    run(scenario)


def test_an_event_that_commits_late_is_not_lost(acme: int) -> None:
    async def scenario(hub: Hub) -> None:
        events = hub.events(acme)
        await soon(events)
        with writer() as slow:
            early = insert(slow, acme)
            late = await asyncio.to_thread(commit, acme)
            assert late > early
            assert (await soon(events)).id == late
        assert (await soon(events)).id == early
        assert await nothing_more(events)

    run(scenario)


def test_an_event_that_nobody_announces_is_found(acme: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "LOOK_EVERY", 0.05)

    def commit_and_die() -> int:
        with writer() as other:
            other.execute(f"SET LOCAL {announcing.SETTING} = 'on'")
            return insert(other, acme)

    async def scenario(hub: Hub) -> None:
        events = hub.events(acme)
        await soon(events)
        number = await asyncio.to_thread(commit_and_die)
        assert (await soon(events)).id == number
        assert await nothing_more(events)

    run(scenario)


def test_a_client_that_reconnects_gets_what_committed_late_below_its_last_id(acme: int) -> None:
    with writer() as slow:
        early = insert(slow, acme)
        late = commit(acme)

    async def scenario(hub: Hub) -> None:
        assert (await soon(hub.events(acme, after=late))).id == early

    run(scenario)


def test_follower_that_missed_too_much_gets_a_resync(acme: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "REPLAY_LIMIT", 3)
    numbers = [commit(acme) for _ in range(4)]

    async def scenario(hub: Hub) -> None:
        assert await soon(hub.events(acme, after=numbers[0])) == LiveEvent(numbers[-1], "resync")

    run(scenario)


def test_a_burst_reaches_every_follower_completely(acme: int) -> None:
    async def scenario(hub: Hub) -> None:
        followers = [hub.events(acme) for _ in range(20)]
        await asyncio.gather(*(soon(follower) for follower in followers))
        numbers = await asyncio.to_thread(lambda: [commit(acme) for _ in range(50)])
        for follower in followers:
            assert sorted([(await soon(follower)).id for _ in numbers]) == numbers

    run(scenario)


def test_slow_follower_gets_a_resync(acme: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "QUEUE_LIMIT", 5)

    async def scenario(hub: Hub) -> None:
        slow, quick = hub.events(acme), hub.events(acme)
        await soon(slow)
        await soon(quick)

        def flood() -> None:
            with writer() as other:
                for _ in range(6):
                    insert(other, acme)

        await asyncio.to_thread(flood)
        assert (await soon(slow)).type == "resync"

    run(scenario)


def test_a_lost_connection_is_made_again_and_followers_are_notified(acme: int) -> None:
    async def scenario(hub: Hub) -> None:
        events, notices = hub.events(acme), hub.listen("parley_test")
        await soon(events)
        assert await soon(notices) == ""

        def cut() -> None:
            with writer() as other:
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE (query LIKE 'LISTEN%' OR query LIKE 'SELECT id%') AND datname = current_database()"
                )

        await asyncio.to_thread(cut)
        assert (await soon(events)).type == "resync"
        assert await soon(notices) == ""
        number = await asyncio.to_thread(commit, acme)
        assert (await soon(events)).id == number

    run(scenario)


def test_a_notification_reaches_those_who_wait_for_its_key(acme: int) -> None:
    async def scenario(hub: Hub) -> None:
        mine, other, all_keys = (
            hub.listen("parley_test", "7"),
            hub.listen("parley_test", "8"),
            hub.listen("parley_test"),
        )
        for source in (mine, other, all_keys):
            assert await soon(source) == ""

        def notify() -> None:
            with writer() as connected:
                connected.execute("SELECT pg_notify('parley_test', '7 chunk 3')")

        await asyncio.to_thread(notify)
        assert await soon(mine) == "chunk 3"
        assert await soon(all_keys) == "7 chunk 3"
        assert await nothing_more(other)

    run(scenario)


def test_a_follower_that_left_is_forgotten(acme: int) -> None:
    async def scenario(hub: Hub) -> None:
        events, notices = hub.events(acme), hub.listen("parley_test")
        await soon(events)
        await soon(notices)
        await events.aclose()  # type: ignore[attr-defined]
        await notices.aclose()  # type: ignore[attr-defined]
        assert not hub._feeds
        assert not hub._topics

    run(scenario)


def test_an_odd_channel_name_is_refused() -> None:
    async def scenario(hub: Hub) -> None:
        with pytest.raises(ValueError, match="channel"):
            await soon(hub.listen('x"; DROP TABLE accounts_event; --'))

    run(scenario)


def test_a_direct_connection_is_used_where_there_is_one(settings: Any) -> None:
    given = connection.get_connection_params()
    settings.DIRECT_DATABASE_URL = psycopg.conninfo.make_conninfo(
        **{
            name: str(given[name])
            for name in given
            if name not in ("cursor_factory", "context", "client_encoding", "prepare_threshold")
        },
        application_name="direct",
    )

    async def ask() -> Any:
        async with await direct_connection() as connected:
            found = await connected.execute("SELECT current_setting('application_name')")
            return await found.fetchone()

    assert asyncio.run(ask()) == ("direct",)
