"""Who is in a conversation: shown at once, gone by itself, and never part of the history."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import time_machine
from django.db import connection
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Event
from conversations import presence
from conversations.models import Conversation, Presence
from tests.conftest import Member
from tests.inbox.conftest import queries_of
from tests.inbox.test_stream import Journal, sent_by

URL = "/w/acme/inbox/1"


def sign(client: Client, **values: str) -> int:
    return client.post(f"{URL}/presence", values).status_code


def inside(client: Client, conversation: Conversation) -> list[tuple[str, str]]:
    """Who is in the conversation, for the reader."""
    found = json.loads(client.get(f"/w/acme/inbox/presence?id={conversation.pk}").content)
    return [(one["name"], one["state"]) for one in found[str(conversation.pk)]["people"]]


def test_member_who_has_it_open_is_seen_by_the_others(agent: Client, ada: Member, conversation: Conversation) -> None:
    assert sign(agent) == 204
    reader = ada.signed_in()
    assert inside(reader, conversation) == [("Ben Kimura", "viewing")]
    assert inside(agent, conversation) == []
    sign(agent, writes="reply")
    assert inside(reader, conversation) == [("Ben Kimura", "reply")]
    sign(agent)  # another page of theirs, which only shows it
    assert inside(reader, conversation) == [("Ben Kimura", "reply")]
    sign(agent, state="still")
    assert inside(reader, conversation) == [("Ben Kimura", "viewing")]
    sign(agent, state="gone")
    assert inside(reader, conversation) == []


def test_who_sends_no_sign_of_life_is_gone_within_half_a_minute(
    agent: Client, ada: Member, conversation: Conversation
) -> None:
    reader = ada.signed_in()
    with time_machine.travel(clock.now(), tick=False) as traveller:
        sign(agent, writes="note")
        traveller.shift(presence.TYPING_FOR + timedelta(seconds=1))
        assert inside(reader, conversation) == [("Ben Kimura", "viewing")]
        traveller.shift(timedelta(seconds=30) - presence.TYPING_FOR - timedelta(seconds=1))
        assert inside(reader, conversation) == []


def test_rows_of_earlier_signs_do_not_pile_up(agent: Client, conversation: Conversation) -> None:
    with tenancy.scope(conversation.workspace):
        Presence.objects.create(conversation=conversation, user_id=agent.session["_auth_user_id"])
        Presence.objects.update(seen_at=clock.now() - timedelta(minutes=5))
    sign(agent)
    assert Presence.all_workspaces.count() == 1


def test_presence_leaves_no_events_and_its_table_is_not_logged(agent: Client, conversation: Conversation) -> None:
    before = Event.objects.count()
    sign(agent, writes="reply")
    assert Event.objects.count() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE oid = 'conversations_presence'::regclass")
        assert cursor.fetchone() == ("u",)


def test_viewer_is_seen_and_never_as_writing(viewer: Client, agent: Client, conversation: Conversation) -> None:
    sign(viewer, writes="reply")
    [(_, state)] = inside(agent, conversation)
    assert state == "viewing"


def test_strangers_and_bad_input_change_nothing(stranger: Client, agent: Client, conversation: Conversation) -> None:
    assert sign(stranger) == 404
    assert sign(agent, writes="poems") == 422
    assert not Presence.all_workspaces.exists()
    assert json.loads(agent.get("/w/acme/inbox/presence?id=x&id=-1&id=99999").content) == {}


def test_one_question_for_many_rows(agent: Client, ada: Member, conversation: Conversation) -> None:
    sign(ada.signed_in())
    ids = "&".join(f"id={number}" for number in range(1, 200))
    one = queries_of(lambda: agent.get(f"/w/acme/inbox/presence?id={conversation.pk}"))
    assert queries_of(lambda: agent.get(f"/w/acme/inbox/presence?{ids}&id={conversation.pk}")) == one


def test_stream_names_who_is_in_a_conversation(agent: Client) -> None:
    signal: dict[str, Any] = {"id": 3, "user": 99, "name": "Ada", "state": "reply"}
    answer = agent.get("/w/acme/inbox/stream?after=5")
    sent = sent_by(answer, Journal([], presence=(json.dumps(signal),)))  # type: ignore[arg-type]
    [piece] = [piece for piece in sent.split("\n\n") if piece.startswith("event: presence")]
    assert json.loads(piece.split("data: ")[1]) == signal
