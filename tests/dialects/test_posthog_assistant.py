"""PostHog's conversations with the assistant: beginning, watching, stopping, and what waits meanwhile."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock, tenancy
from accounts.live.responses import LiveResponse
from accounts.models import Event, KeyKind, Workspace
from accounts.permissions import Actor
from conversations.assistant import actions as assistant_actions
from conversations.assistant import runs, watching
from conversations.assistant.engines import protocol
from conversations.dialects.posthog.views import assistant
from conversations.models import AssistantRun, AssistantThread, Conversation, Message
from conversations.screens.inbox import queries as inbox_queries
from tests import factories
from tests.conftest import Key, Member
from tests.dialects.assistant_client import JSON, QUESTION, asked, frames, read, run_of, work
from tests.dialects.posthog_client import Posthog, posthog_api, refusal  # noqa: F401 (a fixture)
from tests.dialects.test_posthog_suggestions import Service, choose, service, solved  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db

# --- Beginning ----------------------------------------------------------------------------------


def test_start_answers_201_with_the_conversation_at_once_to_json_alone(api: Posthog) -> None:
    mine = str(uuid.uuid4())
    made = asked(api, conversation=mine, trace_id=str(uuid.uuid4()), ui_context={"page": "x"}, agent_mode="sql")
    assert (made["id"], made["status"], made["title"], made["user"]) == (mine, "in_progress", QUESTION, None)
    assert made["messages"][0]["content"] == QUESTION
    assert (made["messages"][0]["type"], made["messages"][0]["ui_context"]) == ("human", {"page": "x"})
    assert made["agent_mode"] == "sql"
    assert read(api, made) == made


def test_start_without_an_id_is_given_one_and_a_long_question_makes_a_short_title(api: Posthog) -> None:
    made = asked(api, "word " * 100)
    assert uuid.UUID(made["id"])
    assert len(made["title"]) <= 250


@pytest.mark.parametrize("accept", ["", "*/*", "text/event-stream", "application/json, text/event-stream"])
def test_anything_else_gets_the_stream(api: Posthog, accept: str) -> None:
    answer = api.post(api.base, {"content": "Hello?"}, **({"Accept": accept} if accept else {}))
    assert isinstance(answer, LiveResponse)
    assert (answer.status_code, answer["Content-Type"].split(";")[0]) == (201, "text/event-stream")


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({}, "required", "content"),
        ({"content": ""}, "blank", "content"),
        ({"content": "  "}, "blank", "content"),
        ({"content": "x" * 40_001}, "max_length", "content"),
        ({"content": 7}, "invalid_input", "content"),
        ({"content": "x", "conversation": "nonsense"}, "invalid_input", "conversation"),
        ({"content": "x", "trace_id": 7}, "invalid_input", "trace_id"),
        ({"conversation": None}, "required", "content"),
        *(
            ({"content": "x", "agent_mode": mode}, code, "agent_mode")
            for mode, code in (
                ("", "blank"),
                ("Sql", "invalid_input"),
                ("a-b", "invalid_input"),
                ("sql\n", "invalid_input"),
                ("x" * 41, "invalid_input"),
                ("é", "invalid_input"),
                ("١", "invalid_input"),
                (7, "invalid_input"),
            )
        ),
        ({"content": "x", "is_sandbox": True}, "invalid_input", "is_sandbox"),
        ({"content": "x", "contextual_tools": []}, "invalid_input", "contextual_tools"),
    ],
)
def test_body_at_fault_is_400_with_the_field(api: Posthog, body: Any, code: str, attr: str) -> None:
    answer = api.post(api.base, body)
    assert refusal(answer) == (400, "validation_error", code, attr)
    assert not AssistantThread.all_workspaces.exists()


@pytest.mark.parametrize("mode", ["llm_analytics", "sql", "research", "mode_2", "x" * 40])
def test_any_mode_of_a_client_is_kept_and_printed(api: Posthog, mode: str) -> None:
    made = asked(api, agent_mode=mode)
    assert read(api, made)["agent_mode"] == mode
    item = api.post(f"{made['id']}/queue", {"content": "next", "agent_mode": mode}).json()["messages"][0]
    assert item["agent_mode"] == mode


def test_unknown_id_without_content_is_400_in_short(api: Posthog) -> None:
    unknown = str(uuid.uuid4())
    for body in ({"content": None}, {"content": None, "conversation": unknown}, {"conversation": unknown}):
        answer = api.post(api.base, body)
        assert (answer.status_code, set(answer.json())) == (400, {"error"})


def test_id_of_an_operators_or_a_customers_conversation_cannot_be_used(
    api: Posthog, acme: Workspace, ben: Member
) -> None:
    with tenancy.scope(acme):
        own = assistant_actions.ask_assistant(workspace=acme, content="Mine", by=ben.actor, at=clock.now()).thread
    customers = factories.ConversationFactory(workspace=acme)
    for row in (own.conversation, customers):
        answer = api.post(api.base, {"content": "x", "conversation": str(row.public_id)})
        assert (answer.status_code, set(answer.json())) == (400, {"error"})


def test_id_of_another_workspace_is_free(api: Posthog, globex: Workspace, globex_key: Key) -> None:
    mine = str(uuid.uuid4())
    theirs = asked(Posthog(globex_key.secret), "Theirs", conversation=mine)
    assert api.get(mine).status_code == 404
    assert asked(api, "Ours", conversation=mine)["title"] == "Ours"
    assert read(Posthog(globex_key.secret), theirs)["title"] == "Theirs"


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_starts_are_limited_per_minute(api: Posthog, monkeypatch: Any) -> None:
    monkeypatch.setattr(assistant, "_starts", assistant.Buckets(10))
    found = [api.post(api.base, {"content": "x"}) for _ in range(11)]
    assert {answer.status_code for answer in found[:10]} == {201}
    assert refusal(found[10]) == (429, "throttled_error", "throttled", None)


def test_attaching_is_no_start(api: Posthog, monkeypatch: Any) -> None:
    monkeypatch.setattr(assistant, "_starts", assistant.Buckets(1))
    made = asked(api)
    attach = {"conversation": made["id"]}
    assert {api.post(api.base, attach).status_code for _ in range(12)} == {200}  # ten may come at once


def test_client_key_reaches_none_of_it(acme: Workspace) -> None:
    _, secret = factories.api_key(acme, kind=KeyKind.CLIENT, unverified_identity=True)
    page = Posthog(secret)
    assert refusal(page.post(page.base, {"content": "x"}))[0] == 403
    assert refusal(page.get(page.base))[0] == 403


# --- Busy, attaching, stopping ------------------------------------------------------------------


def test_content_while_the_assistant_works_is_409(api: Posthog) -> None:
    made = asked(api)
    answer = api.post(api.base, {"content": "Hurry", "conversation": made["id"]})
    assert refusal(answer) == (409, "server_error", "conflict", None)
    assert len(read(api, made)["messages"]) == 1


@pytest.mark.parametrize("nothing", [{"content": None}, {}])
def test_attaching_is_200_while_it_works_and_just_after(api: Posthog, nothing: dict[str, Any]) -> None:
    made = asked(api)
    attach = {**nothing, "conversation": made["id"]}
    answer = api.post(api.base, attach)
    assert isinstance(answer, LiveResponse)
    assert answer.status_code == 200
    assert api.post(api.base, attach, **JSON).json()["status"] == "in_progress"
    work(made)
    assert isinstance(api.post(api.base, attach), LiveResponse)
    assert api.post(api.base, attach, **JSON).json()["messages"][-1]["type"] == "ai"
    AssistantRun.all_workspaces.update(ended_at=clock.now() - timedelta(minutes=5))
    assert refusal(api.post(api.base, attach))[:3] == (400, "validation_error", "invalid_input")


def test_cancel_answers_idle_and_the_run_can_write_nothing_more(api: Posthog, in_acme: Workspace) -> None:
    made = asked(api)
    run = runs.claim(run_of(made).pk, clock.now())
    assert run is not None
    api.post(f"{made['id']}/queue", {"content": "next"})
    answer = api.patch(f"{made['id']}/cancel", {})
    assert (answer.status_code, answer.json()["status"], answer.json()["id"]) == (200, "idle", made["id"])
    assert runs.partial(run, "late", clock.now()) is False
    by = Actor.system(in_acme.pk)
    assert (
        assistant_actions.answer_run(run=run, draft=protocol.Draft("late"), engine="x", by=by, at=clock.now()) is None
    )
    assert api.get(f"{made['id']}/queue").json()["messages"] == []
    assert watching.look(run.pk, 0).is_over is True
    assert len(read(api, made)["messages"]) == 1
    assert api.patch(f"{made['id']}/cancel", {}).status_code == 200  # nothing to stop is no error
    assert Event.objects.filter(type="assistant.canceled").count() == 1
    assert api.post(api.base, {"content": "Again", "conversation": made["id"]}).status_code == 201


def test_repeated_start_with_the_same_idempotency_key_watches_the_first_run(api: Posthog) -> None:
    answers = [api.post(api.base, {"content": "Once"}, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert all(isinstance(answer, LiveResponse) and answer.status_code == 201 for answer in answers)
    assert answers[0].follow.args == answers[1].follow.args  # type: ignore[attr-defined]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert AssistantRun.all_workspaces.count() == 1


# --- Queue --------------------------------------------------------------------------------------


def test_queue_takes_two_and_refuses_the_third(api: Posthog) -> None:
    path = f"{asked(api)['id']}/queue"
    first = api.post(path, {"content": "one", "agent_mode": "sql"}, **{"X-PostHog-Session-Id": "s-1"})
    assert first.status_code == 200
    item = first.json()["messages"][0]
    assert set(item) == {
        "id", "content", "created_at", "contextual_tools", "ui_context", "billing_context", "agent_mode", "session_id"
    }  # fmt: skip
    assert (item["content"], item["agent_mode"], item["session_id"]) == ("one", "sql", "s-1")
    body = api.post(path, {"content": "two"}).json()
    assert ([one["content"] for one in body["messages"]], body["max_queue_messages"]) == (["one", "two"], 2)
    full = api.post(path, {"content": "three"})
    assert (full.status_code, full.json()["error"], set(full.json())) == (409, "queue_full", {"error", "detail"})
    changed = api.patch(f"{path}/{item['id']}", {"content": "uno"}).json()
    assert [one["content"] for one in changed["messages"]] == ["uno", "two"]
    assert refusal(api.patch(f"{path}/{item['id']}", {"content": ""}))[2:] == ("blank", "content")
    gone = api.delete(f"{path}/{item['id']}")
    assert (gone.status_code, gone.content) == (204, b"")
    missing = api.patch(f"{path}/{item['id']}", {"content": ""})
    assert (missing.status_code, set(missing.json())) == (404, {"detail"})
    assert api.post(f"{path}/clear").json() == {"messages": [], "max_queue_messages": 2}


def test_queued_messages_are_answered_in_turn_in_the_same_run(api: Posthog) -> None:
    made = asked(api)
    for content in ("second", "third"):
        api.post(f"{made['id']}/queue", {"content": content})
    work(made)
    now = read(api, made)
    assert [one["type"] for one in now["messages"]] == ["human", "ai"] * 3
    assert [one["content"] for one in now["messages"][::2]] == [QUESTION, "second", "third"]
    assert now["status"] == "idle"
    assert AssistantRun.all_workspaces.count() == 1
    echoes = [data["content"] for _, event, data in frames(made) if data["type"] == "human"]
    assert echoes == [QUESTION, "second", "third"]


def test_queue_of_a_missing_or_an_operators_conversation(api: Posthog, acme: Workspace, ben: Member) -> None:
    with tenancy.scope(acme):
        own = assistant_actions.ask_assistant(workspace=acme, content="Mine", by=ben.actor, at=clock.now()).thread
    for reference, status in ((uuid.uuid4(), 404), ("nonsense", 404), (own.public_id, 403)):
        for answer in (api.get(f"{reference}/queue"), api.post(f"{reference}/queue", {"content": "x"})):
            assert (answer.status_code, set(answer.json())) == (status, {"error"})


# --- Reading, appending, deleting ---------------------------------------------------------------


def test_list_is_latest_change_first_with_the_usual_envelope(api: Posthog, acme: Workspace, ben: Member) -> None:
    made = [asked(api, f"Question {n}") for n in range(3)]
    with tenancy.scope(acme):
        own = assistant_actions.ask_assistant(workspace=acme, content="Mine", by=ben.actor, at=clock.now()).thread
    AssistantThread.all_workspaces.filter(conversation__public_id=made[0]["id"]).update(
        updated_at=clock.now() + timedelta(minutes=1)
    )
    for path in (api.base, api.base.rstrip("/"), api.base.replace("/projects/", "/environments/")):
        body = api.get(path).json()
        assert set(body) == {"count", "next", "previous", "results"}
        assert [row["title"] for row in body["results"]] == ["Question 0", "Question 2", "Question 1"]
    page = api.get(f"{api.base}?limit=1&offset=1").json()
    assert (page["count"], [row["title"] for row in page["results"]]) == (3, ["Question 2"])
    assert "limit=1" in page["next"]
    # An operator's own is not listed, and can be read, not changed, by whoever knows its id.
    assert api.get(str(own.public_id)).json()["user"]["email"] == ben.user.email
    for answer in (
        api.patch(f"{own.public_id}/cancel", {}),
        api.post(f"{own.public_id}/append_message", {"content": "x"}),
        api.delete(str(own.public_id)),
    ):
        assert refusal(answer) == (404, "invalid_request", "not_found", None)


def test_list_asks_as_many_queries_for_one_as_for_many(api: Posthog) -> None:
    def queries_of_a_list() -> int:
        with CaptureQueriesContext(connection) as found:
            api.get(api.base)
        return len(found)

    asked(api)
    queries_of_a_list()  # the key notes its first use
    before = queries_of_a_list()
    for _ in range(5):
        asked(api)
    assert queries_of_a_list() == before > 0


def test_appended_message_is_the_assistants_and_starts_nothing(api: Posthog) -> None:
    made = asked(api)
    work(made)
    answer = api.post(f"{made['id']}/append_message", {"content": "Ticket #7 was opened."})
    assert (answer.status_code, set(answer.json())) == (200, {"id"})
    now = read(api, made)
    assert (now["messages"][-1]["id"], now["messages"][-1]["type"]) == (answer.json()["id"], "ai")
    assert now["status"] == "idle"
    assert refusal(api.post(f"{made['id']}/append_message", {"content": "x" * 10_001}))[2] == "max_length"


def test_deleted_conversation_is_gone_and_its_id_stays_taken(api: Posthog) -> None:
    made = asked(api)
    gone = api.delete(made["id"])
    assert (gone.status_code, gone.content) == (204, b"")
    assert api.get(api.base).json()["count"] == 0
    assert api.get(made["id"]).status_code == api.delete(made["id"]).status_code == 404
    answer = api.post(api.base, {"content": "x", "conversation": made["id"]})
    assert (answer.status_code, set(answer.json())) == (404, {"error"})
    assert set(api.get(f"{made['id']}/queue").json()) == {"error"}
    work(made)
    assert Message.all_workspaces.filter(conversation__public_id=made["id"]).count() == 1


def test_it_is_in_the_inboxes_assistant_view_alone_and_in_no_list_of_another_format(
    api: Posthog, acme: Workspace, ben: Member
) -> None:
    made = asked(api)
    work(made)
    with tenancy.scope(acme):
        for view in inbox_queries.INBOX_VIEWS.values():
            assert inbox_queries.inbox_rows(view, ben.user).exists() == (view.key == "assistant"), view.key
        assert not inbox_queries.inbox_rows(inbox_queries.INBOX_VIEWS["open"], ben.user, "thermostat").exists()
        assert Conversation.objects.get(public_id=made["id"]).handler == "assistant"
    listed = api.get("/api/v1/conversations").json()
    assert made["id"] not in json.dumps(listed)
    assert api.get("tickets").json()["count"] == 0


def test_tickets_and_views_keep_their_paths(api: Posthog) -> None:
    assert api.get("tickets").status_code == api.get("views").status_code == 200
    assert api.delete("tickets").status_code == api.delete("views").status_code == 405
