"""Several requests at once, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts import actions as account_actions
from accounts import clock, tenancy
from accounts.errors import Conflict, NotFound
from accounts.models import Membership, Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.knowledge import actions as knowledge_actions
from conversations.models import Contact, Conversation, Message, SavedView, SavedViewFavorite, Tally
from tests.concurrency import at_once
from tests.conftest import Key, Member
from tests.factories import ConversationFactory, UserFactory
from tickets.models import Tag, Ticket

pytestmark = pytest.mark.django_db(transaction=True)


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


ONE_PERSON = {
    "woes": lambda n: (
        "/api/v1/conversations",
        {"subject": f"S{n}", "customer": {"id": "c1", "email": "New@Example.com"}},
    ),
    "bancroft": lambda n: (
        "/api/v1/conversations/create/",
        {"subject": f"S{n}", "description": "It broke.", "user_email": "new@example.com"},
    ),
    "posthog tickets": lambda n: (
        "/api/projects/@current/conversations/tickets",
        {"anonymous_traits": {"email": "new@example.com", "name": f"N{n}"}},
    ),
    "posthog compose": lambda n: (
        "/api/projects/@current/conversations/tickets/compose",
        {"recipient_email": "new@example.com", "message": "Hello"},
    ),
    "posthog assistant": lambda n: (
        "/api/environments/@current/conversations",
        {"content": "Hello", "anonymous_traits": {"email": "new@example.com"}},
    ),
}


@pytest.mark.parametrize("door", ONE_PERSON)
def test_concurrent_first_messages_of_one_address_make_one_contact(acme_key: Key, door: str) -> None:
    def post(n: int) -> int:
        path, body = ONE_PERSON[door](n)
        headers = {**acme_key.bearer, "Accept": "application/json"}
        return Client().post(path, body, content_type="application/json", headers=headers).status_code

    assert set(at_once(post)) == {201}
    assert Contact.all_workspaces.filter(email="new@example.com").count() == 1
    assert Conversation.all_workspaces.count() == 8


def test_concurrent_callers_adopt_a_contact_known_by_email_once(acme: Workspace) -> None:
    """Two external ids for one address are two people: one is the known contact, the other is new."""
    by = Actor.system(acme.pk)
    actions.identify(workspace=acme, email="ada@example.com", by=by, at=clock.now())

    def identify(n: int) -> int:
        return actions.identify(
            workspace=acme, external_id=f"cus_{n % 2}", email="ada@example.com", by=by, at=clock.now()
        ).pk

    found = at_once(identify)
    assert len({*found[::2]}) == len({*found[1::2]}) == 1
    contacts = dict(Contact.all_workspaces.values_list("external_id", "pk"))
    assert contacts == {"cus_0": found[0], "cus_1": found[1]}


def test_concurrent_first_tickets_of_a_workspace_are_all_made(acme_key: Key) -> None:
    def post(n: int) -> int:
        path, body = (
            "/api/projects/@current/conversations/tickets",
            {"anonymous_traits": {"email": f"c{n}@example.com"}},
        )
        return Client().post(path, body, content_type="application/json", headers=acme_key.bearer).status_code

    assert at_once(post) == [201] * 8
    numbers = sorted(Ticket.all_workspaces.values_list("number", flat=True))
    assert numbers == list(range(1, 9))


MAKERS: dict[str, Callable[[Workspace, int], Any]] = {
    "workspace": lambda acme, n: account_actions.create_workspace(slug="fresh", name="Fresh", at=clock.now()),
    "team": lambda acme, n: account_actions.save_team(
        workspace=acme, name="NIGHT" if n % 2 else "night", by=Actor.system(acme.pk), at=clock.now()
    ),
    "macro": lambda acme, n: knowledge_actions.create_macro(
        workspace=acme, name="Hi" if n % 2 else "hi", body="Hello", by=Actor.system(acme.pk), at=clock.now()
    ),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_concurrent_makers_of_one_name_make_one_row_and_conflicts(acme: Workspace, kind: str) -> None:
    def make(n: int) -> str:
        try:
            MAKERS[kind](acme, n)
        except Conflict:
            return "conflict"
        return "made"

    assert sorted(at_once(make)) == ["conflict"] * 7 + ["made"]


def test_concurrent_tags_in_opposite_orders_are_all_kept(acme: Workspace) -> None:
    conversations = [ConversationFactory(workspace=acme, body=None) for _ in range(8)]
    names = [f"tag {n}" for n in range(40)]

    def tag(n: int) -> None:
        by = Actor.system(acme.pk)
        given = names if n % 2 else names[::-1]
        actions.set_tags(conversation=conversations[n], names=given, by=by, at=clock.now())

    at_once(tag)
    assert Tag.all_workspaces.count() == 40


def test_concurrent_members_are_added_once(acme: Workspace) -> None:
    user = UserFactory()
    at_once(
        lambda n: account_actions.add_member(
            workspace=acme, user=user, role=Role.AGENT, by=Actor.system(acme.pk), at=clock.now()
        )
    )
    assert Membership.all_workspaces.filter(user=user).count() == 1


def test_concurrent_marks_on_a_view_are_one_mark(acme: Workspace, ben: Member) -> None:
    view = actions.create_view(workspace=acme, name="Mine", by=ben.actor, at=clock.now())
    at_once(lambda n: actions.favorite_view(view=view, favorite=True, by=ben.actor, at=clock.now()))
    assert SavedViewFavorite.all_workspaces.count() == 1


def test_row_that_is_gone_when_the_verb_comes_is_not_found(acme: Workspace) -> None:
    by = Actor.system(acme.pk)
    view = actions.create_view(workspace=acme, name="Mine", by=by, at=clock.now())

    def delete(n: int) -> str:
        try:
            actions.delete_view(view=SavedView(pk=view.pk, workspace=acme), by=by, at=clock.now())
        except NotFound:
            return "gone"
        return "deleted"

    assert sorted(at_once(delete)) == ["deleted"] + ["gone"] * 7
