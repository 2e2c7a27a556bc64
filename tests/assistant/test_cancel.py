"""Stopping the assistant, whatever it is doing: the answer is 200 and idle, and nothing is written after it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conversations.models import AssistantFrame, AssistantQueueItem
from tests.assistant.dictated import question
from tests.assistant.running_desk import Client, Desk, jobs_are_done, run_of
from tests.runtime.machine import eventually

pytestmark = pytest.mark.django_db


def written(client: Client, conversation: str) -> tuple[Any, int, int]:
    """All that a run can leave behind."""
    frames = AssistantFrame.all_workspaces.filter(run__thread__conversation__public_id=conversation)
    waiting = AssistantQueueItem.all_workspaces.filter(thread__conversation__public_id=conversation)
    return client.read(conversation), frames.count(), waiting.count()


def stays_stopped(client: Client, conversation: str) -> None:
    """Whatever the worker still has in hand changes nothing."""
    before = written(client, conversation)
    assert (before[0]["status"], before[2]) == ("idle", 0)
    run = run_of(conversation)
    assert run.status == "canceled"
    eventually(lambda: jobs_are_done(run), "the end of the job")
    assert written(client, conversation) == before


def test_before_a_worker_takes_it_on(desk: Desk, client: Client) -> None:
    with desk.halted():
        stream = client.ask(question())
        head = stream.until(lambda frame: frame.event == "conversation").data["id"]
        client.enqueue(head, question())
        assert client.cancel(head) == (200, "idle")
        assert [frame.event for frame in stream.rest()] == ["conversation", "message"]
    stays_stopped(client, head)


def test_before_the_first_piece(desk: Desk, client: Client) -> None:
    turn = client.begin()
    assert client.cancel(turn.id) == (200, "idle")
    assert not any(frame.data.get("type") == "ai" for frame in turn.stream.rest())
    turn.provider.end()
    stays_stopped(client, turn.id)


def test_in_mid_answer_with_a_queue(desk: Desk, client: Client) -> None:
    turn = client.begin()
    client.enqueue(turn.id, question())
    turn.go_on()
    assert client.cancel(turn.id) == (200, "idle")
    assert not any(frame.is_answer for frame in turn.stream.rest())
    turn.provider.end()
    stays_stopped(client, turn.id)


def test_between_an_answer_and_that_to_the_next_in_the_queue(desk: Desk, client: Client) -> None:
    turn, following = client.begin(), question()
    client.enqueue(turn.id, following)
    turn.provider.end()
    turn.stream.until(lambda frame: frame.is_answer)
    assert client.cancel(turn.id) == (200, "idle")
    turn.stream.rest()
    desk.provider.answers_itself(following)
    stays_stopped(client, turn.id)
    assert [message["type"] for message in client.read(turn.id)["messages"]] == ["human", "ai", "human"]


def test_after_the_end(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.provider.end()
    turn.stream.rest()
    before = written(client, turn.id)
    assert client.cancel(turn.id) == (200, "idle")
    assert written(client, turn.id) == before


def test_twice_at_once(desk: Desk, client: Client) -> None:
    turn = client.begin()
    turn.go_on()
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(client.cancel, [turn.id] * 2)) == [(200, "idle")] * 2
    turn.provider.end()
    stays_stopped(client, turn.id)


def test_while_the_next_is_begun(desk: Desk) -> None:
    client = Client(desk, "builtin")
    stream = client.ask(question())
    head = stream.rest()[0].data["id"]
    for round_ in range(2, 10):
        with ThreadPoolExecutor(2) as pool:
            begun = pool.submit(client.ask, question(), conversation=head)
            stopped = pool.submit(client.cancel, head)
        assert (stopped.result()[0], begun.result().status) == (200, 201)
        begun.result().rest()
        run = run_of(head)
        eventually(lambda run=run: jobs_are_done(run), "the end of the job")  # type: ignore[misc]
        run.refresh_from_db()
        now = client.read(head)
        kinds = [message["type"] for message in now["messages"]]
        assert (now["status"], kinds.count("human")) == ("idle", round_)
        assert kinds[-1] == ("ai" if run.status == "done" else "human")


def test_conversation_that_was_stopped_can_be_continued(desk: Desk, client: Client) -> None:
    turn = client.begin()
    client.cancel(turn.id)
    turn.provider.end()
    content = question()
    desk.provider.answers_itself(content)
    assert client.ask(content, conversation=turn.id).rest()[-1].is_answer
