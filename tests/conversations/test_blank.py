"""A text in which nothing is visible counts as blank, by every door."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from accounts import clock, tenancy
from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.text import VISIBLE, is_blank
from conversations import actions
from conversations.models import Conversation, Message
from tests.conftest import Key, Member
from tests.dialects import hexclave_client
from tests.factories import ConversationFactory, UserFactory

INVISIBLE = [
    "\u200b", "\u2800", "\u3164", "\u2060", "\u00ad", "\u200e\u200f", " \u200d\ufe0f\n", "\u115f\u1160", "\uffa0", "\u180e",
    "\u202e", "\U000e0020", "\ufeff",
]  # fmt: skip


def test_what_is_blank() -> None:
    assert all(is_blank(text) for text in (*INVISIBLE, "", "\u3000\t", "\x00"))
    assert not any(is_blank(text) for text in ("a", "🙂", "👩‍👩‍👧", ".", "\u200ba", "한", "สี", "é", "\u0301a"))


def test_documents_pattern_says_the_same_of_every_character_of_16_bits() -> None:
    characters = [chr(point) for point in range(2**16) if not 0xD800 <= point < 0xE000]
    assert [char for char in characters if is_blank(char) == bool(re.search(VISIBLE, char))] == []


@pytest.mark.parametrize("text", INVISIBLE)
def test_verbs_refuse_it(acme: Workspace, ben: Member, text: str) -> None:
    at, conversation = clock.now(), ConversationFactory(workspace=acme)
    acts: list[tuple[Any, dict[str, Any]]] = [
        (actions.reply, {"body": text}), (actions.note, {"body": text}), (actions.receive, {"body": text}),
        (actions.edit_subject, {"subject": text}), (actions.set_priority, {"priority": text}),
    ]  # fmt: skip
    for verb, values in acts:
        with pytest.raises(Invalid) as refused:
            verb(conversation=conversation, by=ben.actor, at=at, **values)
        assert refused.value.code == "blank"


def test_doors_refuse_it(acme: Workspace, ben: Member, acme_key: Key) -> None:
    conversation = ConversationFactory(workspace=acme)
    ticket = actions.escalate(conversation=conversation, by=ben.actor, at=clock.now())
    before = Message.all_workspaces.count()
    client, agent, admin = Client(), ben.signed_in(), Client()
    root = UserFactory(email="root@acme.example", is_superuser=True, is_staff=True)
    admin.force_login(root, backend="allauth.account.auth_backends.AuthenticationBackend")
    number, uid = conversation.number, conversation.public_id
    sent: list[tuple[str, dict[str, Any], dict[str, str]]] = [
        (f"/api/conversations/{uid}/messages", {"body": "?"}, {"X-User-Id": "1"}),
        (f"/api/conversations/{uid}/messages/", {"body": "?"}, {"X-User-Id": "1"}),
        (f"/api/projects/@current/conversations/tickets/{ticket.public_id}/reply", {"message": "?"}, {}),
        (f"/api/projects/@current/conversations/tickets/{ticket.public_id}/notes", {"message": "?"}, {}),
        ("/api/environments/@current/conversations", {"content": "?", "conversation": str(uid)}, {}),
    ]
    for text in ("\u2800", "\u200b\u3164"):
        for path, body, headers in sent:
            filled = {name: text if value == "?" else value for name, value in body.items()}
            answer = client.post(path, filled, "application/json", headers={**acme_key.bearer, **headers})
            assert 400 <= answer.status_code < 500, (path, answer.status_code, answer.content)
        for path in ("reply", "note"):
            assert agent.post(f"/w/acme/inbox/{number}/{path}", {"body": text}).status_code in (302, 422), path
        admin.post(f"/admin/conversations/conversation/{conversation.pk}/change/", {"verb": "note", "note-body": text})
    assert Message.all_workspaces.count() == before


@pytest.mark.parametrize("text", ["\u2800", " \u200b\u3164"])
def test_hexclave_refuses_it_in_its_own_words(acme: Workspace, text: str) -> None:
    mira, team = hexclave_client.customer(acme), hexclave_client.agent(acme)
    short = "must be at least 1 characters"
    made = mira.post(hexclave_client.CUSTOMER, {"subject": text, "message": text})
    assert hexclave_client.violations(made) == [f"body.subject {short}", f"body.message {short}"]
    uid = mira.post(hexclave_client.CUSTOMER, {"subject": "x", "message": "❤️"}).json()["conversation_id"]
    for api, path, body in (
        (mira, hexclave_client.CUSTOMER, {"message": text}),
        (team, hexclave_client.AGENT, {"type": "reply", "body": text, "projectId": str(acme.public_id)}),
        (team, hexclave_client.AGENT, {"type": "internal-note", "body": text, "projectId": str(acme.public_id)}),
    ):
        assert api.patch(f"{path}/{uid}", body).status_code == 400
    assert Message.all_workspaces.count() == 1


def test_start_with_an_invisible_subject_is_refused(acme: Workspace) -> None:
    with pytest.raises(Invalid):
        ConversationFactory(workspace=acme, subject="\u2800")
    with tenancy.scope(acme):
        assert not Conversation.objects.exists()
