"""A reply that has not left is known to agents alone: no format's list or detail, no count, no search shows it or moves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts.models import Workspace
from conversations import actions
from conversations.actions.entries import Door
from conversations.channels import outbox
from conversations.models import Channel, Contact, Conversation, DeliveryState, SearchDocument, Status, Tally
from tests.conftest import Key, Member
from tests.dialects.hexclave_client import AGENT, CUSTOMER, agent, customer
from tests.factories import ContactFactory, ConversationFactory, receive
from tests.outbox import leave, message_of, now, scheduled
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("in_acme")

WORD = "zeppelin"


class Formats:
    """Every way in which a program reads a conversation by mail that has a ticket."""

    def __init__(self, workspace: Workspace, key: Key, conversation: Conversation, ticket: Ticket) -> None:
        self.workspace, self.key = workspace, key
        one, two = conversation.public_id, ticket.public_id
        tickets, assistant = "/api/projects/@current/conversations/tickets", "/api/environments/@current/conversations"
        bearer, header = key.bearer, {"X-API-Key": key.secret}
        self.calls: list[tuple[str, dict[str, str]]] = [
            *((f"/api/v1/conversations{rest}", bearer) for rest in ("", f"/{one}", f"/{one}/messages", f"?q={WORD}")),
            *((f"/api/v1/conversations/{rest}", header) for rest in ("", f"{one}/", f"{one}/messages/", f"?q={WORD}")),
            *((f"{tickets}{rest}/", bearer) for rest in ("", f"/{two}", f"/{two}/messages", "/unread_count")),
            (f"{tickets}/?search={WORD}", bearer),
            (f"{assistant}/", bearer),
        ]
        self.conversation = conversation

    def shown(self) -> list[str]:
        """All that they read, in order. Who reads a ticket has read it: that moves its counts, the first time."""
        self._read()
        return self._read()

    def _read(self) -> list[str]:
        answers = [Client().get(path, headers=headers) for path, headers in self.calls]
        desk, mira = agent(self.workspace), customer(self.workspace)
        one = self.conversation.public_id
        project = f"projectId={self.workspace.public_id}"
        answers += [desk.get(f"{AGENT}?{project}"), desk.get(f"{AGENT}/{one}?{project}")]
        answers += [mira.get(CUSTOMER), mira.get(f"{CUSTOMER}/{one}")]
        for answer in answers:
            assert answer.status_code == 200, (answer.request["PATH_INFO"], answer.content)
        return [f"{answer.request['PATH_INFO']} {answer.content.decode()}" for answer in answers]


@pytest.fixture
def mira(acme: Workspace) -> Contact:
    return ContactFactory(workspace=acme, external_id="mira", email="mira@sample.test", name="Mira Okafor")


@pytest.fixture
def mailed(acme: Workspace, mira: Contact) -> Conversation:
    door = Door(Channel.EMAIL, "email")
    made = ConversationFactory(workspace=acme, contact=mira, body="Where is it?", door=door)
    return receive(made, "And now?").conversation


@pytest.fixture
def ticket(mailed: Conversation, ben: Member) -> Ticket:
    return actions.escalate(conversation=mailed, by=ben.actor, at=clock.now())


@pytest.fixture
def formats(acme: Workspace, acme_key: Key, mailed: Conversation, ticket: Ticket) -> Formats:
    return Formats(acme, acme_key, mailed, ticket)


def figures() -> list[Any]:
    """What is counted, timed and searched."""
    kinds = (Conversation, Ticket, Tally, SearchDocument)
    return [list(kind._default_manager.order_by("pk").values()) for kind in kinds]


def test_scheduled_reply_moves_nothing_until_it_leaves(
    formats: Formats, mailed: Conversation, ticket: Ticket, ben: Member
) -> None:
    shown, counted = formats.shown(), figures()
    body = f"The {WORD} is on its way."
    delivery = scheduled(mailed, ben, body, then=Status.RESOLVED)
    assert formats.shown() == shown
    assert figures() == counted
    actions.reschedule(delivery=delivery, send_after=clock.now() + timedelta(days=1), by=ben.actor, at=clock.now())
    actions.cancel(delivery=delivery, by=ben.actor, at=clock.now())
    assert formats.shown() == shown
    held = scheduled(mailed, ben, body, then=Status.RESOLVED)
    receive(mailed, "Still nothing.")
    shown, counted = formats.shown(), figures()
    leave()
    assert now(held).is_held
    assert formats.shown() == shown
    assert figures() == counted
    # Then all of it moves at once, and as the message that it is.
    sent = scheduled(mailed, ben, body, then=Status.RESOLVED)
    leave()
    moved = [before != after for before, after in zip(shown, formats.shown(), strict=True)]
    assert sum(moved) > len(moved) - 3, "but for what is the assistant's"
    assert sum(body in answer for answer in formats.shown()) >= 6
    assert now(mailed).status == Status.RESOLVED
    assert now(ticket).unread_team_count == 0
    assert str(message_of(sent).public_id) == str(sent.public_id)


def test_delivery_status_of_woes_follows_a_reply_by_mail(acme_key: Key, mailed: Conversation, ben: Member) -> None:
    path = f"/api/v1/conversations/{mailed.public_id}/messages"
    body = {"body": "On its way.", "role": "assistant"}
    answer = Client().post(path, body, "application/json", headers=acme_key.bearer)
    assert answer.json()["message"]["deliveryStatus"] == "sending"

    def shown() -> str:
        return str(Client().get(path, headers=acme_key.bearer).json()["messages"][-1]["deliveryStatus"])

    assert shown() == "sending"
    outbox.deliver_due()
    assert shown() == "delivered"
    delivery = mailed.deliveries.get()
    assert delivery.state == DeliveryState.SENT
    actions.mark_failed(delivery=delivery, code="bounced", reason="No.", by=ben.actor, at=clock.now())
    assert shown() == "failed"
    actions.retry(delivery=delivery, by=ben.actor, at=clock.now())
    assert shown() == "sending"


def test_reply_of_a_program_where_nothing_is_taken_is_delivered_at_once(
    acme: Workspace, acme_key: Key, mira: Contact
) -> None:
    made = ConversationFactory(workspace=acme, contact=mira)
    path = f"/api/v1/conversations/{made.public_id}/messages"
    body = {"body": "On its way.", "role": "assistant"}
    answer = Client().post(path, body, "application/json", headers=acme_key.bearer)
    assert answer.json()["message"]["deliveryStatus"] == "delivered"
    assert not made.deliveries.exists()
