"""Watching runs: all streams of a web process share one listener and one look every few seconds.

An open stream in which nothing happens costs no query.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection, Iterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

from django.db.models import OuterRef, Subquery

from accounts import clock
from accounts.live.hub import Hub
from accounts.live.responses import LiveContext
from accounts.text import whole_number
from conversations.assistant import recovery, runs
from conversations.models import AssistantFrame, AssistantRun, RunStatus

logger = logging.getLogger(__name__)

LOOK_EVERY = 3.0  # seconds; a fallback for notifications that were lost, and the time to find a dead worker out


@dataclass(eq=False, slots=True)
class _Follower:
    """One stream: how far it has come, and whether it had better look."""

    after: int
    stirred: asyncio.Event = field(default_factory=asyncio.Event)


class _Watch:
    """Stirs the streams of one process: at once, whenever their run is told of, and when a look finds news."""

    def __init__(self, context: LiveContext) -> None:
        self._context = context
        self._followers: dict[int, set[_Follower]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    @contextmanager
    def following(self, run_id: int, after: int) -> Iterator[_Follower]:
        follower = _Follower(after)
        follower.stirred.set()
        self._followers.setdefault(run_id, set()).add(follower)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._hear()), asyncio.create_task(self._look())]
        try:
            yield follower
        finally:
            others = self._followers[run_id]
            others.discard(follower)
            if not others:
                del self._followers[run_id]
            if not self._followers:
                for task in self._tasks:
                    task.cancel()
                self._tasks = []

    async def _hear(self) -> None:
        async with aclosing(cast(AsyncGenerator[str, None], self._context.listen(runs.CHANNEL))) as news:
            async for key in news:
                # Nothing was said, but from here on nothing is missed: all had better look.
                run_id = whole_number(key)
                self._stir(list(self._followers) if run_id is None else [run_id])

    async def _look(self) -> None:
        while True:
            try:
                going = await self._context.run(pulse, list(self._followers))
            except Exception:
                logger.warning("assistant_pulse_failed", exc_info=True)
            else:
                self._stir(run_id for run_id in list(self._followers) if self._has_news(run_id, going))
            await asyncio.sleep(LOOK_EVERY)

    def _has_news(self, run_id: int, going: dict[int, int]) -> bool:
        return run_id not in going or any(going[run_id] > one.after for one in self._followers[run_id])

    def _stir(self, run_ids: Iterable[int]) -> None:
        for run_id in run_ids:
            for follower in self._followers.get(run_id, ()):
                follower.stirred.set()


_watches: WeakKeyDictionary[Hub, _Watch] = WeakKeyDictionary()


def _watch(context: LiveContext) -> _Watch:
    """The one of the web process, whose hub it is."""
    return _watches.setdefault(context.hub, _Watch(context))


def pulse(run_ids: Collection[int]) -> dict[int, int]:
    """The newest frame of each of the runs that goes on; those whose worker is gone are recovered on the way."""
    newest = AssistantFrame.all_workspaces.filter(run=OuterRef("pk")).order_by("-sequence")  # of the runs in hand
    rows = (
        AssistantRun.all_workspaces.filter(
            pk__in=run_ids, status=RunStatus.RUNNING
        )  # each stream was let in by its view
        .select_related("workspace", "thread")
        .annotate(newest=Subquery(newest.values("pk")[:1]))
    )
    found = list(rows)
    recovery.recover(found, clock.now())
    return {run.pk: run.newest or 0 for run in found}
