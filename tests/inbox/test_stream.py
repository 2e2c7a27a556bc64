"""Live updates: who may follow, and that only ids are sent."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync
from django.test import Client

from accounts.live.responses import LiveEvent, LiveResponse
from accounts.models import Workspace
from tests.conftest import Member

EVENTS = [
    LiveEvent(7, "ready"),
    LiveEvent(8, "reply.sent", "conversation", 3),
    LiveEvent(9, "api_key.created", "api_key", 4),
    LiveEvent(10, "suggestion.made", "conversation", 3),
]


class Journal:
    """Stands for the live context."""

    def __init__(self, events: list[LiveEvent], typing: tuple[str, ...] = (), presence: tuple[str, ...] = ()) -> None:
        self.signals = {"customer_typing": typing, "presence": presence, "notification": ()}
        self.asked: list[tuple[int, int | None]] = []
        self.journal = events

    async def events(self, workspace_id: int, *, after: int | None = None):  # type: ignore[no-untyped-def]
        self.asked.append((workspace_id, after))
        for event in self.journal:
            yield event

    async def listen(self, channel: str, key: str):  # type: ignore[no-untyped-def]
        assert key.isdigit()
        for text in ("", *self.signals[channel]):
            yield text


def sent_by(response: LiveResponse, journal: Journal) -> str:
    """All that the stream sends."""

    async def collect() -> bytes:
        return b"".join([piece async for piece in response.follow(journal)])  # type: ignore[arg-type, misc]

    return async_to_sync(collect)().decode()


@pytest.mark.parametrize(("headers", "query", "after"), [({}, "?after=5", 5), ({"Last-Event-ID": "6"}, "?after=5", 6)])
def test_stream_follows_the_workspace_from_where_the_page_stands(
    agent: Client, acme: Workspace, headers: dict[str, str], query: str, after: int
) -> None:
    answer = agent.get(f"/w/acme/inbox/stream{query}", headers=headers)
    assert isinstance(answer, LiveResponse)
    journal = Journal(EVENTS)
    sent = sent_by(answer, journal)
    assert journal.asked == [(acme.pk, after)]
    assert sent.count("id: ") == 2
    assert "api_key" not in sent
    assert "suggestion" not in sent
    data = [line.removeprefix("data: ") for line in sent.splitlines() if line.startswith("data: ")]
    assert json.loads(data[1]) == {"type": "reply.sent", "subject": "conversation", "id": 3}


def test_stream_marks_what_the_person_did(agent: Client, ben: Member, ada: Member) -> None:
    actors = {
        8: ("operator", ben.user.pk),
        9: ("operator", ada.user.pk),
        10: ("api_key", ben.user.pk),
        11: ("system", None),
    }
    journal = Journal([LiveEvent(n, "note.added", "conversation", 3, actor=actor) for n, actor in actors.items()])
    answer = agent.get("/w/acme/inbox/stream")
    assert isinstance(answer, LiveResponse)
    marked = [piece.split("\n")[0] for piece in sent_by(answer, journal).split("\n\n") if '"own":true' in piece]
    assert marked == ["id: 8"]


def test_stream_says_who_is_typing_between_the_events_and_keeps_its_place(agent: Client) -> None:
    answer = agent.get("/w/acme/inbox/stream")
    assert isinstance(answer, LiveResponse)
    sent = sent_by(answer, Journal(EVENTS, typing=("3", "nonsense")))
    [piece] = [piece for piece in sent.split("\n\n") if piece.startswith("event: typing")]
    assert piece == 'event: typing\ndata: {"id":3}'
    assert sent.count("id: ") == 2
