"""What a watcher of the assistant sees: the frames of a run from the beginning, and then as they are written.

All streams of a web process share one ear for notifications and one look every few seconds, so that an open stream in
which nothing happens costs no query.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from typing import Any

import orjson
from django.db import InterfaceError, OperationalError

from accounts import tenancy
from accounts.live.responses import LiveContext, sse
from conversations.assistant import runs
from conversations.assistant.watching import _watch
from conversations.dialects.posthog import shapes
from conversations.models import AssistantFrame, AssistantRun

logger = logging.getLogger(__name__)


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
