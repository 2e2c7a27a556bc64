"""What a watcher of the assistant sees: the frames of a run from the beginning, and then as they are written."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson

from accounts.live import watching
from accounts.live.responses import LiveContext, sse
from conversations.assistant.watching import RUNS
from conversations.dialects.posthog.frames import printed


async def follow(run_id: int, after: int, context: LiveContext) -> AsyncIterator[bytes]:
    """The frames after a frame's id, until the run is over."""
    async for found in watching.follow(context, RUNS, run_id, after):
        for seen in found:
            event, data = printed(seen.frame, seen.thread)
            yield sse(orjson.dumps(data).decode(), event=event, id=seen.number)
