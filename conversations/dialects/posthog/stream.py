"""What a watcher of the assistant sees: the frames of a run from the beginning, and then as they are written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast

import orjson

from accounts import clock, tenancy
from accounts.live import LiveContext, sse
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.assistant import runs
from conversations.dialects.posthog import shapes
from conversations.models import AssistantFrame, AssistantRun

LOOK_EVERY = 3.0  # seconds; a fallback for notifications that were lost, and the time to find a dead worker out


async def follow(workspace_id: int, run_id: int, after: int, context: LiveContext) -> AsyncIterator[bytes]:
    """The frames after a frame's id, until the run is over."""
    async with aclosing(cast(AsyncGenerator[None, None], _ticks(context, run_id))) as ticks:
        async for _ in ticks:
            frames, is_over = await context.run(look, workspace_id, run_id, after)
            for number, event, data in frames:
                after = number
                yield sse(orjson.dumps(data).decode(), event=event, id=number)
            if is_over:
                return


async def _ticks(context: LiveContext, run_id: int) -> AsyncIterator[None]:
    """At once, whenever the run is told of, and every few seconds in any case."""
    async with aclosing(cast(AsyncGenerator[str, None], context.listen(runs.CHANNEL, str(run_id)))) as news:
        pending: asyncio.Future[str] | None = None
        try:
            while True:
                yield None
                pending = pending or asyncio.ensure_future(anext(news))
                done, _ = await asyncio.wait({pending}, timeout=LOOK_EVERY)
                if done:
                    pending.result()
                    pending = None
        finally:
            if pending is not None:
                pending.cancel()
                await asyncio.gather(pending, return_exceptions=True)


def look(workspace_id: int, run_id: int, after: int) -> tuple[list[tuple[int, str, dict[str, Any]]], bool]:
    """New frames as they are printed, and whether the run is over; a run whose worker is gone is failed here."""
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace):
        run = (
            AssistantRun.objects.select_related("thread__conversation__ticket", "thread__user")
            .filter(pk=run_id)
            .first()
        )
        if run is None:
            return [], True
        if run.is_lost(clock.now()):
            actions.give_up_run(run=run, by=Actor.system(workspace_id), at=clock.now())
        sight = runs.look(run_id, after)
        return [(frame.pk, frame.event, _printed(run, frame)) for frame in sight.frames], sight.is_over


def _printed(run: AssistantRun, frame: AssistantFrame) -> dict[str, Any]:
    head = shapes.assistant_thread(run.thread) if frame.event == "conversation" else {}
    return {**head, **frame.data}
