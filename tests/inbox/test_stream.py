"""Live updates: who may follow, and that ids alone are told."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from accounts.live.responses import LiveEvent, LiveResponse
from accounts.models import Workspace

EVENTS = [
    LiveEvent(7, "ready"),
    LiveEvent(8, "reply.sent", "conversation", 3),
    LiveEvent(9, "api_key.created", "api_key", 4),
]


class Journal:
    """Stands for the live context."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int | None]] = []

    async def events(self, workspace_id: int, *, after: int | None = None):  # type: ignore[no-untyped-def]
        self.asked.append((workspace_id, after))
        for event in EVENTS:
            yield event


@pytest.mark.parametrize(("headers", "query", "after"), [({}, "?after=5", 5), ({"Last-Event-ID": "6"}, "?after=5", 6)])
def test_stream_follows_the_workspace_from_where_the_page_stands(
    agent: Client, acme: Workspace, headers: dict[str, str], query: str, after: int
) -> None:
    answer = agent.get(f"/w/acme/inbox/stream{query}", headers=headers)
    response = answer
    assert isinstance(response, LiveResponse)
    journal = Journal()

    async def collect() -> bytes:
        return b"".join([piece async for piece in response.follow(journal)])  # type: ignore[arg-type, misc]

    told = async_to_sync(collect)().decode()
    assert journal.asked == [(acme.pk, after)]
    assert told.count("id: ") == 2
    assert "api_key" not in told
    data = [line.removeprefix("data: ") for line in told.splitlines() if line.startswith("data: ")]
    assert json.loads(data[1]) == {"type": "reply.sent", "subject": "conversation", "id": 3}
