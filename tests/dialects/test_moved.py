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
