"""The queue while the run that drains it comes to its end: nothing is lost, and nothing is answered twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.assistant.dictated import question
from tests.assistant.running_desk import Client, Desk, Turn
from tests.runtime.machine import eventually

pytestmark = pytest.mark.django_db

ROUNDS = 4


def asked_and_waiting(client: Client, turn: Turn) -> tuple[list[str], list[str]]:
    """The questions of an idle thread, each with its answer, and the texts in its queue."""
    now = eventually(lambda: (read := client.read(turn.id))["status"] == "idle" and read, "the end of the run")
    messages = now["messages"]
    assert [message["type"] for message in messages] == ["human", "ai"] * (len(messages) // 2)
    return [message["content"] for message in messages[::2]], client.queue(turn.id)


def with_one_waiting(desk: Desk, client: Client) -> tuple[Turn, str, str]:
    turn, following = client.begin(), question()
    desk.provider.answers_itself(following)
    status, queue = client.enqueue(turn.id, following)
    assert status == 200
    return turn, following, f"/{turn.id}/queue/{queue['messages'][0]['id']}"


def test_message_queued_while_the_run_ends_is_answered_or_waits(desk: Desk, client: Client) -> None:
    for _ in range(ROUNDS):
        turn, following = client.begin(), question()
        desk.provider.answers_itself(following)
        with ThreadPoolExecutor(2) as pool:
            ended = pool.submit(turn.provider.end)
            queued = pool.submit(client.enqueue, turn.id, following)
        ended.result()
        assert queued.result()[0] == 200
        turn.stream.rest()
        asked, waiting = asked_and_waiting(client, turn)
        assert [*asked, *waiting] == [turn.content, following]


def test_of_ten_messages_at_once_two_are_let_in(desk: Desk, client: Client) -> None:
    turn, contents = client.begin(), [question() for _ in range(10)]
    for content in contents:
        desk.provider.answers_itself(content)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda content: client.enqueue(turn.id, content), contents))
    assert sorted(status for status, _ in answers) == [200] * 2 + [409] * 8
    let_in = client.queue(turn.id)
    turn.provider.end()
    turn.stream.rest()
    assert asked_and_waiting(client, turn) == ([turn.content, *let_in], [])


def test_message_changed_while_it_is_drained_says_one_or_the_other(desk: Desk, client: Client) -> None:
    for _ in range(ROUNDS):
        turn, following, path = with_one_waiting(desk, client)
        changed = question()
        desk.provider.answers_itself(changed)
        with ThreadPoolExecutor(2) as pool:
            pool.submit(turn.provider.end)
            edited = pool.submit(client.call, "PATCH", path, {"content": changed})
        status = edited.result()[0]
        turn.stream.rest()
        asked, waiting = asked_and_waiting(client, turn)
        assert (asked[1], waiting) == ({200: changed, 404: following}[status], [])


def test_message_taken_back_while_it_is_drained_is_answered_or_gone(desk: Desk, client: Client) -> None:
    for _ in range(ROUNDS):
        turn, following, path = with_one_waiting(desk, client)
        with ThreadPoolExecutor(2) as pool:
            pool.submit(turn.provider.end)
            removed = pool.submit(client.call, "DELETE", path)
        status = removed.result()[0]
        turn.stream.rest()
        asked, waiting = asked_and_waiting(client, turn)
        assert (asked[1:], waiting) == ({204: [], 404: [following]}[status], [])


def test_queue_cleared_while_it_is_drained_is_empty_and_loses_nothing_that_was_begun(
    desk: Desk, client: Client
) -> None:
    for _ in range(ROUNDS):
        turn, following, _ = with_one_waiting(desk, client)
        with ThreadPoolExecutor(2) as pool:
            pool.submit(turn.provider.end)
            cleared = pool.submit(client.call, "POST", f"/{turn.id}/queue/clear", {})
        assert cleared.result() == (200, {"messages": [], "max_queue_messages": 2})
        turn.stream.rest()
        asked, waiting = asked_and_waiting(client, turn)
        assert asked[1:] in ([], [following])
        assert waiting == []
