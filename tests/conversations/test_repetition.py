"""What PostgreSQL gives up in favour of another transaction is done again, once, whatever door it came by."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client

from accounts import actions as account_actions
from accounts import clock, journal, transaction
from accounts.models import Dispatch, Event, IdempotentRequest, Team, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Attachment, Contact, Conversation, Delivery, Message
from tests.concurrency import given_up
from tests.conftest import Key, Member
from tests.factories import ConversationFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transaction._repeated, "sleep", lambda seconds: None)


@pytest.mark.parametrize("state", ["40P01", "40001", "55P03"])
def test_verb_that_began_the_transaction_is_repeated_as_a_whole(acme: Workspace, state: str) -> None:
    with given_up("conversations_message", times=4, state=state):
        conversation = ConversationFactory(workspace=acme, body="Hello")
    assert (conversation.number, conversation.message_count) == (1, 1)
    assert Message.all_workspaces.count() == Conversation.all_workspaces.count() == 1
    assert Event.objects.filter(type="conversation.started").count() == 1


def test_verb_that_is_given_up_again_and_again_fails_and_leaves_nothing(acme: Workspace) -> None:
    with given_up("conversations_message", times=100), pytest.raises(OperationalError):
        ConversationFactory(workspace=acme, body="Hello")
    assert not Conversation.all_workspaces.exists()


def test_failure_of_another_kind_is_not_repeated(acme: Workspace) -> None:
    with given_up("conversations_message", times=1, state="57014"), pytest.raises(OperationalError):
        ConversationFactory(workspace=acme, body="Hello")


PATHS = {
    "woes": ("/api/v1/conversations", {"subject": "Help", "customer": {"id": "c1", "name": "Ada"}}, {}, 201),
    "bancroft": (
        "/api/v1/conversations/create/",
        {"subject": "Help", "description": "It broke.", "user_email": "ada@example.com"},
        {},
        201,
    ),
    "posthog": (
        "/api/projects/@current/conversations/tickets",
        {"anonymous_traits": {"email": "ada@example.com"}},
        {},
        201,
    ),
}


@pytest.mark.parametrize("dialect", PATHS)
def test_request_of_a_wire_format_is_repeated_with_its_body_and_its_idempotency_key(
    acme_key: Key, dialect: str
) -> None:
    path, body, more, status = PATHS[dialect]

    def post() -> Any:
        headers = {**acme_key.bearer, "Idempotency-Key": "once", **more}
        return Client().post(path, body, content_type="application/json", headers=headers)

    with given_up("conversations_conversation", times=3):
        answer = post()
    assert answer.status_code == status, answer.content
    assert Conversation.all_workspaces.count() == Contact.all_workspaces.count() == 1
    assert Event.objects.filter(type="conversation.started").count() == 1
    again = post()
    assert again.content == answer.content
    assert again["Idempotent-Replayed"] == "true"
    assert IdempotentRequest.all_workspaces.count() == 1


def test_inbox_sends_a_reply_with_its_file_once(ben: Member, acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme)
    big = SimpleUploadedFile("log.txt", b"a line of a log\n" * 200_000)  # spooled to the disk by Django
    with given_up("conversations_attachment", times=2):
        answer = ben.signed_in().post(f"/w/acme/inbox/{conversation.number}/reply", {"body": "Here.", "uploads": [big]})
    assert answer.status_code == 302
    attachment = Attachment.all_workspaces.get()
    assert attachment.file.read() == b"a line of a log\n" * 200_000
    assert Message.all_workspaces.filter(body="Here.").count() == 1


def test_admin_saves_a_form_once(ada: Member, acme: Workspace) -> None:
    with given_up("accounts_team", times=2):
        answer = ada.signed_in().post("/admin/accounts/team/add/", {"workspace": acme.pk, "name": "Night"})
    assert answer.status_code == 302, answer.content
    assert Team.all_workspaces.get().name == "Night"


def test_reaction_runs_once_although_its_transaction_was_given_up(acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme, channel="email")
    by = Actor.system(acme.pk)
    actions.reply(conversation=conversation, body="On its way.", by=by, at=clock.now())
    Delivery.all_workspaces.all().delete()  # as an earlier version leaves it
    with given_up("conversations_delivery", times=2):
        journal.drain()
    # The failure stays with its event, whose reaction runs again later; the others are done with.
    assert list(Dispatch.objects.values_list("event__type", flat=True)) == ["reply.sent"]
    Dispatch.objects.update(due_at=clock.now())
    while journal.drain():
        pass
    assert not Dispatch.objects.exists()
    assert Delivery.all_workspaces.count() == 1


def test_effects_after_the_commit_happen_once(acme: Workspace) -> None:
    ran: list[int] = []

    @transaction.atomic
    def work() -> None:
        from django.db import transaction as django

        django.on_commit(lambda: ran.append(1))
        by = Actor.system(acme.pk)
        account_actions.save_team(workspace=acme, name="Night", by=by, at=clock.now())

    with given_up("accounts_team", times=2):
        work()
    assert ran == [1]
