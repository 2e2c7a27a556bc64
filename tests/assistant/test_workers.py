"""A run belongs to no one worker: what one leaves behind another takes on, and who is gone is seen at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import clock
from conversations.assistant import presence, runs
from conversations.models import AssistantRun
from tests.assistant.running_desk import Client, Desk, jobs_are_done
from tests.dialects import harness
from tests.runtime.machine import DEADLINE, eventually

pytestmark = pytest.mark.django_db

# Connections of a worker at rest: the queue's pool, its three ears and its clock; the presence; the journal's ear and
# dispatch; the pushes; the mails; the two parts of the outbox; the jobs on many conversations; the comparing of contacts; the look for
# lost runs.
IDLE = 4 + 3 + 1 + 1 + 2 + 1 + 1 + 2 + 1 + 1 + 1


def test_stream_goes_on_when_the_worker_is_killed_in_mid_answer(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    desk.kill_workers()
    assert client.read(turn.id)["status"] == "in_progress"
    desk.start_worker()
    again = desk.provider.call(turn.content)
    whole = again.end("All of it, again.")
    final = [frame.data["content"] for frame in turn.stream.rest() if frame.is_answer]
    assert (final, turn.stream.is_broken) == ([whole], False)
    now = client.read(turn.id)
    assert (now["status"], [message["type"] for message in now["messages"]]) == ("idle", ["human", "ai"])
    assert (turn.run.attempts, turn.run.status) == (1, "done")


def test_stream_goes_on_when_the_database_goes_away_in_mid_answer(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    with desk.without_database():
        turn.provider.say("unheard of")
        assert desk.workers[0].wait(DEADLINE) != 0
    desk.start_worker()
    whole = desk.provider.call(turn.content).end("All of it, again.")
    assert [frame.data["content"] for frame in turn.stream.rest() if frame.is_answer] == [whole]
    assert not turn.stream.is_broken
    assert (turn.run.attempts, turn.run.status) == (1, "done")


def test_answer_that_loses_its_own_connection_alone_is_taken_on_again(desk: Desk, client: Client) -> None:
    """The worker lives, but no longer works on the run."""
    turn = client.begin()
    turn.go_on()
    with harness.maintenance() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
            " AND application_name = 'worker' AND query LIKE 'COMMIT%%'",
            [desk.database],
        )
        assert cursor.fetchone()[0] > 0
    eventually(lambda: turn.provider.say() or turn.provider.dropped.is_set(), "the end of the call")
    whole = desk.provider.call(turn.content).end("All of it, again.")
    assert [frame.data["content"] for frame in turn.stream.rest() if frame.is_answer] == [whole]
    assert (turn.run.attempts, turn.run.status) == (1, "done")


def test_third_worker_that_dies_over_a_question_fails_it_visibly(desk: Desk, client: Client) -> None:
    turn = client.begin()
    for _ in range(2):
        turn.go_on()
        desk.kill_workers()
        desk.start_worker()
        turn.provider = desk.provider.call(turn.content)
    desk.kill_workers()
    # Nobody but the stream is left to notice.
    assert turn.stream.rest()[-1].data["type"] == "ai/failure"
    now = client.read(turn.id)
    assert (now["status"], now["messages"][-1]["type"]) == ("idle", "ai/failure")


def test_worker_that_hung_and_goes_on_writes_nothing_more(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    with desk.halted():
        turn.provider.end("The words of the one that hung.")
        desk.start_worker()
        # As if it had sent no heartbeat for that long.
        AssistantRun.all_workspaces.filter(pk=turn.run.pk).update(beat_at=clock.now() - timedelta(seconds=31))
        again = desk.provider.call(turn.content)
        again.say("Half of it, ")
    first = ProcrastinateJob.objects.filter(task_name=runs.JOB, args__run_id=turn.run.pk).earliest("id")
    eventually(lambda: ProcrastinateJob.objects.get(pk=first.pk).status == "succeeded", "the end of the first job")
    assert turn.run.status == "running"
    whole = again.end()
    assert [frame.data["content"] for frame in turn.stream.rest() if frame.is_answer] == [whole]


def test_reader_finds_a_dead_worker_out_without_a_stream(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.stream.drop()
    AssistantRun.all_workspaces.filter(pk=turn.run.pk).update(attempts=2)
    desk.kill_workers()
    assert eventually(lambda: not presence.alive(), "the end of the worker's session")
    assert client.read(turn.id)["status"] == "idle"


def test_job_that_is_tried_again_steals_nothing_from_a_living_worker(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    token = turn.run.token
    app.configure_task("run_assistant").defer(workspace_id=client.scene.workspace.pk, run_id=turn.run.pk)
    second = ProcrastinateJob.objects.filter(args__run_id=turn.run.pk).latest("id")
    eventually(lambda: ProcrastinateJob.objects.get(pk=second.pk).status == "succeeded", "the end of the second job")
    assert turn.run.token == token
    whole = turn.provider.end()
    assert [frame.data["content"] for frame in turn.stream.rest() if frame.is_answer] == [whole]


def test_worker_that_is_stopped_leaves_its_run_to_another(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    number = turn.run.worker
    desk.start_worker()
    desk.workers.pop(0).terminate()
    whole = desk.provider.call(turn.content).end()
    assert turn.stream.rest()[-1].data["content"] == whole
    assert turn.run.worker not in (None, number)


def test_worker_that_loses_its_lock_ends_and_is_gone(desk: Desk) -> None:
    worker = desk.workers[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = %s"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            [presence.FAMILY],
        )
        assert cursor.fetchone() == (1,)
    assert worker.wait(DEADLINE) != 0
    assert not presence.alive()


def test_sixteen_slow_answers_hold_up_no_other_job(desk: Desk, client: Client) -> None:
    turns = [client.begin() for _ in range(16)]
    job = app.configure_task("mail_feedback").defer(subject="x", body="x", reply_to="x@example.com")
    eventually(lambda: ProcrastinateJob.objects.get(pk=job).status == "succeeded", "the mail")
    assert not any(jobs_are_done(turn.run) for turn in turns)
    assert desk.connections("worker") <= IDLE + 16 + 4
    for turn in turns:
        turn.provider.end()
    assert all(turn.stream.rest()[-1].is_answer for turn in turns)
    assert eventually(lambda: desk.connections("worker") <= IDLE, "idle threads to let their connections go")
