"""While a release is installed, this version and the one before work on the same rows: each reads what the other writes.

What the version before would do is done here by SQL, with the columns that it knows.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from django.db import connection

from accounts.live.responses import LiveResponse
from accounts.models import IdempotentRequest
from conversations.assistant import runs
from conversations.models import AssistantFrame, AssistantQueueItem, AssistantThread, Message
from tests.assistant.running_desk import Client, Desk
from tests.assistant.talk import PERSON, answered, thread_of
from tests.dialects.assistant_client import asked, frames, read, run_of, work
from tests.dialects.posthog_client import Posthog

pytestmark = pytest.mark.django_db

HUMAN = {"type": "human", "id": "1", "content": "Why?", "ui_context": {"page": {"id": None}}, "trace_id": "t"}
FRAMES_BEFORE: list[tuple[str, dict[str, Any]]] = [
    ("message", HUMAN),
    ("message", {"type": "human", "id": "2", "content": "Why not?"}),
    ("update", {"id": "t", "tool_call_id": "search-7", "content": "Writing an answer"}),
    ("status", {"type": "generation_error"}),
    ("message", {"type": "ai", "content": "Because"}),
    ("message", {"type": "ai", "id": "3", "content": "Because.", "sources": [{"type": "article", "id": "4"}]}),
    ("message", {"type": "ai", "id": "5", "content": "Because."}),
    ("message", {"type": "ai/failure", "id": "6", "content": "I could not"}),
    (
        "approval",
        {
            "proposal_id": "7",
            "decision_status": "pending",
            "tool_name": "hand_over",
            "preview": "Bring in a teammate",
            "payload": {"reason": "x"},
            "original_tool_call_id": None,
            "message_id": "5",
        },
    ),
]
HEAD = {"status": "in_progress", "handled_by": "people", "ticket": "8", "ai_resolved": False}
INSERT_FRAME = (
    "INSERT INTO conversations_assistantframe (workspace_id, run_id, sequence, event, data) VALUES (%s, %s, %s, %s, %s)"
)


def execute(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def without_triggers(table: str) -> None:
    """As if the rows had been written before the release."""
    execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is still to be checked keeps a table from being changed
    execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    execute("SET CONSTRAINTS ALL DEFERRED")


def rows(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def write_frame(made: dict[str, Any], event: str, data: dict[str, Any]) -> None:
    """Write a frame as the version before did."""
    run = run_of(made)
    last = AssistantFrame.all_workspaces.filter(run=run).latest("pk").sequence
    execute(INSERT_FRAME, run.workspace_id, run.pk, last + 1, event, json.dumps(data))


def test_frames_that_the_version_before_writes_are_streamed_as_it_meant_them(api: Posthog) -> None:
    made = asked(api)
    last = frames(made)[-1][0]
    for event, data in [("conversation", HEAD), *FRAMES_BEFORE]:
        write_frame(made, event, data)
    (_, event, head), *rest = frames(made, after=last)
    assert (event, {name: head[name] for name in HEAD}, head["id"]) == ("conversation", HEAD, made["id"])
    assert [(event, data) for _, event, data in rest] == FRAMES_BEFORE


def test_frames_that_this_version_writes_are_found_by_the_one_before(api: Posthog) -> None:
    made = asked(api)
    for event, data in FRAMES_BEFORE:
        write_frame(made, event, data)
    written = AssistantFrame.all_workspaces.filter(run=run_of(made)).order_by("pk")[2:]
    for row in list(written):
        row.pk, row.sequence = None, row.sequence + 100
        row.save(force_insert=True)
    found = rows("SELECT event, data::text FROM conversations_assistantframe WHERE sequence > 100 ORDER BY id")
    assert [(event, json.loads(data)) for event, data in found] == FRAMES_BEFORE
    head, echo = rows("SELECT event, data::text FROM conversations_assistantframe ORDER BY id LIMIT 2")
    assert (head[0], set(json.loads(head[1]))) == ("conversation", set(HEAD))
    assert json.loads(echo[1]) == frames(made)[1][2]


def test_frames_of_before_the_release_are_read_after_it(api: Posthog) -> None:
    made = asked(api)
    last = frames(made)[-1][0]
    without_triggers("conversations_assistantframe")
    run = run_of(made)
    execute("ALTER TABLE conversations_assistantframe DROP CONSTRAINT assistant_frame_kind_is_known")
    for number, (event, data) in enumerate([("conversation", HEAD), *FRAMES_BEFORE]):
        execute(
            "INSERT INTO conversations_assistantframe (workspace_id, run_id, sequence, event, data, kind, body)"
            " VALUES (%s, %s, %s, %s, %s, '', '{}')",
            run.workspace_id, run.pk, 100 + number, event, json.dumps(data),
        )  # fmt: skip
    fill("conversations", "0023_neutral_rows_of_earlier_versions")
    fill("conversations", "0023_neutral_rows_of_earlier_versions")
    assert [(event, data) for _, event, data in frames(made, after=last)][1:] == FRAMES_BEFORE


def fill(app: str, name: str) -> None:
    import_module(f"{app}.migrations.{name}").fill(None, None)


def test_open_stream_goes_on_when_a_worker_of_the_version_before_answers(desk: Desk, client: Client) -> None:
    turn = client.begin()
    run = turn.run
    last = AssistantFrame.all_workspaces.filter(run=run).latest("pk").sequence
    execute(INSERT_FRAME, run.workspace_id, run.pk, last + 50, "message", json.dumps({"type": "ai", "content": "Old"}))
    execute("SELECT pg_notify(%s, %s)", runs.CHANNEL, str(run.pk))
    turn.stream.until(lambda frame: frame.data.get("content") == "Old")
    whole = turn.provider.end()
    assert turn.stream.rest()[-1].data["content"] == whole


def test_mode_of_a_conversation_is_the_same_in_both(api: Posthog) -> None:
    made = asked(api, agent_mode="sql")
    assert rows("SELECT agent_mode FROM conversations_assistantthread") == [("sql",)]
    execute("UPDATE conversations_assistantthread SET agent_mode = 'plan'")
    assert thread_of(made).metadata == {"agent_mode": "plan"}
    execute("UPDATE conversations_assistantthread SET agent_mode = NULL")
    assert thread_of(made).metadata == {}
    AssistantThread.all_workspaces.update(metadata={"agent_mode": "flags", "more": 1})
    assert rows("SELECT agent_mode FROM conversations_assistantthread") == [("flags",)]
    execute("UPDATE conversations_assistantthread SET agent_mode = 'sql', title = 'x'")
    assert thread_of(made).metadata == {"agent_mode": "sql", "more": 1}


def test_queued_message_keeps_what_came_with_it_in_both(api: Posthog) -> None:
    made = asked(api)
    given = {"ui_context": {"page": 1}, "contextual_tools": {"search": {}}, "billing_context": {"plan": "free"}}
    api.post(f"{made['id']}/queue", {"content": "One", "agent_mode": "sql", **given}, **{"X-PostHog-Session-Id": "s"})
    columns = "ui_context, contextual_tools, billing_context, agent_mode, session_id"
    (found,) = rows(f"SELECT to_jsonb(item) FROM (SELECT {columns} FROM conversations_assistantqueueitem) AS item")
    assert json.loads(found[0]) == {**given, "agent_mode": "sql", "session_id": "s"}
    item = AssistantQueueItem.all_workspaces.get()
    execute(
        f"INSERT INTO conversations_assistantqueueitem (workspace_id, thread_id, public_id, content, audience, created_at, {columns})"
        f" SELECT workspace_id, thread_id, gen_random_uuid(), 'Two', audience, created_at, {columns}"
        " FROM conversations_assistantqueueitem"
    )
    one, two = api.get(f"{made['id']}/queue").json()["messages"]
    assert {**one, "id": "", "content": "", "created_at": ""} == {**two, "id": "", "content": "", "created_at": ""}
    copied = AssistantQueueItem.all_workspaces.exclude(pk=item.pk).get()
    assert set(copied.metadata) == set(item.metadata)
    assert copied.thread_metadata == item.thread_metadata


def test_failure_that_the_version_before_writes_counts_as_one(api: Posthog) -> None:
    made = answered(api, PERSON)
    message = Message.all_workspaces.latest("pk")
    message.pk, message.public_id, message.metadata = None, made["id"], {"type": "ai/failure", "code": "worker_lost"}
    message.save(force_insert=True)
    assert read(api, made)["messages"][-1]["type"] == "ai/failure"
    message.refresh_from_db()
    assert (message.metadata or {})["failure"] == "worker_lost"


def test_failures_modes_and_queues_of_before_the_release_are_found_after_it(api: Posthog) -> None:
    made = answered(api, PERSON)
    api.post(f"{made['id']}/queue", {"content": "One", "ui_context": {"page": 1}, "agent_mode": "sql"})
    for table in ("assistantthread", "assistantqueueitem", "message"):
        without_triggers(f"conversations_{table}")
    Message.all_workspaces.filter(sender_kind="assistant").update(metadata={"type": "ai/failure"})
    execute("UPDATE conversations_assistantthread SET metadata = '{}', agent_mode = 'sql'")
    AssistantQueueItem.all_workspaces.update(metadata={}, thread_metadata={})
    for _ in range(2):
        fill("conversations", "0023_neutral_rows_of_earlier_versions")
    now = read(api, made)
    assert (now["agent_mode"], now["messages"][-1]["type"]) == ("sql", "ai/failure")
    (item,) = api.get(f"{made['id']}/queue").json()["messages"]
    assert (item["ui_context"], item["agent_mode"], item["contextual_tools"]) == ({"page": 1}, "sql", None)


def test_run_that_either_begins_is_answered_by_the_other(api: Posthog) -> None:
    made = asked(api)
    (trace,) = rows("SELECT trace_id FROM conversations_assistantrun")
    assert trace[0] is not None  # the version before reads it
    work(made)
    assert read(api, made)["status"] == "idle"


def test_repeated_start_is_shown_the_run_whichever_version_kept_it(api: Posthog) -> None:
    def start() -> Any:
        return api.post(api.base, {"content": "Once"}, **{"Idempotency-Key": "k"})

    first = start()
    run_id = run_of({"id": thread_id()}).pk
    kept = IdempotentRequest.all_workspaces.get()
    assert (kept.follows, bytes(kept.body)) == (run_id, b": run %d\nretry: 15000\n\n" % run_id)
    execute("UPDATE accounts_idempotentrequest SET follows = NULL, body = body")
    again = start()
    assert isinstance(again, LiveResponse)
    assert again.follow.args == first.follow.args  # type: ignore[attr-defined]
    execute("UPDATE accounts_idempotentrequest SET body = '{}'")
    assert IdempotentRequest.all_workspaces.get().follows is None
    without_triggers("accounts_idempotentrequest")
    execute("UPDATE accounts_idempotentrequest SET follows = NULL, body = %s", bytes(kept.body))
    fill("accounts", "0018_followed_answers_of_earlier_rows")
    assert start()["Idempotent-Replayed"] == "true"
    assert IdempotentRequest.all_workspaces.get().follows == run_id


def thread_id() -> str:
    return str(AssistantThread.all_workspaces.select_related("conversation").get().public_id)


def test_kept_answer_that_is_no_stream_names_nothing(api: Posthog) -> None:
    assert api.post("tickets", {"title": "x"}, **{"Idempotency-Key": "k"}).status_code == 201
    assert IdempotentRequest.all_workspaces.get().follows is None
