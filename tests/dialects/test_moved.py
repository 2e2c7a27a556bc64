"""Wire formats and what was moved, joined or marked as spam: every id is answered, and nothing is written where nobody reads it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.models import Conversation, Handler, Status
from tests.conftest import Key, Member
from tests.dialects import hexclave_client as hexclave
from tests.dialects.posthog_client import Posthog
from tests.factories import ContactFactory, ConversationFactory, receive

pytestmark = pytest.mark.django_db

WOES, BANCROFT = "/api/v1/conversations", "/api/v1/conversations"


@pytest.fixture
def joined(in_acme: Workspace, ben: Member) -> tuple[Conversation, Conversation]:
    """A conversation that was joined into another one."""
    contact = ContactFactory(workspace=in_acme, email="eve@example.com", external_id="eve")
    loser = ConversationFactory(workspace=in_acme, contact=contact, body="One.")
    winner = ConversationFactory(workspace=in_acme, contact=contact, body="Two.")
    actions.join(conversation=loser, into=winner, by=ben.actor, at=clock.now())
    loser.refresh_from_db()
    winner.refresh_from_db()
    return loser, winner


def ask(key: Key, method: str, path: str, body: Any = None) -> Any:
    client = Client(headers={"Authorization": f"Bearer {key.secret}"})
    if method == "get":
        return client.get(path)
    return getattr(client, method)(path, body, content_type="application/json")


def test_woes_answers_for_a_joined_conversation_and_writes_into_the_other(
    joined: tuple[Conversation, Conversation], acme_key: Key
) -> None:
    loser, winner = joined
    found = ask(acme_key, "get", f"{WOES}/{loser.public_id}")
    assert found.status_code == 200
    assert found.json()["conversation"]["id"] == str(loser.public_id)
    assert ask(acme_key, "get", f"{WOES}/{loser.public_id}/messages").json()["messages"] == []
    sent = ask(acme_key, "post", f"{WOES}/{loser.public_id}/messages", {"body": "Three.", "role": "user"})
    assert sent.status_code == 201
    there = ask(acme_key, "get", f"{WOES}/{winner.public_id}/messages").json()["messages"]
    assert [message["body"] for message in there] == ["One.", "Two.", "Three."]
    refused = ask(acme_key, "patch", f"{WOES}/{loser.public_id}", {"status": "open"})
    assert refused.status_code == 409
    loser.refresh_from_db()
    assert loser.status == Status.CLOSED


def test_bancroft_answers_for_a_joined_conversation_and_writes_into_the_other(
    joined: tuple[Conversation, Conversation], acme_key: Key
) -> None:
    loser, winner = joined
    assert ask(acme_key, "get", f"{BANCROFT}/{loser.public_id}/").status_code == 200
    assert ask(acme_key, "get", f"{BANCROFT}/{loser.public_id}/messages/").status_code == 200
    for sender in ("eve@example.com", "agent@acme.example"):
        body = {"body": f"By {sender}.", "user_email": sender}
        assert ask(acme_key, "post", f"{BANCROFT}/{loser.public_id}/messages/create/", body).status_code == 201
    winner.refresh_from_db()
    assert (winner.message_count, winner.preview) == (4, "By agent@acme.example.")
    # It is closed, which is all that resolving asks for.
    assert ask(acme_key, "post", f"{BANCROFT}/{loser.public_id}/resolve/", {}).status_code == 200


def test_messages_that_were_moved_are_listed_in_the_order_in_which_they_were_written(
    in_acme: Workspace, ben: Member, acme_key: Key
) -> None:
    contact = ContactFactory(workspace=in_acme)
    home = ConversationFactory(workspace=in_acme, contact=contact, body="One.")
    other = ConversationFactory(workspace=in_acme, contact=contact, body="Elsewhere.")
    moved = receive(other, "Two.")
    receive(home, "Three.")
    actions.move_message(message=moved, to=home, by=ben.actor, at=clock.now())
    found = ask(acme_key, "get", f"{WOES}/{home.public_id}/messages").json()["messages"]
    assert [message["body"] for message in found] == ["One.", "Two.", "Three."]


def test_spam_is_in_no_list_and_a_reply_with_a_server_key_brings_it_back(
    in_acme: Workspace, ben: Member, acme_key: Key
) -> None:
    row = ConversationFactory(workspace=in_acme, body="Buy now.")
    actions.mark_spam(conversation=row, by=ben.actor, at=clock.now())
    assert ask(acme_key, "get", WOES).json()["conversations"] == []
    assert ask(acme_key, "get", f"{BANCROFT}/").json()["count"] == 0
    written = ask(acme_key, "post", f"{WOES}/{row.public_id}/messages", {"body": "Buy more.", "role": "user"})
    assert written.status_code == 201
    row.refresh_from_db()
    assert (row.handler, row.unread_count) == (Handler.NOBODY, 0)
    answer = ask(acme_key, "post", f"{WOES}/{row.public_id}/messages", {"body": "No.", "role": "assistant"})
    assert answer.status_code == 201
    row.refresh_from_db()
    assert row.handler == Handler.PEOPLE
    assert len(ask(acme_key, "get", WOES).json()["conversations"]) == 1


def test_hexclave_answers_customers_and_agents_for_a_joined_conversation(in_acme: Workspace, ben: Member) -> None:
    customer, agent = hexclave.customer(in_acme), hexclave.agent(in_acme)
    loser, winner = (
        customer.post(hexclave.CUSTOMER, {"subject": f"Number {n}", "message": f"{n}."}).json()["conversation_id"]
        for n in (1, 2)
    )
    rows = {str(row.public_id): row for row in Conversation.objects.all()}
    actions.join(conversation=rows[loser], into=rows[winner], by=ben.actor, at=clock.now())
    listed = customer.get(hexclave.CUSTOMER).json()["conversations"]
    assert {row["conversation_id"] for row in listed} == {loser, winner}
    read = customer.get(f"{hexclave.CUSTOMER}/{loser}").json()
    assert read["conversation"]["conversation_id"] == winner
    answered = customer.patch(f"{hexclave.CUSTOMER}/{loser}", {"message": "3."}).json()
    assert answered["conversation"]["conversation_id"] == winner
    assert [message["body"] for message in answered["messages"]] == ["1.", "2.", "3."]
    path, project = f"{hexclave.AGENT}/{loser}", str(in_acme.public_id)
    answered = agent.patch(path, {"projectId": project, "type": "reply", "body": "4."}).json()
    assert answered["conversation"]["conversationId"] == winner
    assert answered["messages"][-1]["body"] == "4."
    assert agent.get(f"{path}?projectId={project}").status_code == 200
    assert agent.patch(path, {"projectId": project, "type": "status", "status": "open"}).status_code == 409


def test_posthog_answers_in_the_ticket_that_went_along(in_acme: Workspace, ben: Member, acme_key: Key) -> None:
    api = Posthog(acme_key.secret)
    made = api.create(title="Broken", message="One.")
    row = Conversation.objects.get()
    other = ConversationFactory(workspace=in_acme, body="Two.")
    actions.join(conversation=row, into=other, by=ben.actor, at=clock.now())
    answer = api.post(f"tickets/{made['id']}/reply", {"message": "Three."})
    assert answer.status_code == 201, answer.content
    messages = api.get(f"tickets/{made['id']}/messages").json()["results"]
    assert [message["content"] for message in messages] == ["One.", "Two.", "Three."]
    assert api.get(f"tickets/{made['id']}").json()["message_count"] == 3
