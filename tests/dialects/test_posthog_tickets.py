"""PostHog tickets: one ticket, made, read, changed and deleted."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from accounts import actions as account_actions
from accounts import clock
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Channel, Contact, Conversation
from conversations.permissions import ConversationScope
from tests.conftest import Key, Member
from tests.dialects.posthog_client import Posthog, posthog_api, refusal, row_of, thread_of  # noqa: F401 (a fixture)
from tests.factories import ContactFactory, ConversationFactory, api_key, receive, reply
from tickets.models import Ticket, TicketNumbers
from tickets.permissions import TicketScope

pytestmark = pytest.mark.django_db

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
FIELDS = [
    "id", "ticket_number", "channel_source", "channel_detail", "distinct_id", "status", "priority", "assignee",
    "anonymous_traits", "ai_resolved", "escalation_reason", "created_at", "updated_at", "message_count", "last_message_at",
    "last_message_text", "unread_team_count", "unread_customer_count", "session_id", "session_context", "sla_due_at",
    "snoozed_until", "slack_channel_id", "slack_thread_ts", "slack_team_id", "email_subject", "email_from", "email_to",
    "cc_participants", "github_repo", "github_issue_number", "person", "tags",
]  # fmt: skip
BODY = {
    "status": "open",
    "priority": "high",
    "anonymous_traits": {"name": "Bo Tran", "email": "Bo@shop.example", "plan": "pro", "seats": 3},
    "ai_resolved": True,
    "escalation_reason": "Refund above the limit",
    "sla_due_at": "2031-03-01T12:00:00Z",
    "tags": ["Billing ", "vip", "billing"],
}


# --- Create -------------------------------------------------------------------------------------


def test_create_answers_the_whole_ticket_with_its_person(api: Posthog) -> None:
    made = api.create(**BODY)
    assert list(made) == FIELDS
    contact, conversation = Contact.all_workspaces.get(), thread_of(made)
    assert uuid.UUID(made["id"]).version == 4
    assert MOMENT.fullmatch(made["created_at"])
    assert made["created_at"] == made["updated_at"]
    assert made["person"] == {
        "id": str(contact.public_id),
        "name": "Bo Tran",
        "distinct_ids": [contact.reference],
        "properties": {"email": "bo@shop.example", "name": "Bo Tran"},
        "created_at": made["created_at"],
        "is_identified": True,
    }
    for field, value in {
        "ticket_number": 1,
        "channel_source": "widget",
        "channel_detail": "widget_api",
        "distinct_id": contact.reference,
        "status": "open",
        "priority": "high",
        "assignee": None,
        "anonymous_traits": BODY["anonymous_traits"],
        "ai_resolved": True,
        "escalation_reason": "Refund above the limit",
        "message_count": 0,
        "last_message_at": None,
        "last_message_text": None,
        "unread_team_count": 0,
        "unread_customer_count": 0,
        "session_id": None,
        "session_context": {},
        "sla_due_at": "2031-03-01T12:00:00Z",
        "snoozed_until": None,
        "cc_participants": [],
        "tags": ["billing", "vip"],
    }.items():
        assert made[field] == value, field
    assert (conversation.subject, conversation.contact) == ("Refund above the limit", contact)


def test_empty_body_makes_a_new_ticket_named_by_its_number(api: Posthog) -> None:
    api.create()
    made = api.create()
    assert (made["ticket_number"], made["status"], made["priority"], made["tags"]) == (2, "new", None, [])
    assert thread_of(made).subject == "Ticket #2"


@pytest.mark.parametrize(
    ("body", "subject", "texts"),
    [
        ({"title": "Printer", "message": "It is on fire."}, "Printer", ["It is on fire."]),
        ({"subject": "Printer", "content": "It is\n on fire."}, "Printer", ["It is\n on fire."]),
        ({"description": "Help"}, "", ["Help"]),
        ({"title": "First", "subject": "Second", "escalation_reason": "Third"}, "First", []),
        ({"message": "First", "content": "Second", "description": "Third"}, "", ["First"]),
        ({"title": None, "subject": "Second", "message": " ", "content": None, "description": "Third"}, "Second", ["Third"]),
        ({"title": "  ", "subject": "", "message": ""}, "", []),
        ({"title": " Two\n lines "}, "Two lines", []),
        ({"title": "x" * 500, "message": "y" * 50_000}, "x" * 500, ["y" * 50_000]),
    ],
)  # fmt: skip
def test_subject_and_first_message_are_taken_under_each_of_their_names(
    api: Posthog, body: dict[str, Any], subject: str, texts: list[str]
) -> None:
    made = api.create(**body)
    assert (row_of(made).subject, thread_of(made).subject) == (subject, subject or "Ticket #1")
    assert (made["message_count"], made["unread_team_count"]) == (len(texts), len(texts))
    assert made["last_message_text"] == (texts[0][:500] if texts else None)
    listed = api.get(f"tickets/{made['id']}/messages").json()["results"]
    assert [(row["author_type"], row["content"]) for row in listed] == [("customer", text) for text in texts]


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({"title": 7}, "invalid_input", "title"),
        ({"subject": ["x"]}, "invalid_input", "subject"),
        ({"title": "x" * 501}, "max_length", "title"),
        ({"subject": "a\u0000b"}, "invalid_input", "subject"),
        ({"message": {}}, "invalid_input", "message"),
        ({"content": "a\u0000b"}, "invalid_input", "content"),
        ({"description": True}, "invalid_input", "description"),
        ({"description": "x" * 1_000_001}, "max_length", "description"),
    ],
)
def test_subject_or_message_at_fault_is_400_under_the_name_that_was_sent(
    api: Posthog, body: Any, code: str, attr: str
) -> None:
    assert refusal(api.post("tickets", body)) == (400, "validation_error", code, attr)
    assert not Ticket.all_workspaces.exists()


def test_title_is_changed_under_both_names_and_a_blank_one_changes_nothing(api: Posthog) -> None:
    made = api.create(title="Printer")
    for body, subject in (({"subject": "Fire"}, "Fire"), ({"title": "Smoke"}, "Smoke"), ({"title": ""}, "Smoke")):
        assert api.patch(f"tickets/{made['id']}", body).status_code == 200
        assert row_of(made).subject == subject


def test_customer_is_found_again_by_email(api: Posthog, acme: Workspace) -> None:
    contact = ContactFactory(workspace=acme, email="bo@shop.example", external_id="cust-9")
    made = api.create(anonymous_traits={"email": " BO@shop.example "})
    assert (made["distinct_id"], made["person"]["id"]) == ("cust-9", str(contact.public_id))


def test_ticket_may_be_given_and_put_to_sleep_at_once(api: Posthog, ben: Member) -> None:
    until = "2031-01-01T00:00:00Z"
    made = api.create(assignee={"type": "user", "id": ben.user.pk}, snoozed_until=until)
    assert (made["assignee"]["user"], made["status"]) == ({"email": ben.user.email}, "on_hold")
    assert made["snoozed_until"] == until


def test_read_only_and_unknown_fields_are_ignored(api: Posthog) -> None:
    made = api.create(id="x", ticket_number=99, message_count=7, distinct_id="me", channel_source="slack", nonsense=[1])
    assert (made["ticket_number"], made["message_count"], made["channel_source"]) == (1, 0, "widget")


def test_key_that_writes_tickets_alone_opens_and_answers_them(acme: Workspace) -> None:
    api = Posthog(api_key(acme, scopes=[TicketScope.WRITE])[1])
    made = api.create(anonymous_traits={"email": "bo@shop.example"})
    assert api.post(f"tickets/{made['id']}/reply", {"message": "Hello"}).status_code == 201


@pytest.mark.parametrize(
    ("change", "code", "attr"),
    [
        ({"status": "closed"}, "invalid_choice", "status"),
        ({"status": None}, "null", "status"),
        ({"status": ["new"]}, "invalid_choice", "status"),
        ({"status": 1}, "invalid_choice", "status"),
        ({"priority": "urgent"}, "invalid_choice", "priority"),
        ({"priority": 3}, "invalid_choice", "priority"),
        ({"anonymous_traits": []}, "invalid_input", "anonymous_traits"),
        ({"anonymous_traits": None}, "null", "anonymous_traits"),
        ({"anonymous_traits": {"email": "no-address"}}, "invalid_input", "anonymous_traits__email"),
        ({"anonymous_traits": {"email": "a" * 255 + "@x.example"}}, "invalid_input", "anonymous_traits__email"),
        ({"anonymous_traits": {"a": "nul \x00"}}, "invalid_input", "anonymous_traits"),
        ({"anonymous_traits": {"a": 10**30}}, "invalid_input", "anonymous_traits"),
        ({"ai_resolved": "true"}, "invalid_input", "ai_resolved"),
        ({"ai_resolved": None}, "null", "ai_resolved"),
        ({"escalation_reason": 5}, "invalid_input", "escalation_reason"),
        ({"escalation_reason": "x" * 10_001}, "max_length", "escalation_reason"),
        ({"sla_due_at": "soon"}, "invalid_input", "sla_due_at"),
        ({"sla_due_at": 1700000000}, "invalid_input", "sla_due_at"),
        ({"snoozed_until": "2031-13-01"}, "invalid_input", "snoozed_until"),
        ({"tags": "billing"}, "invalid_input", "tags"),
        ({"tags": [7]}, "invalid_input", "tags__0"),
        ({"tags": ["x" * 101]}, "max_length", "tags__0"),
        ({"tags": [str(n) for n in range(101)]}, "max_length", "tags"),
        ({"assignee": "ben"}, "invalid_input", "assignee"),
        ({"assignee": {"type": "user"}}, "invalid_input", "assignee"),
        ({"assignee": {"id": 1}}, "invalid_input", "assignee"),
        ({"assignee": {"type": "group", "id": 1}}, "invalid_input", "assignee"),
        ({"assignee": {"type": "user", "id": "1"}}, "invalid_input", "assignee"),
        ({"assignee": {"type": "user", "id": True}}, "invalid_input", "assignee"),
        ({"assignee": {"type": "user", "id": 10**30}}, "invalid_input", "assignee"),
        ({"assignee": {"type": "role", "id": "not-a-uuid"}}, "invalid_input", "assignee"),
        ({"assignee": {"type": "role", "id": str(uuid.uuid4())}}, "invalid_input", "assignee"),
    ],
)
def test_bad_field_is_named_and_changes_nothing(api: Posthog, change: dict[str, Any], code: str, attr: str) -> None:
    made = api.create(**BODY)
    answer = api.post("tickets", {**BODY, **change})
    assert refusal(answer) == (400, "validation_error", code, attr)
    assert (Ticket.all_workspaces.count(), Conversation.all_workspaces.count()) == (1, 1)
    before = Event.objects.count()
    changed = api.patch(f"tickets/{made['id']}", {"priority": "low", "tags": ["new"], **change})
    assert refusal(changed) == (400, "validation_error", code, attr)
    assert Event.objects.count() == before
    assert api.get(f"tickets/{made['id']}").json() == made


@pytest.mark.parametrize("body", ["{", '{"status": NaN}', "[" * 5000, b"\xff\xfe"])
def test_body_that_is_no_json_is_a_parse_error(api: Posthog, body: Any) -> None:
    assert refusal(api.post("tickets", body)) == (400, "invalid_request", "parse_error", None)


def test_json_that_nothing_can_hold_is_a_parse_error_at_its_field(api: Posthog) -> None:
    assert refusal(api.post("tickets", '{"tags": ["\\ud800"]}')) == (400, "invalid_request", "parse_error", "tags__0")


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "12"])
def test_body_that_is_no_object_is_invalid_as_a_whole(api: Posthog, body: str) -> None:
    status, kind, _, attr = refusal(api.post("tickets", body))
    assert (status, kind, attr) == (400, "validation_error", None)


def test_size_type_and_method_are_refused_in_the_format(api: Posthog) -> None:
    large = api.post("tickets", {"escalation_reason": "x" * 1_100_000})
    assert refusal(large) == (413, "invalid_request", "payload_too_large", None)
    form = api.client.post(f"{api.base}tickets", {"status": "new"}, headers={"Authorization": f"Bearer {api.key}"})
    assert refusal(form) == (415, "invalid_request", "unsupported_media_type", None)
    assert refusal(api.call("DELETE", "tickets")) == (405, "invalid_request", "method_not_allowed", None)
    assert refusal(api.get("nothing/here/at/all")) == (404, "invalid_request", "not_found", None)


# --- Who, and where -----------------------------------------------------------------------------


def test_project_is_named_by_number_uuid_slug_or_current(api: Posthog, acme: Workspace) -> None:
    made = api.create()
    for project in (acme.pk, acme.public_id, acme.slug, "@current"):
        for prefix in ("projects", "environments"):
            for slash in ("", "/"):
                path = f"/api/{prefix}/{project}/conversations/tickets/{made['id']}{slash}"
                assert api.get(path).json() == made, path


def test_other_or_unknown_project_is_answered_as_a_missing_one(api: Posthog, globex: Workspace) -> None:
    answers = {
        api.get(f"/api/projects/{project}/conversations/tickets").content
        for project in (globex.pk, globex.public_id, globex.slug, 999_999, "nobody", uuid.uuid4(), "%00")
    }
    assert len(answers) == 1
    assert refusal(api.get(f"/api/projects/{globex.pk}/conversations/tickets"))[:3] == (
        404,
        "invalid_request",
        "not_found",
    )


def test_other_workspaces_ticket_is_answered_as_a_missing_one(api: Posthog, globex: Workspace, globex_key: Key) -> None:
    theirs = Posthog(globex_key.secret).create(anonymous_traits={"email": "x@globex.example"})
    calls = [("GET", "", None), ("PATCH", "", {"status": "open"}), ("PUT", "", {}), ("DELETE", "", None),
             ("GET", "/messages", None), ("POST", "/reply", {"message": "x"}), ("POST", "/broadcast", {"message": "x"}),
             ("POST", "/suggest_reply", {}), ("PATCH", f"/notes/{uuid.uuid4()}", {"message": "x"}),
             ("DELETE", f"/notes/{uuid.uuid4()}", None)]  # fmt: skip
    before = Event.objects.count()
    for method, rest, body in calls:
        answers = [
            api.call(method, f"tickets/{some}{rest}", body)
            for some in (theirs["id"], uuid.uuid4(), 77, "no-id", "9" * 30, "%00", "%ED%A0%80")
        ]
        assert len({(answer.status_code, answer.content) for answer in answers}) == 1, (method, rest)
        assert refusal(answers[0]) == (404, "invalid_request", "not_found", None)
    assert Event.objects.count() == before


def test_missing_scope_is_named_in_quotes(acme: Workspace) -> None:
    reader = Posthog(api_key(acme, scopes=[TicketScope.READ, ConversationScope.WRITE])[1])
    assert reader.get("tickets").status_code == 200
    for method, path in (
        ("POST", "tickets"), ("PATCH", "tickets/1"), ("DELETE", "tickets/1"), ("POST", "tickets/1/reply"),
        ("POST", "tickets/1/suggest_reply"), ("POST", "tickets/bulk_update_status"), ("POST", "views"),
    ):  # fmt: skip
        answer = reader.call(method, path, {})
        assert refusal(answer) == (403, "authentication_error", "permission_denied", None)
        assert "'ticket:write'" in answer.json()["detail"]
    stranger = Posthog(api_key(acme, scopes=[ConversationScope.WRITE])[1])
    assert "'ticket:read'" in stranger.get("tickets/unread_count").json()["detail"]


# --- Retrieve -----------------------------------------------------------------------------------


def test_ticket_is_found_by_id_and_by_number(api: Posthog) -> None:
    made = api.create()
    assert api.get(f"tickets/{made['id']}").json() == api.get(f"tickets/{made['ticket_number']}").json() == made


def test_reading_a_ticket_marks_it_as_read_and_nothing_else(api: Posthog) -> None:
    made = api.create()
    receive(thread_of(made), "Hello?", at=clock.now() + timedelta(minutes=1))
    before = row_of(made)
    assert before.unread_team_count == 1
    shown = api.get(f"tickets/{made['id']}").json()
    after = row_of(made)
    assert (shown["unread_team_count"], after.unread_team_count, after.updated_at) == (0, 0, before.updated_at)
    events = Event.objects.count()
    api.get(f"tickets/{made['id']}")
    assert Event.objects.count() == events


def test_key_that_may_only_read_marks_nothing_as_read(acme: Workspace, api: Posthog) -> None:
    made = api.create()
    receive(thread_of(made))
    reader = Posthog(api_key(acme, scopes=[TicketScope.READ, ConversationScope.READ])[1])
    shown = reader.get(f"tickets/{made['id']}").json()
    assert (shown["unread_team_count"], row_of(made).unread_team_count) == (1, 1)
    assert not Event.objects.filter(type="ticket.read").exists()


def test_listing_does_not_mark_as_read(api: Posthog) -> None:
    made = api.create()
    receive(thread_of(made))
    assert [row["unread_team_count"] for row in api.get("tickets").json()["results"]] == [1]
    assert row_of(made).unread_team_count == 1


def test_ticket_of_a_chat_and_of_a_mail_say_where_they_came_from(api: Posthog, acme: Workspace, ben: Member) -> None:
    for channel, wanted in {
        Channel.CHAT: ("widget", "widget_embedded", None, None),
        Channel.EMAIL: ("email", None, "Broken", "jo@example.com"),
        Channel.DISCORD: ("widget", "widget_api", None, None),
    }.items():
        contact = ContactFactory(workspace=acme, email="jo@example.com", external_id=f"jo-{channel}")
        row = ConversationFactory(workspace=acme, contact=contact, channel=channel, subject="Broken")
        ticket = actions.escalate(conversation=row, by=ben.actor, at=clock.now())
        shown = api.get(f"tickets/{ticket.public_id}").json()
        fields = ("channel_source", "channel_detail", "email_subject", "email_from")
        assert tuple(shown[name] for name in fields) == wanted
        assert (shown["email_to"] is not None) == (channel == Channel.EMAIL)


# --- Change -------------------------------------------------------------------------------------


def test_patch_changes_what_it_names_and_leaves_the_rest(api: Posthog) -> None:
    made = api.create(**BODY)
    changed = api.patch(f"tickets/{made['id']}", {"anonymous_traits": {"plan": "free"}, "priority": ""}).json()
    assert (changed["anonymous_traits"], changed["priority"]) == ({"plan": "free"}, None)
    untouched = set(FIELDS) - {"anonymous_traits", "priority", "updated_at", "person"}
    assert {name: changed[name] for name in untouched} == {name: made[name] for name in untouched}
    assert changed["person"] is None
    cleared = {"escalation_reason": None, "sla_due_at": None, "tags": [], "ai_resolved": False}
    after = api.patch(f"tickets/{made['id']}", cleared).json()
    assert {name: after[name] for name in cleared} == cleared


def test_put_is_a_patch(api: Posthog) -> None:
    made = api.create(**BODY)
    changed = api.call("PUT", f"tickets/{made['id']}", {"priority": "critical"}).json()
    assert (changed["priority"], changed["tags"], changed["status"]) == ("critical", ["billing", "vip"], "open")


def test_writing_what_stands_there_changes_nothing(api: Posthog) -> None:
    made = api.create(**BODY)
    before = Event.objects.count()
    again = api.patch(f"tickets/{made['id']}", {**BODY, "assignee": None, "snoozed_until": None}).json()
    assert again["updated_at"] == made["updated_at"]
    assert Event.objects.count() == before


def test_assignee_is_a_member_a_role_or_nobody(api: Posthog, acme: Workspace, ben: Member, cleo: Member) -> None:
    team = account_actions.save_team(workspace=acme, name="Billing", by=Actor.system(acme.pk), at=clock.now())
    path = f"tickets/{api.create()['id']}"
    given = api.patch(path, {"assignee": {"type": "user", "id": ben.user.pk}}).json()["assignee"]
    assert given == {"id": ben.user.pk, "type": "user", "user": {"email": ben.user.email}, "role": None}
    role = api.patch(path, {"assignee": {"type": "role", "id": str(team.public_id)}}).json()["assignee"]
    assert role == {"id": str(team.public_id), "type": "role", "user": None, "role": {"name": "Billing"}}
    assert api.patch(path, {"status": "open"}).json()["assignee"] == role
    foreign = {"assignee": {"type": "user", "id": cleo.user.pk}, "status": "pending"}
    assert refusal(api.patch(path, foreign)) == (400, "validation_error", "invalid_input", "assignee")
    assert api.get(path).json()["status"] == "open"
    assert api.patch(path, {"assignee": None}).json()["assignee"] is None


def test_snoozing_puts_on_hold_and_unsnoozing_opens(api: Posthog) -> None:
    path = f"tickets/{api.create()['id']}"
    until = "2031-01-01T09:00:00Z"
    snoozed = api.patch(path, {"snoozed_until": until}).json()
    assert (snoozed["status"], snoozed["snoozed_until"]) == ("on_hold", until)
    unsnoozed = api.patch(path, {"snoozed_until": None}).json()
    assert (unsnoozed["status"], unsnoozed["snoozed_until"]) == ("open", None)


def test_status_that_is_stated_with_a_snooze_wins(api: Posthog) -> None:
    path = f"tickets/{api.create()['id']}"
    both = api.patch(path, {"snoozed_until": "2031-01-01T09:00:00Z", "status": "pending"}).json()
    assert (both["status"], both["snoozed_until"]) == ("pending", "2031-01-01T09:00:00Z")
    cleared = api.patch(path, {"snoozed_until": None, "status": "resolved"}).json()
    assert (cleared["status"], cleared["snoozed_until"]) == ("resolved", None)


def test_status_and_snooze_leave_each_other_alone_once_a_ticket_sleeps(api: Posthog) -> None:
    path = f"tickets/{api.create()['id']}"
    first, later = "2031-01-01T09:00:00Z", "2031-02-01T09:00:00Z"
    api.patch(path, {"snoozed_until": first})
    moved = api.patch(path, {"status": "pending"}).json()
    assert (moved["status"], moved["snoozed_until"]) == ("pending", first)
    put_off = api.patch(path, {"snoozed_until": later}).json()
    assert (put_off["status"], put_off["snoozed_until"]) == ("pending", later)


@pytest.mark.parametrize(("status", "after"), [("on_hold", "open"), ("resolved", "open"), ("new", "new")])
def test_customer_who_writes_ends_the_snooze(api: Posthog, status: str, after: str) -> None:
    made = api.create(status=status, snoozed_until="2031-01-01T09:00:00Z")
    receive(thread_of(made), "Still broken")
    found = api.get(f"tickets/{made['id']}").json()
    assert (found["status"], found["snoozed_until"]) == (after, None)


def test_each_kind_of_change_is_one_line_of_the_journal(api: Posthog, ben: Member) -> None:
    made = api.create()
    before = Event.objects.order_by("-id").values_list("id", flat=True)[0]
    api.patch(
        f"tickets/{made['id']}",
        {"status": "open", "priority": "low", "tags": ["a"], "assignee": {"type": "user", "id": ben.user.pk},
         "ai_resolved": True, "sla_due_at": "2031-01-01T00:00:00Z"},
    )  # fmt: skip
    types = Event.objects.filter(id__gt=before, subject_type="ticket").order_by("type").values_list("type", flat=True)
    assert list(types) == [
        "ticket.assigned", "ticket.priority_changed", "ticket.status_changed", "ticket.tagged", "ticket.updated",
    ]  # fmt: skip


# --- Delete -------------------------------------------------------------------------------------


def test_delete_unlinks_the_conversations_and_keeps_them(api: Posthog, acme: Workspace) -> None:
    made = api.create(status="open")
    other = ConversationFactory(workspace=acme)
    actions.link(conversation=other, ticket=row_of(made), by=Actor.system(acme.pk), at=clock.now())
    answer = api.delete(f"tickets/{made['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert not Ticket.all_workspaces.exists()
    assert [row.ticket_id for row in Conversation.all_workspaces.all()] == [None, None]
    assert api.get(f"tickets/{made['id']}").status_code == 404
    assert api.get("tickets").json()["count"] == TicketNumbers.all_workspaces.get().open == 0
    assert api.create()["ticket_number"] == 2


# --- Figures ------------------------------------------------------------------------------------


def test_messages_move_the_tickets_figures(api: Posthog) -> None:
    made = api.create()
    at = datetime(2031, 1, 1, tzinfo=UTC)
    receive(thread_of(made), "x" * 600, at=at)
    reply(thread_of(made), "Done.", at=at + timedelta(minutes=5))
    shown = api.get("tickets").json()["results"][0]
    assert (shown["message_count"], shown["last_message_text"], shown["status"]) == (2, "Done.", "new")
    assert shown["last_message_at"] == shown["updated_at"] == "2031-01-01T00:05:00Z"
    assert (shown["unread_team_count"], shown["unread_customer_count"]) == (0, 1)


def test_primary_conversation_is_the_one_linked_first(api: Posthog, acme: Workspace, ben: Member) -> None:
    old, new = (ConversationFactory(workspace=acme, body="Down") for _ in range(2))
    ticket = actions.escalate(conversation=new, by=ben.actor, at=clock.now())
    actions.link(conversation=old, ticket=ticket, by=ben.actor, at=clock.now() + timedelta(minutes=1))
    shown = api.get(f"tickets/{ticket.public_id}").json()
    assert (shown["distinct_id"], shown["message_count"]) == (new.contact.external_id, 2)
    actions.unlink(conversation=new, by=ben.actor, at=clock.now() + timedelta(minutes=2))
    shown = api.get(f"tickets/{ticket.public_id}").json()
    assert (shown["distinct_id"], shown["message_count"]) == (old.contact.external_id, 1)
    actions.unlink(conversation=old, by=ben.actor, at=clock.now() + timedelta(minutes=3))
    shown = api.get(f"tickets/{ticket.public_id}").json()
    assert (shown["distinct_id"], shown["person"], shown["message_count"]) == ("", None, 0)
    assert shown["last_message_at"] is shown["last_message_text"] is None


# --- Compose ------------------------------------------------------------------------------------


def test_compose_begins_a_ticket_with_a_mail(api: Posthog, acme: Workspace) -> None:
    body = {"recipient_email": "Jo@example.com", "message": "Your order is late.", "email_subject": "Order 7"}
    answer = api.post(
        "tickets/compose", {**body, "email_config_id": str(acme.public_id), "recipient_distinct_id": "jo"}
    )
    assert answer.status_code == 201
    assert set(answer.json()) == {"id", "ticket_number"}
    shown = api.get(f"tickets/{answer.json()['id']}").json()
    assert (shown["channel_source"], shown["email_subject"], shown["email_from"]) == (
        "email",
        "Order 7",
        "jo@example.com",
    )
    assert (shown["distinct_id"], shown["last_message_text"]) == ("jo", "Your order is late.")
    wrong = api.post("tickets/compose", {**body, "email_config_id": str(uuid.uuid4())})
    assert (wrong.status_code, set(wrong.json())) == (400, {"detail"})
    bad = api.post("tickets/compose", {**body, "recipient_email": "nobody"})
    assert refusal(bad) == (400, "validation_error", "invalid_input", "recipient_email")
    assert Ticket.all_workspaces.count() == 1


@pytest.mark.parametrize("subject", ["", " ", "\u0084", "\u2800"])
def test_mail_whose_subject_is_blank_has_the_usual_one(api: Posthog, subject: str) -> None:
    body = {"recipient_email": "jo@example.com", "message": "Your order is late."}
    made = api.post("tickets/compose", {**body, "email_subject": subject}).json()
    assert api.get(f"tickets/{made['id']}").json()["email_subject"] == f"Ticket #{made['ticket_number']}"
