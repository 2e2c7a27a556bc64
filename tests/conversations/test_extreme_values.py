"""Moments and numbers beyond what PostgreSQL keeps or Python reads back: refused at every door, never stored, never a 500."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from accounts import actions as account_actions
from accounts import clock, journal, tenancy
from accounts.models import ApiKey, Workspace
from accounts.permissions import Actor
from conversations import actions, events
from conversations.models import Conversation, Message
from tests.concurrency import given_up
from tests.conftest import Key, Member
from tests.factories import ConversationFactory
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

ZONES = ["America/Los_Angeles", "Pacific/Kiritimati", "UTC"]
TICKETS = "/api/projects/@current/conversations/tickets"
BEYOND = [
    "9999-12-31T23:59:00-08:00", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59+14:00", "9999-12-26", "9999-12-25T00:00:01Z",
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "0999-12-31T00:00:00Z", "infinity", "10000-01-01T00:00:00Z",
]  # fmt: skip


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    by = Actor.system(acme.pk)
    with tenancy.scope(acme):
        return actions.escalate(conversation=ConversationFactory(workspace=acme), by=by, at=clock.now())


def ask(key: Key, path: str, **query: Any) -> Any:
    return Client().get(path, query, headers=key.bearer)


def assert_lists_go_on(key: Key) -> None:
    for path in ("/api/v1/conversations", "/api/v1/conversations/", TICKETS):
        assert ask(key, path).status_code == 200


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("until", ["9999-12-31T23:59", "9999-12-26T00:00", "0001-01-01T00:00", "99999-01-01T00:00"])
def test_inbox_snoozes_until_no_moment_that_cannot_be_shown(
    acme: Workspace, ben: Member, acme_key: Key, zone: str, until: str
) -> None:
    account_actions.update_workspace(workspace=acme, time_zone=zone, by=Actor.system(acme.pk), at=clock.now())
    number = ConversationFactory(workspace=acme).number
    inbox = ben.signed_in()
    answer = inbox.post(f"/w/acme/inbox/{number}/snooze", {"until": until}, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert Conversation.all_workspaces.get().snoozed_until is None
    assert inbox.get(f"/w/acme/inbox/{number}").status_code == 200
    assert_lists_go_on(acme_key)


@pytest.mark.parametrize("zone", ZONES)
def test_last_moment_that_is_taken_is_shown_everywhere(
    acme: Workspace, ada: Member, acme_key: Key, ticket: Ticket, zone: str
) -> None:
    account_actions.update_workspace(workspace=acme, time_zone=zone, by=Actor.system(acme.pk), at=clock.now())
    last, inbox = "9999-12-24T09:59:00Z", ada.signed_in()
    body = {"snoozed_until": last, "sla_due_at": last}
    answer = Client().patch(
        f"{TICKETS}/{ticket.number}", body, content_type="application/json", headers=acme_key.bearer
    )
    assert answer.status_code == 200, answer.content
    answer = inbox.post("/w/acme/inbox/1/snooze", {"until": "9999-12-24T00:00"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    conversation = Conversation.all_workspaces.get()
    for page in (
        "/w/acme/inbox/1", "/w/acme/inbox?view=snoozed", f"/admin/conversations/conversation/{conversation.pk}/change/",
        f"/admin/tickets/ticket/{ticket.pk}/change/", "/admin/conversations/conversation/", "/admin/tickets/ticket/",
    ):  # fmt: skip
        assert inbox.get(page, follow=True).status_code == 200, page
    assert_lists_go_on(acme_key)


@pytest.mark.parametrize("moment", BEYOND)
@pytest.mark.parametrize("field", ["snoozed_until", "sla_due_at"])
def test_posthogs_tickets_refuse_them_with_the_field(acme_key: Key, ticket: Ticket, field: str, moment: str) -> None:
    body = {field: moment}
    for method, path in (("patch", f"{TICKETS}/{ticket.number}"), ("post", TICKETS)):
        answer = getattr(Client(), method)(path, body, content_type="application/json", headers=acme_key.bearer)
        assert answer.status_code == 400, answer.content
        assert answer.json()["attr"] == field
    assert Ticket.all_workspaces.count() == 1
    assert_lists_go_on(acme_key)


@pytest.mark.parametrize("moment", [*BEYOND, "-99999y", "-99999m", "-99999h", "9999-12-31", "0001-01-01"])
def test_filters_take_any_moment(acme_key: Key, ticket: Ticket, moment: str) -> None:
    for name in ("date_from", "date_to"):
        assert ask(acme_key, TICKETS, **{name: moment}).status_code == 200


@pytest.mark.parametrize("moment", [("9999-12-31", "23:59:59"), ("9999-12-26", "00:00:00"), ("0001-01-01", "00:00:00")])
def test_admin_refuses_them_on_the_form(
    ada: Member, acme: Workspace, ticket: Ticket, moment: tuple[str, str], acme_key: Key
) -> None:
    admin, (day, time) = ada.signed_in(), moment
    conversation = Conversation.all_workspaces.get()
    answer = admin.post(
        f"/admin/conversations/conversation/{conversation.pk}/change/",
        {"do": "snooze", "snooze-until_0": day, "snooze-until_1": time},
    )
    assert answer.status_code == 200
    answer = admin.post(
        f"/admin/tickets/ticket/{ticket.pk}/change/",
        {
            "subject": "S", "status": "new", "sla_due_at_0": day, "sla_due_at_1": time,
            "conversations-TOTAL_FORMS": "0", "conversations-INITIAL_FORMS": "0",
        },
    )  # fmt: skip
    assert answer.status_code == 200
    assert b"etween 1000-01-08 and 9999-12-25" in answer.content
    answer = admin.post(
        "/admin/accounts/apikey/add/",
        {
            "workspace": acme.pk, "name": "K", "kind": "server", "scopes": ["conversation:read"], "expires_at_0": day,
            "expires_at_1": time,
        },
    )  # fmt: skip
    assert answer.status_code == 200
    assert ApiKey.all_workspaces.count() == 1
    conversation.refresh_from_db()
    assert conversation.snoozed_until is None
    assert_lists_go_on(acme_key)


def test_moment_that_an_earlier_version_wrote_into_the_journal_is_shown(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    until = "9999-12-31T23:59:00-08:00"
    with transaction.atomic():
        journal.record(events.CONVERSATION_SNOOZED, conversation, by=ben.actor, at=clock.now(), until=until)
    assert ben.signed_in().get("/w/acme/inbox/1").status_code == 200


HUGE = ["9" * 19, "9" * 40, "9" * 5000, "-1", "1e400", "NaN", "٣", "0x10", "1.5"]
NUMBERED = [
    "/w/acme/inbox/{n}", "/w/acme/inbox/1?before={n}", "/w/acme/inbox?after={n}", "/w/acme/inbox/1/earlier?before={n}",
    "/admin/conversations/conversation/{n}/change/", "/admin/conversations/conversation/{pk}/change/?before={n}",
    "/admin/conversations/conversation/?assignee={n}", "/admin/conversations/conversation/?created_at__year={n}",
    "/admin/conversations/conversation/?p={n}", "/admin/conversations/conversation/?q={n}", "/admin/tickets/ticket/?q={n}",
    "/admin/tickets/ticket/?created_at__year=2026&created_at__month={n}", "/admin/accounts/event/?subject={n}",
]  # fmt: skip


@pytest.mark.parametrize("path", NUMBERED)
def test_no_number_in_a_pages_address_is_an_error_of_ours(acme: Workspace, ada: Member, path: str) -> None:
    pk, browser = ConversationFactory(workspace=acme).pk, ada.signed_in()
    for number in HUGE:
        assert browser.get(path.format(n=number, pk=pk)).status_code < 500, number[:40]


CALLS = [
    "/api/v1/conversations?limit={n}", "/api/v1/conversations?cursor={n}", "/api/v1/conversations/{n}",
    "/api/v1/conversations/?page_size={n}&limit={n}", "/api/v1/conversations/{n}/", "/api/v1/conversations/{n}/messages/",
    f"{TICKETS}?limit={{n}}", f"{TICKETS}?offset={{n}}", f"{TICKETS}/{{n}}", f"{TICKETS}?assignee=user:{{n}}",
    f"{TICKETS}?search={{n}}", "/api/projects/{n}/conversations/tickets", f"{TICKETS}/{{n}}/messages",
    "/api/v1/internal/conversations?projectId={n}&offset={n}&limit={n}", "/api/environments/{n}/conversations",
    "/api/environments/@current/conversations/{n}", "/api/environments/@current/conversations?limit={n}&offset={n}",
]  # fmt: skip


@pytest.mark.parametrize("path", CALLS)
def test_no_number_in_a_calls_address_is_an_error_of_ours(acme_key: Key, ticket: Ticket, path: str) -> None:
    for number in HUGE:
        assert Client().get(path.format(n=number), headers=acme_key.bearer).status_code < 500, number[:40]


@pytest.mark.parametrize("number", [2**31, 2**63, 10**40, -(2**63) - 1, 1.7e308, -1, 0, True, None, [], "7"])
def test_no_number_in_a_body_is_an_error_of_ours(acme_key: Key, ticket: Ticket, number: Any) -> None:
    bodies = [
        {"assignee": {"type": "user", "id": number}}, {"assignee": {"type": "role", "id": number}},
        {"anonymous_traits": {"age": number}}, {"tags": [number]}, {"priority": number}, {"ai_resolved": number},
        {"status": number}, {"escalation_reason": number}, {"sla_due_at": number}, {"snoozed_until": number},
    ]  # fmt: skip
    for body in bodies:
        for method, path in (("patch", f"{TICKETS}/{ticket.number}"), ("post", TICKETS)):
            answer = getattr(Client(), method)(
                path, json.dumps(body), content_type="application/json", headers=acme_key.bearer
            )
            assert answer.status_code < 500, (body, answer.content)


class TestWhatOnlyPostgresqlRefuses:
    """The last net: such a value is the sender's fault, is logged without the value, and changes nothing."""

    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.mark.parametrize("state", ["22003", "22021", "22P05"])
    def test_in_the_formats(self, acme_key: Key, acme: Workspace, caplog: Any, state: str) -> None:
        posts = {
            "/api/v1/conversations": {"subject": "S", "customer": {"id": "c"}},
            "/api/v1/conversations/create/": {"subject": "S", "description": "D", "user_email": "a@example.com"},
            TICKETS: {"anonymous_traits": {"email": "a@example.com"}},
        }
        for path, body in posts.items():
            with given_up("conversations_conversation", state=state):
                answer = Client().post(path, body, content_type="application/json", headers=acme_key.bearer)
            assert answer.status_code == 400, answer.content
            assert answer["Content-Type"].startswith("application/json")
        assert not Conversation.all_workspaces.exists()
        assert caplog.text.count(f"value_refused sqlstate={state}") == len(posts)

    def test_on_the_screens(self, acme: Workspace, ben: Member, caplog: Any) -> None:
        ConversationFactory(workspace=acme, body=None)
        with given_up("conversations_message", state="22003"):
            answer = ben.signed_in().post("/w/acme/inbox/1/reply", {"body": "Hello"})
        assert answer.status_code == 400
        assert "value_refused sqlstate=22003" in caplog.text
        assert not Message.all_workspaces.exists()
