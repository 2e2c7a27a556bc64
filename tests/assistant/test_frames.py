"""What runs store is the desk's own; what a client gives besides its question is kept as it came."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations.assistant import actions as assistant_actions
from conversations.assistant import frames, runs
from conversations.assistant.choice import HandOver
from conversations.assistant.engines import builtin
from conversations.dialects.posthog.stream import printed
from conversations.models import AssistantFrame, AssistantQueueItem, FrameKind, Message
from tests.assistant.talk import answered, choose, thread_of
from tests.dialects.assistant_client import asked, read, run_of, work
from tests.dialects.posthog_client import Posthog

pytestmark = pytest.mark.django_db

MODE = {"agent_mode": "sql"}
GIVEN = {
    "ui_context": {"page": {"id": None}},
    "contextual_tools": {"search": {}},
    "billing_context": {"plan": "free"},
}
WORDS_OF_A_FORMAT = {
    "type", "content", "tool_call_id", "handled_by", "proposal_id", "decision_status", "original_tool_call_id",
}  # fmt: skip


def stored(made: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    rows = AssistantFrame.all_workspaces.filter(run__thread__conversation__public_id=made["id"]).order_by("pk")
    return [(row.kind, row.body) for row in rows]


def test_whole_run_is_stored_without_a_word_of_a_format(api: Posthog, in_acme: Workspace) -> None:
    choose(in_acme, hand_over=HandOver.ASK)
    made = answered(api, "The frobnicator hums in D minor")
    made = answered(api, "It is the large one, in the cellar", conversation=made["id"])
    run = run_of(asked(api, "And now?", conversation=made["id"]))
    claimed = runs.claim(run.pk, clock.now())
    assert claimed is not None
    runs.progress(claimed, "Writing an answer")
    assistant_actions.fail_run(run=claimed, code="unavailable", by=Actor.system(in_acme.pk), at=clock.now())
    found = stored(made)
    assert {kind for kind, _ in found} == set(FrameKind.values)
    assert not WORDS_OF_A_FORMAT & {name for _, body in found for name in body}


def test_every_kind_of_frame_is_read_as_it_was_stored_and_printed(api: Posthog) -> None:
    thread = thread_of(asked(api))
    each: list[frames.Frame] = [
        frames.Conversation("idle", "people", None, True),
        frames.Text("So f"),
        frames.Message("1", "customer", "Why?", metadata={"trace_id": "t", "billing_context": {}}),
        frames.Message("2", "assistant", "So far.", sources=[{"type": "article"}]),
        frames.Failure("3", "I could not", "unavailable"),
        frames.Status(frames.WORKING, "Searching", 7, {"trace_id": "t"}),
        frames.Status(frames.RESTARTED),
        frames.Proposal("4", "pending", "hand_over", "Bring in a teammate", {"reason": "x"}, None),
    ]
    assert {frame.kind for frame in each} == set(FrameKind)
    for frame in each:
        row = AssistantFrame(kind=frame.kind, body={**frames.body(frame), "of a later version": 1})
        assert frames.read(row) == frame
    assert [printed(frame, thread) for frame in each[1:]] == [
        ("message", {"type": "ai", "content": "So f"}),
        ("message", {"type": "human", "id": "1", "content": "Why?", "trace_id": "t"}),
        ("message", {"type": "ai", "id": "2", "content": "So far.", "sources": [{"type": "article"}]}),
        ("message", {"type": "ai/failure", "id": "3", "content": "I could not"}),
        ("update", {"id": "t", "tool_call_id": "search-7", "content": "Searching"}),
        ("status", {"type": "generation_error"}),
        (
            "approval",
            {
                "proposal_id": "4",
                "decision_status": "pending",
                "tool_name": "hand_over",
                "preview": "Bring in a teammate",
                "payload": {"reason": "x"},
                "original_tool_call_id": None,
                "message_id": None,
            },
        ),
    ]
    event, head = printed(each[0], thread)
    assert (event, head["id"], head["status"], head["handled_by"]) == (
        "conversation",
        str(thread.public_id),
        "idle",
        "people",
    )


def test_frame_with_a_value_of_a_later_version_prints_one_of_the_format(api: Posthog) -> None:
    _, head = printed(frames.Conversation("paused", "robot", None, False), thread_of(asked(api)))
    assert (head["status"], head["handled_by"]) == ("in_progress", "people")


def test_failure_is_marked_by_the_desk_and_typed_by_the_format(api: Posthog, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: Any, question: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(builtin.Builtin, "answer", breaks)
    made = answered(api, "Hello?")
    assert Message.all_workspaces.latest("pk").metadata == {"failure": "unknown_error"}
    assert made["messages"][-1]["type"] == "ai/failure"


def test_what_came_with_a_question_is_kept_with_the_message_and_the_conversation(api: Posthog) -> None:
    made = asked(api, **GIVEN, **MODE, trace_id="0d2b6a3e-9a7c-4d7e-8f2f-4a6d8f2c1b10")
    message = Message.all_workspaces.get()
    assert message.metadata == {**GIVEN, "trace_id": "0d2b6a3e-9a7c-4d7e-8f2f-4a6d8f2c1b10"}
    assert thread_of(made).metadata == MODE
    work(made)
    asked(api, "And now?", conversation=made["id"])
    assert thread_of(made).metadata == {}


def test_what_came_with_a_queued_message_goes_on_with_it(api: Posthog) -> None:
    made = asked(api, **MODE)
    queue = f"{made['id']}/queue"
    api.post(queue, {"content": "Second", **GIVEN}, **{"X-PostHog-Session-Id": "s-1"})
    item = api.post(queue, {"content": "Third", "agent_mode": "plan"}).json()["messages"][0]
    assert {name: item[name] for name in GIVEN} == GIVEN
    assert (item["session_id"], item["agent_mode"]) == ("s-1", None)
    assert AssistantQueueItem.all_workspaces.earliest("pk").thread_metadata == {}
    work(made)
    second, third = Message.all_workspaces.filter(sender_kind="customer").order_by("pk")[1:]
    assert second.metadata == {**GIVEN, "session_id": "s-1", "trace_id": (second.metadata or {})["trace_id"]}
    assert set(third.metadata or {}) == {"trace_id"}
    now = read(api, made)
    # The second message named no mode, and went on in the first one's.
    assert (now["agent_mode"], now["messages"][2]["ui_context"]) == ("plan", GIVEN["ui_context"])
    assert set(now["messages"][2]) == {"type", "id", "content", "parent_tool_call_id", "ui_context", "trace_id"}


def test_message_to_people_keeps_what_came_with_it(api: Posthog, handed: dict[str, Any]) -> None:
    thread = thread_of(handed)
    by = Actor.system(thread.workspace_id)
    with tenancy.scope(thread.workspace):
        assistant_actions.take_over(thread=thread, by=by, at=clock.now())
    api.post(f"{handed['id']}/queue", {"content": "Are you there?", **GIVEN})
    assert (Message.all_workspaces.latest("pk").metadata or {})["ui_context"] == GIVEN["ui_context"]


def test_frame_of_a_kind_of_a_later_version_is_passed_over() -> None:
    assert frames.read(AssistantFrame(kind="later", body={"of a later version": 1})) is None
