"""Several requests at once, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Contact, Conversation, Message, Tally
from tests.conftest import Key
from tests.factories import ConversationFactory

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(call: Callable[[int], Any], times: int = 8) -> list[Any]:
    def one(n: int) -> Any:
        try:
            return call(n)
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_concurrent_starts_draw_every_number_once(acme: Workspace) -> None:
    at_once(lambda n: ConversationFactory(workspace=acme, subject=f"Case {n}"))
    numbers = sorted(Conversation.all_workspaces.values_list("number", flat=True))
    assert numbers == list(range(1, 9))
    assert Tally.all_workspaces.get().open == 8


def test_concurrent_repeats_make_one_row(acme_key: Key) -> None:
    body = {"subject": "Once", "customer": {"id": "c1"}}

    def post(n: int) -> Any:
        headers = {**acme_key.bearer, "Idempotency-Key": "the same"}
        return Client().post("/api/v1/conversations", body, content_type="application/json", headers=headers)

    answers = at_once(post)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Conversation.all_workspaces.count() == 1


def test_concurrent_requests_with_one_external_id_make_one_row_and_conflicts(acme_key: Key) -> None:
    def post(n: int) -> int:
        body = {"subject": f"Try {n}", "externalId": "ext", "customer": {"id": f"c{n}"}}
        return (
            Client()
            .post("/api/v1/conversations", body, content_type="application/json", headers=acme_key.bearer)
            .status_code
        )

    assert sorted(at_once(post, 5)) == [201, 409, 409, 409, 409]


def test_concurrent_requests_for_one_new_customer_make_one_contact(acme: Workspace) -> None:
    def identify(n: int) -> int:
        by = Actor.system(acme.pk)
        return actions.identify(workspace=acme, external_id="same", name=f"N{n}", by=by, at=clock.now()).pk

    assert len(set(at_once(identify))) == 1
    assert Contact.all_workspaces.count() == 1


def test_concurrent_messages_are_all_kept_and_counted(acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme, body=None)

    def write(n: int) -> None:
        by = Actor.system(acme.pk)
        verb = actions.reply if n % 2 else actions.receive
        with tenancy.scope(acme):
            verb(conversation=conversation, body=f"Message {n}", by=by, at=clock.now())

    at_once(write)
    row = Conversation.all_workspaces.get()
    assert row.message_count == Message.all_workspaces.count() == 8
    assert row.last_message_id == Message.all_workspaces.latest("pk").pk
