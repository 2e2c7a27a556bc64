"""Watching a run over HTTP: many at once, leaving, coming back, and a web process that dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from accounts import clock, tenancy
from conversations.assistant import runs
from conversations.models import AssistantFrame, AssistantRun
from tests.assistant.dictated import question
from tests.assistant.running_desk import Client, Desk, Stream, run_of
from tests.runtime.machine import eventually

pytestmark = pytest.mark.django_db

RUNS, TABS = 50, 4
WEB_THREADS = 4


def frame_ids(conversation: str) -> list[str]:
    """The ids of all frames of the conversation's run."""
    frames = AssistantFrame.all_workspaces.filter(run=run_of(conversation)).order_by("pk")
    return [str(number) for number in frames.values_list("pk", flat=True)]


def test_200_streams_get_every_frame_and_hold_no_connection(desk: Desk, client: Client) -> None:
    questions = [question() for _ in range(RUNS)]
    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(client.ask, questions))
        heads = [stream.until(lambda frame: frame.event == "conversation").data["id"] for stream in first]
        others = list(pool.map(client.attach, heads * (TABS - 1)))
    streams = list(zip(heads * TABS, [*first, *others], strict=True))
    for _, stream in streams:
        stream.until(lambda frame: frame.event == "message")
    assert (len(streams), any(stream.is_over for _, stream in streams)) == (200, False)
    # The request threads and the one that listens.
    assert desk.connections("web") <= WEB_THREADS + 1
    for content in questions:
        desk.provider.call(content).end("Here it is.")
    for head, stream in streams:
        frames = stream.rest()
        assert (frames[-1].is_answer, frames[-1].data["content"]) == (True, "Here it is.")
        assert [frame.id for frame in frames] == frame_ids(head)
        assert not stream.is_broken
    assert desk.connections("web") <= WEB_THREADS + 1
    assert not AssistantRun.all_workspaces.filter(workspace=client.scene.workspace, status="running").exists()


def test_run_whose_watcher_leaves_is_answered_all_the_same(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    turn.stream.drop()
    whole = turn.provider.end()
    eventually(lambda: client.read(turn.id)["status"] == "idle", "the end of the run")
    assert [message["content"] for message in client.read(turn.id)["messages"]] == [turn.content, whole]


def test_second_tab_sees_all_from_the_beginning_and_both_to_the_end(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    second = client.attach(turn.id)
    second.until(lambda frame: frame.is_partial)
    turn.provider.end()
    assert second.rest() == turn.stream.rest()
    assert [frame.id for frame in second.frames] == frame_ids(turn.id)


def test_late_reader_is_shown_the_finished_turn_for_a_minute(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.provider.end()
    frames = turn.stream.rest()
    assert client.attach(turn.id).rest() == frames
    AssistantRun.all_workspaces.filter(pk=turn.run.pk).update(ended_at=clock.now() - timedelta(seconds=61))
    late = Stream(desk.base, client.key, {"content": None, "conversation": turn.id})
    assert late.status == 400


def test_status_is_idle_when_the_stream_ends(desk: Desk) -> None:
    client = Client(desk, "builtin")
    for _ in range(10):
        stream = client.ask(question())
        head = stream.rest()[0].data["id"]
        assert client.read(head)["status"] == "idle"


def test_web_process_that_is_killed_costs_its_watchers_nothing(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    desk.kill_web()
    seen = turn.stream.rest()
    assert turn.stream.is_broken
    turn.provider.say("Nobody watches now. ")
    desk.start_web()
    again = client.attach(turn.id, **{"Last-Event-ID": seen[-1].id})
    whole = turn.provider.end()
    rest = again.rest()
    assert [frame.id for frame in [*seen, *rest]] == frame_ids(turn.id)
    assert [frame.data["content"] for frame in rest if frame.is_answer] == [whole]
    assert client.read(turn.id)["status"] == "idle"


def test_stream_outlives_its_process_s_database_connections(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND application_name = 'web'",
            [desk.database],
        )
    whole = turn.provider.end()
    frames = turn.stream.rest()
    assert ([frame.id for frame in frames], frames[-1].data["content"]) == (frame_ids(turn.id), whole)


def test_frame_of_which_nobody_was_notified_is_shown_in_the_end(desk: Desk, client: Client) -> None:
    turn = client.begin()
    run = turn.run
    with tenancy.scope(client.scene.workspace):
        last = runs.frames_after(run, 0).order_by("-sequence")[0]
        AssistantFrame.objects.create(run=run, sequence=last.sequence + 50, kind="text", body={"text": "quiet"})
    turn.stream.until(lambda frame: frame.data.get("content") == "quiet")
    turn.provider.end()
    assert turn.stream.rest()[-1].is_answer
