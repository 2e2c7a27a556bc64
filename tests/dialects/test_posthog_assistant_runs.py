"""The assistant at work: answering, failing, being lost, and being watched on a running desk."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import clock, tenancy
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations.assistant import actions as assistant_actions
from conversations.assistant import choice as choices
from conversations.assistant import presence, recovery, runs, watching
from conversations.assistant import tasks as assistant_tasks
from conversations.assistant.engines import builtin, protocol
from conversations.knowledge import courtesies
from conversations.models import AssistantFrame, AssistantRun, AssistantThread, RunStatus
from tests.dialects import harness
from tests.dialects.assistant_client import JSON, QUESTION, asked, frames, read, run_of, source_of, work
from tests.dialects.posthog_client import Posthog, posthog_api, refusal  # noqa: F401 (a fixture)
from tests.dialects.scene import Scene
from tests.dialects.test_posthog_suggestions import Service, choose, service, solved, solved_plainly  # noqa: F401 (fixtures)
from tests.runtime.machine import DEADLINE

pytestmark = pytest.mark.django_db

# --- Answering ----------------------------------------------------------------------------------


def test_builtin_answers_from_what_the_desk_has_solved(api: Posthog, solved_plainly: Any) -> None:  # noqa: F811
    made = asked(api)
    work(made)
    now = read(api, made)
    assert now["status"] == "idle"
    human, ai = now["messages"]
    assert (human["type"], ai["type"]) == ("human", "ai")
    assert ai["content"].startswith("hold both buttons for ten seconds")
    assert f"#{solved_plainly.number}" in ai["content"]
    assert ai["sources"] == [source_of(solved_plainly)]


def test_greeting_of_another_customer_is_left_out() -> None:
    for text, wanted in (
        ("Hello Tomasz, that is so. Really.", "That is so. Really."),
        ("Hi Maria,\nhold both buttons.", "hold both buttons."),
        ("Good morning! press it.", "Press it."),
        ("Hi,", "Hi,"),
        ("Hide it, please.", "Hide it, please."),
    ):
        assert courtesies.without_greeting(text) == wanted


def test_builtin_says_that_it_does_not_know_asks_back_and_offers_a_person(api: Posthog) -> None:
    made = asked(api)
    work(made)
    text = read(api, made)["messages"][-1]["content"]
    assert text == f"{builtin.UNKNOWN} {builtin.TELL_MORE} {builtin.OR_PERSON}"
    assert text.count("?") == 1


def test_frames_are_conversation_echo_partials_and_the_whole_answer(api: Posthog, solved: Any) -> None:  # noqa: F811
    made = asked(api)
    work(made)
    sent = frames(made)
    assert [event for _, event, _ in sent][:2] == ["conversation", "message"]
    head, echo, *partials, last = [data for _, _, data in sent]
    assert (head["id"], head["status"], "messages" in head) == (made["id"], "in_progress", False)
    assert (echo["type"], echo["id"], echo["content"]) == ("human", made["messages"][0]["id"], QUESTION)
    assert None not in echo.values()
    assert len(partials) >= 3
    assert all(set(one) == {"type", "content"} and last["content"].startswith(one["content"]) for one in partials)
    assert [len(one["content"]) for one in partials] == sorted(len(one["content"]) for one in partials)
    assert (last["type"], last["id"]) == ("ai", read(api, made)["messages"][-1]["id"])
    numbers = [number for number, _, _ in sent]
    assert numbers == sorted(set(numbers))
    assert frames(made, after=numbers[-2]) == sent[-1:]


def test_second_turn_shows_no_conversation_frame_again(api: Posthog) -> None:
    made = asked(api)
    work(made)
    asked(api, "And now?", conversation=made["id"])
    assert [event for _, event, _ in frames(made)] == ["message"]


def test_job_that_runs_twice_answers_once(api: Posthog) -> None:
    made = asked(api)
    work(made)
    work(made)
    assert len(read(api, made)["messages"]) == 2


def test_worker_whose_run_was_claimed_again_writes_nothing_more(api: Posthog, in_acme: Workspace) -> None:
    run = run_of(asked(api))
    first = runs.claim(run.pk, clock.now())
    assert first is not None
    assert runs.claim(run.pk, clock.now()) is None
    fall_silent(run)
    recovery.recover_all(clock.now())
    second = runs.claim(run.pk, clock.now())
    assert second is not None
    by, count = Actor.system(in_acme.pk), AssistantFrame.objects.count()
    assert runs.partial(first, "late", clock.now()) is False
    assert (
        assistant_actions.answer_run(run=first, draft=protocol.Draft("late"), engine="x", by=by, at=clock.now()) is None
    )
    assert AssistantFrame.objects.count() == count
    assert runs.partial(second, "in time", clock.now()) is True


def test_broken_engine_is_a_visible_failure_and_idle_again(api: Posthog, monkeypatch: Any) -> None:
    def breaks(self: Any, question: Any) -> Any:
        raise RuntimeError("broken")

    monkeypatch.setattr(builtin.Builtin, "answer", breaks)
    made = asked(api)
    work(made)
    now = read(api, made)
    assert (now["status"], now["messages"][-1]["type"]) == ("idle", "ai/failure")
    assert frames(made)[-1][2]["type"] == "ai/failure"


def fall_silent(run: AssistantRun, seconds: int = 31) -> None:
    """As if its worker hung: this process, which works for all workers here, says no more that it is alive."""
    runs._at_work.clear()
    AssistantRun.all_workspaces.filter(pk=run.pk).update(beat_at=clock.now() - timedelta(seconds=seconds))


def test_run_whose_worker_hangs_is_put_back_twice_and_then_failed(api: Posthog, in_acme: Workspace) -> None:
    made = asked(api)
    for attempt in (1, 2):
        run = runs.claim(run_of(made).pk, clock.now())
        assert run is not None
        assert recovery.recover_all(clock.now()) == 0
        fall_silent(run)
        assert recovery.recover_all(clock.now()) == 1
        assert recovery.recover_all(clock.now()) == 0
        assert (read(api, made)["status"], run_of(made).attempts) == ("in_progress", attempt)
        assert runs.partial(run, "from the grave", clock.now()) is False
    run = runs.claim(run_of(made).pk, clock.now())
    assert run is not None
    fall_silent(run)
    recovery.recover_all(clock.now())
    now = read(api, made)
    assert (now["status"], now["messages"][-1]["type"]) == ("idle", "ai/failure")
    resumed = Event.objects.filter(type="assistant.resumed").order_by("pk")
    assert [event.data["attempt"] for event in resumed] == [2, 3]


def test_next_question_may_be_put_back_as_often_again(api: Posthog, in_acme: Workspace) -> None:
    made = asked(api)
    AssistantRun.objects.update(attempts=2)
    run = runs.claim(run_of(made).pk, clock.now())
    assert run is not None
    assistant_actions.enqueue(thread=run.thread, content="And now?", by=Actor.system(in_acme.pk), at=clock.now())
    fall_silent(run)
    recovery.recover_all(clock.now())
    assert (run_of(made).attempts, run_of(made).token) == (0, None)
    work(made)
    assert [message["type"] for message in read(api, made)["messages"]] == ["human", "ai/failure", "human", "ai"]


def test_of_two_that_notice_a_lost_run_one_puts_it_back(api: Posthog, in_acme: Workspace) -> None:
    made = asked(api)
    run = runs.claim(run_of(made).pk, clock.now())
    assert run is not None
    fall_silent(run)
    first, second = run_of(made), run_of(made)
    by = Actor.system(in_acme.pk)
    assert assistant_actions.recover_run(run=first, by=by, at=clock.now()) is True
    assert assistant_actions.recover_run(run=second, by=by, at=clock.now()) is False
    assert run_of(made).attempts == 1
    assert ProcrastinateJob.objects.filter(task_name=runs.JOB).count() == 2


def test_run_that_cannot_be_put_back_holds_up_no_other(
    api: Posthog, in_acme: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = asked(api), asked(api)
    for made in (first, second):
        run = runs.claim(run_of(made).pk, clock.now())
        assert run is not None
        fall_silent(run, seconds=40 if made is first else 31)
    recover = assistant_actions.recover_run

    def breaks(*, run: AssistantRun, **values: Any) -> bool:
        if run.pk == run_of(first).pk:
            raise RuntimeError("broken")
        return recover(run=run, **values)

    monkeypatch.setattr(assistant_actions, "recover_run", breaks)
    assert recovery.recover_all(clock.now()) == 1
    assert (run_of(first).attempts, run_of(second).attempts) == (0, 1)


def test_run_that_waits_in_line_is_not_lost_while_a_worker_lives(api: Posthog) -> None:
    made = asked(api)
    for _ in range(3):
        fall_silent(run_of(made), seconds=55)
        assert recovery.recover_all(clock.now()) == 0
        assert not runs.is_silent(run_of(made), clock.now(), timedelta(seconds=5))


def test_run_whose_job_is_gone_is_given_another(api: Posthog) -> None:
    made = asked(api)
    ProcrastinateJob.objects.filter(task_name=runs.JOB)._raw_delete("default")
    assert recovery.recover_all(clock.now()) == 0
    fall_silent(run_of(made), seconds=6)
    assert recovery.recover_all(clock.now()) == 1
    assert runs.in_line([run_of(made).pk]) == {run_of(made).pk}


@contextmanager
def living_worker(number: int) -> Iterator[None]:
    """Its lock, which this test holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [presence.FAMILY, number])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [presence.FAMILY, number])


def test_run_is_put_back_as_soon_as_the_lock_of_its_worker_is_gone(api: Posthog, in_acme: Workspace) -> None:
    made = asked(api)
    assert runs.claim(run_of(made).pk, clock.now()) is not None
    AssistantRun.objects.update(worker=7)
    with living_worker(7):
        assert recovery.recover_all(clock.now()) == 0
    assert recovery.recover_all(clock.now()) == 1
    assert (run_of(made).attempts, run_of(made).worker, run_of(made).token) == (1, None, None)


def test_one_look_at_twenty_runs_costs_what_a_look_at_two_costs(api: Posthog, in_acme: Workspace) -> None:
    ids = [run_of(asked(api)).pk for _ in range(20)]
    assert all(runs.claim(run_id, clock.now()) for run_id in ids[1:])
    AssistantRun.objects.exclude(token=None).update(worker=7)
    AssistantRun.objects.filter(token=None).update(beat_at=clock.now() - timedelta(seconds=10))
    counts = []
    with living_worker(7):
        for wanted in (ids[:2], ids):
            with CaptureQueriesContext(connection) as captured:
                watching.pulse(wanted)
            counts.append(len(captured))
    assert counts == [3, 3]


def test_run_that_no_worker_takes_on_fails_when_someone_watches_reads_or_asks_next(api: Posthog) -> None:
    for again in (
        lambda made: watching.pulse([run_of(made).pk]),
        lambda made: read(api, made),
        lambda made: asked(api, "Again?", conversation=made["id"]),
    ):
        made = asked(api)
        fall_silent(run_of(made), seconds=61)
        again(made)
        assert "ai/failure" in [message["type"] for message in read(api, made)["messages"]]


def test_frames_are_forgotten_and_messages_stay(api: Posthog) -> None:
    made = asked(api)
    work(made)
    assistant_tasks.forget_assistant_frames(0)
    assert frames(made)
    AssistantRun.all_workspaces.update(ended_at=clock.now() - timedelta(hours=25))
    assistant_tasks.forget_assistant_frames(0)
    assert not frames(made)
    assert len(read(api, made)["messages"]) == 2


# --- An engine outside --------------------------------------------------------------------------


def test_engine_outside_is_refused_until_approved(api: Posthog, acme: Workspace) -> None:
    choose(acme, choices.OPENAI)
    assert refusal(api.post(api.base, {"content": "x"})) == (403, "authentication_error", "permission_denied", None)


def pieces(*texts: str) -> Callable[[Any], tuple[int, bytes]]:
    lines = [json.dumps({"choices": [{"delta": {"content": text}}]}) for text in texts]
    return lambda body: (200, "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode())


def test_engine_outside_streams(api: Posthog, service: type[Service], monkeypatch: Any) -> None:  # noqa: F811
    monkeypatch.setattr("conversations.assistant.engines.openai.PAUSE", 0)
    service.answer = staticmethod(pieces("Press ", "both ", "buttons."))
    service.end_headers = _as_events  # type: ignore[method-assign]
    made = asked(api)
    work(made)
    assert read(api, made)["messages"][-1]["content"] == "Press both buttons."
    answers = [data["content"] for _, event, data in frames(made) if data.get("type") == "ai"]
    assert answers[0] == "Press"
    assert answers[-1] == "Press both buttons."
    (update,) = [data for _, event, data in frames(made) if event == "update"]
    assert (set(update), update["content"]) == ({"id", "tool_call_id", "content"}, "Writing an answer")
    assert service.seen[0][2]["stream"] is True


def _as_events(self: Service) -> None:
    self.send_header("Content-Type", "text/event-stream")
    super(Service, self).end_headers()


def test_engine_outside_that_answers_in_one_piece_is_understood(api: Posthog, service: Any) -> None:  # noqa: F811
    made = asked(api)
    work(made)
    assert read(api, made)["messages"][-1]["content"] == "Press both buttons."


def test_approval_that_was_taken_back_meanwhile_holds(api: Posthog, acme: Workspace, service: Any) -> None:  # noqa: F811
    made = asked(api)
    choose(acme, choices.OPENAI, approved=False)
    work(made)
    assert service.seen == []
    assert read(api, made)["messages"][-1]["type"] == "ai/failure"


def test_engine_outside_that_is_away_is_a_visible_failure(api: Posthog, service: Any, settings: Any) -> None:  # noqa: F811
    settings.ASSISTANT_BASE_URL = "http://127.0.0.1:9/v1"
    made = asked(api)
    work(made)
    assert read(api, made)["messages"][-1]["type"] == "ai/failure"


# --- Watching -----------------------------------------------------------------------------------


def events(base: str, key: str, body: Any, **headers: str) -> Iterator[tuple[str, str, Any]]:
    """Status and type first, then each event's id, name and data, as they come over the wire."""
    where = urlsplit(base)
    wire = http.client.HTTPConnection(where.hostname or "", where.port, timeout=DEADLINE)
    sent = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **headers}
    wire.request("POST", "/api/environments/@current/conversations/", json.dumps(body), sent)
    response = wire.getresponse()
    yield str(response.status), response.headers["Content-Type"].split(";")[0], None
    event: dict[str, str] = {}
    for raw in response:
        name, _, value = raw.decode().rstrip("\n").partition(": ")
        if name:
            event[name] = value
        elif "data" in event:
            yield event["id"], event["event"], json.loads(event["data"])
            event = {}
    wire.close()


def test_running_desk_streams_what_the_worker_writes_and_replays_it(desk: str) -> None:
    scene = Scene([])
    key = scene.value("server_key")
    watching = events(desk, key, {"content": "What is a refund?"})
    assert next(watching) == ("201", "text/event-stream", None)
    _, name, head = next(watching)
    assert (name, head["status"]) == ("conversation", "in_progress")
    _, name, echo = next(watching)
    assert (name, echo["type"]) == ("message", "human")
    attached = events(desk, key, {"content": None, "conversation": head["id"]})
    assert next(attached) == ("200", "text/event-stream", None)
    assert next(attached)[1] == "conversation"
    run = run_of(head)
    with tenancy.scope(scene.workspace):
        assistant_actions.enqueue(thread=run.thread, content="And abroad?", by=scene.system, at=clock.now())
    assistant_tasks.run_assistant(workspace_id=scene.workspace.pk, run_id=run.pk)
    seen = list(watching)
    final = [data for _, _, data in seen if data["type"] == "ai" and "id" in data]
    assert [one["content"] for one in final] == [
        f"{builtin.UNKNOWN} {builtin.TELL_MORE} {builtin.OR_PERSON}",
        f"{builtin.UNKNOWN} {builtin.CALLED}",
    ]
    assert [data["content"] for _, _, data in seen if data["type"] == "human"] == ["And abroad?"]
    assert list(attached)[1:] == seen
    # Just after the end: the finished turn, whole, or from where one left off.
    again = list(events(desk, key, {"content": None, "conversation": head["id"]}))
    assert again[0][0] == "200"
    assert again[3:] == seen
    rest = list(events(desk, key, {"content": None, "conversation": head["id"]}, **{"Last-Event-ID": seen[-2][0]}))
    assert rest[1:] == seen[-1:]
    thread = AssistantThread.all_workspaces.get(conversation__public_id=head["id"])
    assert thread.status == "idle"


def test_running_desk_ends_the_stream_of_a_run_that_is_cancelled(desk: str) -> None:
    scene = Scene([])
    watching = events(desk, scene.value("server_key"), {"content": "What is a refund?"})
    next(watching)
    _, _, head = next(watching)
    run = run_of(head)

    assert next(watching)[1] == "message"
    with tenancy.scope(scene.workspace):
        assistant_actions.cancel_run(thread=run.thread, by=scene.system, at=clock.now())
    assert list(watching) == []
    assert AssistantRun.all_workspaces.get(pk=run.pk).status == RunStatus.CANCELED


def test_of_many_starts_at_once_under_one_id_one_begins(desk: str) -> None:
    scene, mine = Scene([]), str(uuid.uuid4())
    request = {
        "method": "POST",
        "path": "/api/projects/@current/conversations",
        "headers": {"Authorization": f"Bearer {scene.value('server_key')}", **JSON},
        "body": {"content": "Who is first?", "conversation": mine},
    }
    with ThreadPoolExecutor(6) as pool:
        statuses = sorted(answer.status for answer in pool.map(lambda _: harness.send(desk, request), range(6)))
    assert statuses == [201, 409, 409, 409, 409, 409]
    assert AssistantRun.all_workspaces.filter(workspace=scene.workspace).count() == 1
