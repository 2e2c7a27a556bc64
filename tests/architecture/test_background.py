"""The table of what a worker runs: each part under a name of its own, each queue served, and no part ends the others by failing."""

from __future__ import annotations

import asyncio
import logging

import pytest
from django.conf import settings
from procrastinate.contrib.django import app

from accounts.background import Jobs, Periodic
from config.server import worker
from conversations.background import PARTS


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
