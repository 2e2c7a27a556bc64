"""What the tests of conversations with the assistant share: asking, working as the worker does, and looking."""

from __future__ import annotations

from typing import Any

from conversations.assistant import tasks as assistant_tasks
from conversations.assistant import watching
from conversations.dialects.posthog.stream import printed
from conversations.models import AssistantRun, Conversation
from tests.dialects.posthog_client import Posthog

QUESTION = "The thermostat blinks orange after a firmware update. What now?"
JSON = {"Accept": "application/json"}


def asked(api: Posthog, content: str = QUESTION, **body: Any) -> dict[str, Any]:
    """A conversation in which the assistant is at work."""
    answer = api.post(api.base.rstrip("/"), {"content": content, **body}, **JSON)
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def run_of(made: dict[str, Any]) -> AssistantRun:
    return (
        AssistantRun.all_workspaces.select_related("thread")
        .filter(thread__conversation__public_id=made["id"])
        .latest("pk")
    )


def work(made: dict[str, Any]) -> None:
    """What the worker does with the conversation's job."""
    run = run_of(made)
    assistant_tasks.run_assistant(workspace_id=run.workspace_id, run_id=run.pk)


def frames(made: dict[str, Any], after: int = 0) -> list[tuple[int, str, Any]]:
    return [(seen.number, *printed(seen.frame, seen.thread)) for seen in watching.look(run_of(made).pk, after).found]


def source_of(row: Conversation) -> dict[str, Any]:
    """How an answer names a solved conversation that it rests on."""
    return {
        "type": "conversation",
        "id": str(row.public_id),
        "title": f"#{row.number}",
        "conversation": str(row.public_id),
        "number": row.number,
    }


def read(api: Posthog, made: dict[str, Any]) -> Any:
    return api.get(made["id"]).json()
