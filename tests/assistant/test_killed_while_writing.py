"""The web process is killed in the middle of writing: what it acknowledged is kept, and nothing is done half or twice."""

from __future__ import annotations

import itertools
import json
import threading
import urllib.request
from collections import Counter
from http.client import HTTPException

import pytest

from accounts.models import Event
from conversations.models import Conversation, Message, Tally
from tests.assistant.running_desk import Client, Desk
from tests.runtime.machine import DEADLINE, eventually
from tickets.models import Ticket, TicketNumbers

pytestmark = pytest.mark.django_db

WRITERS = 4
BEFORE = 12  # acknowledged writes before the process is killed


def test_killed_web_process_loses_nothing_that_it_acknowledged_and_leaves_nothing_half_done(
    desk: Desk, client: Client
) -> None:
    acknowledged: dict[int, str] = {}
    broken: list[int] = []
    numbers = itertools.count(1)

    def write(number: int) -> None:
        request = urllib.request.Request(
            f"{desk.base}/api/projects/@current/conversations/tickets",
            json.dumps({"title": f"Case {number}", "message": "It broke.", "anonymous_traits": {"name": "A"}}).encode(),
            {
                "Authorization": f"Bearer {client.key}",
                "Content-Type": "application/json",
                "Idempotency-Key": f"case {number}",
            },
        )
        with urllib.request.urlopen(request, timeout=DEADLINE) as answer:
            acknowledged[number] = json.load(answer)["id"]

    def go_on() -> None:
        for number in numbers:
            try:
                write(number)
            except (OSError, HTTPException, ValueError):  # the connection, or the answer in its middle
                broken.append(number)
                return

    writers = [threading.Thread(target=go_on) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    eventually(lambda: len(acknowledged) >= BEFORE, "some answers")
    desk.kill_web()
    for writer in writers:
        writer.join()
    assert len(broken) == WRITERS
    desk.start_web()
    for number in broken:  # as a client does that has heard nothing
        write(number)
    workspace = client.scene.workspace
    tickets = Ticket.all_workspaces.filter(workspace=workspace)
    assert {str(ticket.public_id) for ticket in tickets} == {*acknowledged.values()}
    assert sorted(ticket.number for ticket in tickets) == list(range(1, len(acknowledged) + 1))
    talks = Conversation.all_workspaces.filter(workspace=workspace)
    written = Message.all_workspaces.filter(workspace=workspace, kind="message").values_list("conversation", flat=True)
    assert Counter(written) == dict.fromkeys((talk.pk for talk in talks), 1)
    assert {talk.ticket_id for talk in talks} == {ticket.pk for ticket in tickets}
    assert Tally.all_workspaces.get(workspace=workspace).total == len(talks) == len(tickets)
    assert TicketNumbers.all_workspaces.get(workspace=workspace).standing() == len(tickets)
    opened = Event.objects.filter(workspace=workspace, type="ticket.opened").values_list("subject_id", flat=True)
    assert Counter(opened) == dict.fromkeys((ticket.pk for ticket in tickets), 1)
