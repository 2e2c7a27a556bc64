"""Limits, repeats and approvals, as clients of the assistant see them in the stream."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import Workspace
from conversations.assistant import choice as choices
from conversations.assistant.choice import HandOver
from conversations.assistant.engines import builtin
from conversations.dialects.posthog.views import assistant as views
from conversations.models import (
    AssistantProposal,
)
from tests import factories
from tests.assistant.talk import PERSON, answered, choose
from tests.conftest import Key
from tests.dialects.assistant_client import JSON, asked, frames, read, work
from tests.dialects.posthog_client import Posthog, refusal

pytestmark = pytest.mark.django_db


def test_hand_over_is_shown_in_the_stream_and_again_in_a_replay(api: Posthog) -> None:
    made = asked(api, PERSON)
    work(made)
    heads = [data for _, event, data in frames(made) if event == "conversation"]
    assert [(head["handled_by"], bool(head["ticket"])) for head in heads] == [("assistant", False), ("people", True)]
    assert [head["status"] for head in heads] == ["in_progress", "in_progress"]


def test_queued_message_lets_a_proposal_lapse(api: Posthog, acme: Workspace) -> None:
    choose(acme, hand_over=HandOver.ASK)
    made = answered(api, "The frobnicator hums in D minor")
    made = asked(api, "It is the large one, in the cellar", conversation=made["id"])
    api.post(f"{made['id']}/queue", {"content": "It is green"})
    work(made)
    now = read(api, made)
    assert now["pending_approvals"] == []
    assert AssistantProposal.all_workspaces.get().status == "auto_rejected"
    assert [one["type"] for one in now["messages"]] == ["human", "ai"] * 3


def test_cancel_lets_a_proposal_lapse(api: Posthog, proposed: dict[str, Any]) -> None:
    assert api.patch(f"{proposed['id']}/cancel", {}).json()["pending_approvals"] == []


def test_decision_with_a_message_is_shown_before_its_answer(api: Posthog, proposed: dict[str, Any]) -> None:
    payload = {"action": "approve", "proposal_id": proposed["pending_approvals"][0]["proposal_id"]}
    made = asked(api, "My number is 4711", conversation=proposed["id"], resume_payload=payload)
    work(made)
    messages = [data["content"] for _, event, data in frames(made) if event == "message" and data.get("id")]
    assert messages == [
        "I have handed this over to our team. A teammate will answer you here.",
        "My number is 4711",
        builtin.NOTED,
    ]
    assert read(api, made)["handled_by"] == "people"


@pytest.mark.parametrize("status", [402, 409, 429])
def test_answer_that_holds_for_a_while_is_kept_for_no_repeat(
    api: Posthog, acme: Workspace, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    made = answered(api, "The frobnicator hums")
    body, key = {"content": "And now?", "conversation": made["id"]}, {"Idempotency-Key": "k", **JSON}
    if status == 402:
        choose(acme, engine=choices.OPENAI, is_approved=True, budget=Decimal(0))
    elif status == 409:
        asked(api, "First", conversation=made["id"])
    else:
        monkeypatch.setattr(views, "_starts", views.Buckets(1, at_once=0))
    assert api.post(api.base.rstrip("/"), body, **key).status_code == status
    choose(acme)
    api.patch(f"{made['id']}/cancel", {})
    monkeypatch.setattr(views, "_starts", views.Buckets(0))
    assert api.post(api.base.rstrip("/"), body, **key).status_code == 201


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_starts_are_limited_per_workspace_too(
    api: Posthog, acme: Workspace, globex_key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_workspace_starts", views.Buckets(2, at_once=2))
    other = Posthog(factories.api_key(acme)[1], acme.pk)
    for client in (api, other):
        asked(client)
    for client in (api, other):
        refused = client.post(client.base.rstrip("/"), {"content": "x"})
        assert (refused.status_code, int(refused["Retry-After"]) >= 1) == (429, True)
    asked(Posthog(globex_key.secret, globex_key.row.workspace_id))


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_body_at_fault_counts_as_a_start_and_attaching_does_not(api: Posthog, monkeypatch: pytest.MonkeyPatch) -> None:
    made = asked(api)
    monkeypatch.setattr(views, "_starts", views.Buckets(1, at_once=1))
    for _ in range(3):
        assert api.post(api.base.rstrip("/"), {"content": None, "conversation": made["id"]}, **JSON).status_code == 200
    assert api.post(api.base.rstrip("/"), {"content": ""}).status_code == 400
    assert api.post(api.base.rstrip("/"), {"content": ""}).status_code == 429


def test_deleted_conversation_is_not_shown_to_a_repeated_start(api: Posthog) -> None:
    key = {"Idempotency-Key": "k"}
    path = api.base.rstrip("/")
    wanted = str(uuid.uuid4())
    assert api.post(path, {"content": PERSON, "conversation": wanted}, **key).status_code == 201
    api.delete(wanted)
    again = api.post(path, {"content": PERSON, "conversation": wanted}, **key)
    assert (again.status_code, set(again.json())) == (404, {"error"})


def test_what_a_client_has_seen_of_an_earlier_run_hides_nothing_of_a_new_one(api: Posthog) -> None:
    stream = api.post(api.base.rstrip("/"), {"content": PERSON}, **{"Last-Event-ID": "999999999999"})
    assert stream.follow.args[1] == 0


def test_mode_research_makes_a_conversation_of_deep_research(api: Posthog) -> None:
    made = asked(api, PERSON, agent_mode="research")
    assert made["type"] == "deep_research"
    work(made)
    assert asked(api, "And now?", conversation=made["id"])["type"] == "assistant"


@pytest.mark.parametrize(
    ("body", "field"),
    [(b'{"content": "x\\ud800"}', "content"), (b'{"content": "x", "ui_context": {"n": 1e400}}', "ui_context__n")],
)
def test_what_nothing_can_hold_is_named(api: Posthog, acme_key: Key, body: bytes, field: str) -> None:
    refused = Client().post(api.base.rstrip("/"), body, content_type="application/json", headers=acme_key.bearer)
    assert refusal(refused) == (400, "invalid_request", "parse_error", field)
