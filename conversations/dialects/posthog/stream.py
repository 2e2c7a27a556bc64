"""The assistant's stream: the frames of a run from the beginning, and new ones as they are written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson

from accounts.live import watching
from accounts.live.responses import LiveContext, sse
from conversations.assistant import frames
from conversations.assistant.watching import RUNS
from conversations.dialects.posthog import shapes
from conversations.dialects.posthog.assistant_answers import PosthogApproval, PosthogAssistantConversation
from conversations.models import AssistantThread, SenderKind


async def follow(run_id: int, after: int, context: LiveContext) -> AsyncIterator[bytes]:
    """The frames after a frame's id, until the run is over."""
    async for found in watching.follow(context, RUNS, run_id, after):
        for seen in found:
            event, data = printed(seen.frame, seen.thread)
            yield sse(orjson.dumps(data).decode(), event=event, id=seen.number)


def printed(frame: frames.Frame, thread: AssistantThread) -> tuple[str, dict[str, Any]]:
    """The event's name and its data. Values of the conversation that the frame lacks are the current ones."""
    match frame:
        case frames.Conversation():
            return "conversation", {
                **PosthogAssistantConversation(thread).data,
                "status": shapes.THREAD_STATUSES.printed(frame.status),
                "handled_by": shapes.HANDLERS.printed(frame.handler),
                "ticket": frame.ticket,
                "ai_resolved": frame.ai_resolved,
            }
        case frames.Text():
            return "message", {"type": "ai", "content": frame.text}
        case frames.Message():
            return "message", _message(frame)
        case frames.Failure():
            return "message", {"type": shapes.FAILURE, "id": frame.id, "content": frame.text}
        case frames.Status():
            return _status(frame)
        case frames.Proposal():
            return "approval", PosthogApproval(frame).data


def _message(frame: frames.Message) -> dict[str, Any]:
    common = {"id": frame.id, "content": frame.text}
    if frame.sender == SenderKind.CUSTOMER:
        given = {name: frame.metadata[name] for name in shapes.OF_A_QUESTION if frame.metadata.get(name) is not None}
        return {"type": "human", **common, **given}
    return {"type": "ai", **common, **({"sources": frame.sources} if frame.sources else {})}


def _status(frame: frames.Status) -> tuple[str, dict[str, Any]]:
    if frame.state == frames.RESTARTED:
        return "status", {"type": "generation_error"}
    call = f"search-{frame.question_id}"
    return "update", {"id": frame.metadata.get("trace_id", call), "tool_call_id": call, "content": frame.text}
