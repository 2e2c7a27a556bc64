"""The table of what a worker runs: each part under a name of its own, each queue served, and no part ends the others by failing."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from django.conf import settings
from procrastinate.contrib.django import app
from psycopg import waiting

from accounts.background import Jobs, Periodic
from accounts.bell import Bell
from config.server import worker
from conversations.background import PARTS
from tests.runtime.machine import DEADLINE


def test_each_part_has_a_name_of_its_own() -> None:
    names = [part.name for part in PARTS]
    assert len(set(names)) == len(names)


def test_every_queue_is_served_by_one_part() -> None:
    served = [queue for part in PARTS if isinstance(part, Jobs) for queue in part.queues]
    assert sorted(served) == sorted({task.queue for task in app.tasks.values()})


def test_runners_are_as_many_as_a_setting_says() -> None:
    assert all(getattr(settings, part.setting) > 0 for part in PARTS if isinstance(part, Jobs))


@pytest.mark.django_db
def test_periodic_part_goes_on_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise OSError("away")

    async def run() -> None:
        task = asyncio.ensure_future(worker._repeat(Periodic("unlucky", fail, every=0)))
        while len(calls) < 3:
            await asyncio.sleep(0)
        task.cancel()

    with caplog.at_level(logging.ERROR, "config.server.worker"):
        asyncio.run(run())
    assert "part_failed name=unlucky" in caplog.text


def test_periodic_part_is_called_again_when_its_bell_rings() -> None:
    calls: list[int] = []
    bell = Bell()

    async def run() -> None:
        task = asyncio.ensure_future(worker._repeat(Periodic("told", lambda: calls.append(1), every=3600, bell=bell)))
        for count in (1, 2, 3):
            while len(calls) < count:
                await asyncio.sleep(0)
            await asyncio.to_thread(bell.ring)
        while len(calls) < 4:
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(asyncio.wait_for(run(), DEADLINE))
    assert len(calls) == 4


@pytest.mark.django_db
def test_queue_learns_of_a_job_by_a_connection_that_waits_until_something_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    received: list[str] = []
    intervals: list[float] = []
    wait_async = waiting.wait_async

    async def noted(gen: Any, fileno: int, interval: float = 0.0, timeout: float | None = None) -> Any:
        intervals.append(interval)
        return await wait_async(gen, fileno, interval, timeout)

    async def note(*, channel: str, payload: str) -> None:
        received.append(payload)

    async def run() -> None:
        async with app.with_connector(worker._connector()).open_async() as opened:
            listening = asyncio.ensure_future(opened.connector.listen_notify(note, ["made_up"]))
            while not received:
                await opened.connector.execute_query_async("SELECT pg_notify('made_up', 'a job')")
            listening.cancel()

    monkeypatch.setattr(waiting, "wait_async", noted)
    asyncio.run(asyncio.wait_for(run(), DEADLINE))
    assert set(received) == {"a job"}
    assert set(intervals) == {worker.PATIENCE}
