"""What a watcher of the assistant sees: the frames of a run from the beginning, and then as they are written.

All streams of a web process share one ear for notifications and one look every few seconds, so that an open stream in
which nothing happens costs no query.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from weakref import WeakKeyDictionary

import orjson
from django.db import InterfaceError, OperationalError
from django.db.models import OuterRef, Subquery

from accounts import clock, tenancy
from accounts.hub import Hub
from accounts.live import LiveContext, sse
from conversations.api import lost_runs
from conversations.assistant import runs
from conversations.dialects.posthog import shapes
from conversations.models import AssistantFrame, AssistantRun, RunStatus

logger = logging.getLogger(__name__)

LOOK_EVERY = 3.0  # seconds; a fallback for notifications that were lost, and the time to find a dead worker out


async def follow(workspace_id: int, run_id: int, after: int, context: LiveContext) -> AsyncIterator[bytes]:
    """The frames after a frame's id, until the run is over."""
    with _watch(context).following(run_id, after) as follower:
        while True:
            await follower.stirred.wait()
            follower.stirred.clear()
            try:
                frames, is_over = await context.run(look, workspace_id, run_id, follower.after)
            except (InterfaceError, OperationalError) as error:  # The next look may find it well again.
                logger.warning("assistant_look_failed run=%s error=%s", run_id, type(error).__name__)
                continue
            for number, event, data in frames:
                follower.after = number
                yield sse(orjson.dumps(data).decode(), event=event, id=number)
            if is_over:
                return


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
                self._stir([int(key)] if key.isdigit() else list(self._followers))

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
    lost_runs.recover(found, clock.now())
    return {run.pk: run.newest or 0 for run in found}


def look(workspace_id: int, run_id: int, after: int) -> tuple[list[tuple[int, str, dict[str, Any]]], bool]:
    """New frames as they are printed, and whether the run is over."""
    run = (
        AssistantRun.all_workspaces.select_related("workspace", "thread__conversation__ticket", "thread__user")
        .filter(pk=run_id, workspace=workspace_id)  # the scope is opened below
        .first()
    )
    if run is None:
        return [], True
    with tenancy.scope(run.workspace):
        # The end was read first, so that nothing is missed.
        return [(frame.pk, frame.event, _printed(run, frame)) for frame in runs.frames(run, after)], run.is_over


def _printed(run: AssistantRun, frame: AssistantFrame) -> dict[str, Any]:
    head = shapes.assistant_thread(run.thread) if frame.event == "conversation" else {}
    return {**head, **frame.data}
