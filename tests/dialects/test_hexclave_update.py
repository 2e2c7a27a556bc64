"""The one call by which Hexclave's agents change anything, and who may make it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from accounts import clock
from accounts.models import Event, User, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.models import Channel, Contact, Conversation, Message
from tests.conftest import Member
from tests.dialects.hexclave_client import (
    AGENT,
    CHANGES,
    CUSTOMER,
    Api,
    Case,
    agent,
    browser,
    customer,
    listed,
    starting,
    token,
    violations,
)
from tests.factories import ContactFactory, ConversationFactory, reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(acme: Workspace) -> Api:
    return agent(acme)


@pytest.fixture
def project(acme: Workspace) -> str:
    return str(acme.public_id)


@pytest.fixture
def contact(acme: Workspace) -> Contact:
    return ContactFactory(workspace=acme, external_id="mira", email="mira@sample.test", name="Mira Okafor")


@pytest.fixture
def row(acme: Workspace, contact: Contact) -> Conversation:
    """Mira's conversation, begun in her chat a minute ago."""
    return ConversationFactory(
        workspace=acme,
        contact=contact,
        subject="Invoice is in the wrong currency",
        body="My June invoice is in USD.",
        door=Door(Channel.CHAT, "support-chat"),
        at=clock.now() - timedelta(minutes=1),
    )


@pytest.fixture
def case(team: Api, row: Conversation, project: str) -> Case:
    return Case(team, row, project)


# --- Updating -----------------------------------------------------------------------------------


def test_reply_waits_for_the_customer_and_stops_the_first_clock(case: Case) -> None:
    thread = case.change(type="reply", body="We fixed the currency, please reload.")
    shown = thread["conversation"]
    assert (shown["status"], shown["preview"]) == ("pending", "We fixed the currency, please reload.")
    moment = shown["lastOutboundAt"]
    assert moment == shown["metadata"]["firstResponseAt"] == shown["metadata"]["lastAgentReplyAt"]
    assert moment == shown["updatedAt"] == shown["lastMessageAt"]
    assert [m["messageType"] for m in thread["messages"]] == ["message", "message"]
    again = case.change(type="reply", body="Any news?")["conversation"]
    assert (again["status"], again["metadata"]["firstResponseAt"]) == ("pending", moment)


def test_reply_leaves_a_closed_conversation_closed(case: Case) -> None:
    closed_at = case.change(type="status", status="closed")["conversation"]["closedAt"]
    shown = case.change(type="reply", body="One more thing")["conversation"]
    assert (shown["status"], shown["closedAt"]) == ("closed", closed_at)


def test_first_response_needs_a_question(team: Api, contact: Contact, project: str) -> None:
    made = team.post(AGENT, starting(project)).json()["conversationId"]
    case = Case(team, Conversation.all_workspaces.get(public_id=made), project)
    assert case.change(type="reply", body="Hello?")["conversation"]["metadata"]["firstResponseAt"] is None


def test_note_moves_what_agents_see_and_nothing_that_customers_see(case: Case, acme: Workspace) -> None:
    mira = customer(acme)
    before = mira.get(CUSTOMER).json()
    shown = case.change(type="internal-note", body="Finance confirmed.")
    assert [m["messageType"] for m in shown["messages"]] == ["message", "internal-note"]
    assert shown["messages"][1]["sender"]["type"] == "agent"
    summary = shown["conversation"]
    assert (summary["status"], summary["preview"], summary["lastMessageType"]) == (
        "open", "Finance confirmed.", "internal-note",
    )  # fmt: skip
    assert summary["lastMessageAt"] == summary["updatedAt"] == summary["lastActivityAt"] > summary["createdAt"]
    assert summary["lastOutboundAt"] is None
    assert len(shown["entryPoints"]) == 1
    assert mira.get(CUSTOMER).json() == before


def test_status_is_recorded_once_and_refused_when_it_is_that_already(case: Case) -> None:
    shown = case.change(type="status", status="closed")
    change = shown["messages"][1]
    assert (change["messageType"], change["body"], change["metadata"]) == ("status-change", None, {"status": "closed"})
    assert shown["conversation"]["closedAt"] == change["createdAt"] == shown["conversation"]["lastMessageAt"]
    assert shown["conversation"]["preview"] == "Conversation closed"
    again = case.send(type="status", status="closed")
    assert (again.status_code, again.content) == (400, b"Conversation is already closed.")
    assert again["Content-Type"] == "text/plain; charset=utf-8"
    assert "X-Stack-Known-Error" not in again
    for status in ("pending", "open", "closed", "open"):
        shown = case.change(type="status", status=status)
        assert shown["conversation"]["status"] == status
        assert (shown["conversation"]["closedAt"] is None) == (status != "closed")
    assert case.send(type="status", status="open").content == b"Conversation is already open."
    assert Message.all_workspaces.count() == 6


def test_resolved_conversation_is_closed_already(case: Case, row: Conversation, acme: Workspace) -> None:
    actions.set_status(conversation=row, status="resolved", by=Actor.system(acme.pk), at=clock.now())
    assert case.send(type="status", status="closed").content == b"Conversation is already closed."
    assert Conversation.all_workspaces.get().status == "resolved"


def test_metadata_replaces_assignee_and_tags_whole(case: Case, ben: Member) -> None:
    given = {
        "assignedToUserId": str(ben.user.public_id),
        "assignedToDisplayName": "Jon (billing)",
        "priority": "urgent",
        "tags": ["vip", "billing", " vip ", "vip", ""],
    }
    shown = case.change(type="metadata", **given)["conversation"]
    assert {name: shown["metadata"].get(name, shown.get(name)) for name in given} == given
    stored = Conversation.all_workspaces.get()
    assert (stored.assignee, stored.tags) == (ben.user, given["tags"])
    bare = case.change(type="metadata", priority="high")["conversation"]
    assert (bare["priority"], bare["metadata"]["tags"]) == ("high", [])
    assert (bare["metadata"]["assignedToUserId"], bare["metadata"]["assignedToDisplayName"]) == (None, None)
    assert Conversation.all_workspaces.get().assignee is None
    kept = case.change(type="metadata", assignedToDisplayName="Somebody")["conversation"]
    assert (kept["priority"], kept["metadata"]["assignedToDisplayName"]) == ("high", "Somebody")
    assert Message.all_workspaces.count() == 1


@pytest.mark.parametrize("reference", ["agent-7", "", "5a51ee79-91da-428f-a510-25ccd9074ae5", "x" * 3000])
def test_assignee_whom_the_desk_does_not_know_is_kept_as_given(case: Case, reference: str) -> None:
    shown = case.change(type="metadata", assignedToUserId=reference)["conversation"]["metadata"]
    assert (shown["assignedToUserId"], shown["assignedToDisplayName"]) == (reference, None)
    assert Conversation.all_workspaces.get().assignee is None


def test_viewer_and_stranger_are_kept_as_given_and_not_assigned(case: Case, vic: Member, cleo: Member) -> None:
    for person in (vic, cleo):
        shown = case.change(type="metadata", assignedToUserId=str(person.user.public_id))["conversation"]
        assert shown["metadata"]["assignedToUserId"] == str(person.user.public_id)
        assert Conversation.all_workspaces.get().assignee is None


def test_assignment_of_the_inbox_is_printed_and_can_be_written_back(
    case: Case, row: Conversation, ada: Member, ben: Member
) -> None:
    actions.assign(conversation=row, to=ben.user, by=ada.actor, at=clock.now())
    actions.set_priority(conversation=row, priority="medium", by=ada.actor, at=clock.now())
    shown = case.read()["conversation"]
    assert shown["metadata"]["assignedToUserId"] == str(ben.user.public_id)
    assert shown["metadata"]["assignedToDisplayName"] == "Ben Kimura"
    before = Event.objects.count()
    names = ("assignedToUserId", "assignedToDisplayName", "tags")
    again = case.change(
        type="metadata", priority=shown["priority"], **{name: shown["metadata"][name] for name in names}
    )["conversation"]
    assert again == shown
    assert Event.objects.count() == before
    assert Conversation.all_workspaces.get().priority == "medium"


def union(*lines: str) -> str:
    return "\n".join(lines)


def test_update_without_a_type_is_held_against_every_schema(case: Case) -> None:
    assert "\n".join(violations(case.send())) == union(
        "body is not matched by any of the provided schemas:",
        "    Schema 0:",
        "      body.type must be defined",
        "      body.body must be defined",
        "    Schema 1:",
        "      body.type must be defined",
        "      body.body must be defined",
        "    Schema 2:",
        "      body.type must be defined",
        "      body.status must be defined",
        "    Schema 3:",
        "      body.type must be defined",
    )


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({"type": "reply", "body": " Hello"}, "body.body must be a trimmed string"),
        ({"type": "reply", "body": "Hello\n"}, "body.body must be a trimmed string"),
        ({"type": "internal-note", "body": "   "}, "body.body must be a trimmed string"),
        ({"type": "reply", "body": ""}, "body.body must be at least 1 characters"),
        ({"type": "reply", "body": 12}, "body.body must be a `string` type, but the final value was: `12`."),
        ({"type": "reply", "body": None}, "body.body cannot be null"),
        ({"type": "reply", "body": "x\x00y"}, "body.body must not contain NUL characters"),
        ({"type": "reply", "body": "x", "conversationId": "y"}, "body contains unknown properties: conversationId"),
        ({"type": "status", "status": "resolved"}, "body.status must be one of the following values: open, pending, closed"),
        ({"type": "status"}, "body.status must be defined"),
        ({"type": "metadata", "tags": None}, "body.tags cannot be null"),
        ({"type": "metadata", "tags": "vip"}, 'body.tags must be a `array` type, but the final value was: `"vip"`.'),
        ({"type": "metadata", "tags": [1]}, "body.tags[0] must be a `string` type, but the final value was: `1`."),
        ({"type": "metadata", "tags": [None]}, "body.tags[0] cannot be null"),
        ({"type": "metadata", "tags": ["x" * 101]}, "body.tags[0] must be at most 100 characters"),
        ({"type": "metadata", "tags": ["x"] * 101}, "body.tags field must have less than or equal to 100 items"),
        ({"type": "metadata", "priority": None}, "body.priority cannot be null"),
        ({"type": "metadata", "priority": "p2"}, "body.priority must be one of the following values: low, normal, high, urgent"),
        ({"type": "metadata", "assignedToUserId": 7}, "body.assignedToUserId must be a `string` type, but the final value was: `7`."),
        ({"type": "metadata", "assignedToUserId": "\x00"}, "body.assignedToUserId must not contain NUL characters"),
        ({"type": "metadata", "status": "closed"}, "body contains unknown properties: status"),
        ({"type": "close"}, "body.type must be one of the following values: metadata"),
        ({"type": "reply", "body": "x", "projectId": "NOPE"}, "body.projectId is invalid"),
    ],
)  # fmt: skip
def test_bad_update_is_a_schema_error_and_changes_nothing(case: Case, body: dict[str, Any], line: str) -> None:
    before = case.read()
    lines = violations(case.send(**body))
    assert lines[0] == "body is not matched by any of the provided schemas:"
    assert f"      {line}" in lines
    assert case.read() == before


@pytest.mark.parametrize("body", ["[]", "12", '"text"', "null", "", "{"])
def test_update_that_is_no_object_is_refused(case: Case, body: str) -> None:
    answer = case.api.patch(case.path, body)
    assert answer.status_code == 400
    assert answer.json()["code"] == ("BODY_PARSING_ERROR" if body == "{" else "SCHEMA_ERROR")


# --- Who writes ---------------------------------------------------------------------------------


def test_key_writes_in_its_own_name(case: Case) -> None:
    sender = case.change(type="reply", body="Hello")["messages"][1]["sender"]
    assert sender == {"type": "agent", "id": None, "displayName": "Test key", "primaryEmail": None}


def test_access_token_beside_a_server_key_names_the_agent(case: Case, acme: Workspace, ben: Member) -> None:
    case.api.headers["x-stack-access-token"] = token(acme, "b-1", email="BEN@acme.example", name="Benny")
    sender = case.change(type="reply", body="Hello")["messages"][1]["sender"]
    assert sender == {
        "type": "agent",
        "id": str(ben.user.public_id),
        "displayName": "Ben Kimura",
        "primaryEmail": "ben@acme.example",
    }
    assert Message.all_workspaces.latest("pk").sender_user == ben.user
    case.api.headers["x-stack-access-token"] = token(acme, "jon-1", email="jon@billing.example", name="Jon")
    sender = case.change(type="internal-note", body="Hello")["messages"][2]["sender"]
    assert sender == {
        "type": "agent",
        "id": "jon-1",
        "displayName": "Jon",
        "primaryEmail": "jon@billing.example",
    }


def test_operator_of_the_inbox_is_named_by_id(case: Case, row: Conversation, ben: Member) -> None:
    reply(row, by=ben.actor)
    assert case.read()["messages"][1]["sender"]["id"] == str(ben.user.public_id)


# --- A signed-in member -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-stack-project-id": "internal"},
        {"x-hexclave-access-type": "client", "x-hexclave-project-id": "internal"},
        {
            "x-hexclave-access-type": "client",
            "x-hexclave-project-id": "internal",
            "x-hexclave-publishable-client-key": "pck_example",
        },
    ],
)
def test_signed_in_member_needs_no_key(ben: Member, row: Conversation, project: str, headers: dict[str, str]) -> None:
    api = browser(ben)
    api.headers = headers
    assert len(listed(api, project)) == 1
    thread = Case(api, row, project).change(type="reply", body="Hello")
    assert thread["messages"][1]["sender"] == {
        "type": "agent",
        "id": str(ben.user.public_id),
        "displayName": "Ben Kimura",
        "primaryEmail": "ben@acme.example",
    }


def test_session_names_the_workspace_in_any_of_its_ways(ben: Member, acme: Workspace, row: Conversation) -> None:
    for name in (acme.public_id, acme.slug, acme.pk):
        assert len(listed(browser(ben), str(name))) == 1
    own = {"x-stack-access-type": "client", "x-stack-project-id": str(acme.public_id)}
    api = Api(own, browser(ben).client)
    assert len(listed(api, str(acme.public_id))) == 1
    api.headers["x-stack-project-id"] = str(uuid.uuid4())
    assert api.get(f"{AGENT}?projectId={acme.public_id}").json()["code"] == "CURRENT_PROJECT_NOT_FOUND"


def test_writing_by_session_needs_the_csrf_token(ben: Member, row: Conversation, project: str) -> None:
    api = browser(ben, checks=True)
    assert len(listed(api, project)) == 1
    refused = Case(api, row, project).send(type="reply", body="Hello")
    assert (refused.status_code, refused["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert Message.all_workspaces.count() == 1
    api.client.cookies["csrftoken"] = "c" * 32
    api.headers["X-CSRFToken"] = "c" * 32
    assert Case(api, row, project).send(type="reply", body="Hello").status_code == 200


def test_stranger_gets_what_a_missing_project_gets(cleo: Member, row: Conversation, project: str) -> None:
    api = browser(cleo)
    for name in (project, str(uuid.uuid4())):
        answer = api.get(f"{AGENT}?projectId={name}")
        assert (answer.status_code, answer.json()["code"]) == (404, "PROJECT_NOT_FOUND")
        answer = Case(api, row, name).send(type="reply", body="Hello")
        assert (answer.status_code, answer.json()["code"]) == (404, "PROJECT_NOT_FOUND")
    assert violations(api.get(f"{AGENT}?projectId=acme")) == ["query.projectId is invalid"]
    assert Message.all_workspaces.count() == 1


def test_viewer_reads_and_changes_nothing(vic: Member, row: Conversation, project: str) -> None:
    api = browser(vic)
    assert len(listed(api, project)) == 1
    case = Case(api, row, project)
    before = case.read()
    for change in CHANGES:
        answer = case.send(**change)
        assert (answer.status_code, answer["Content-Type"]) == (403, "text/plain; charset=utf-8")
    assert api.post(AGENT, starting(project)).status_code == 403
    assert case.read() == before


def test_person_who_was_let_go_is_nobody(ben: Member, project: str) -> None:
    api = browser(ben)
    User.objects.filter(pk=ben.user.pk).update(is_active=False)
    assert api.get(f"{AGENT}?projectId={project}").json()["code"] == "ACCESS_TYPE_REQUIRED"


def test_key_wins_over_a_session(cleo: Member, team: Api, row: Conversation, project: str) -> None:
    both = Api(team.headers, browser(cleo).client)
    assert len(listed(both, project)) == 1


# --- Writing twice ------------------------------------------------------------------------------


def test_repeating_with_the_same_key_replays_the_first_answer(case: Case, ben: Member, row: Conversation) -> None:
    for api in (case.api, browser(ben)):
        api.headers = {**api.headers, "Idempotency-Key": "k1"}
        mine = Case(api, row, case.project)
        before = Message.all_workspaces.count()
        first, again = (mine.send(type="reply", body="Once") for _ in range(2))
        assert (first.status_code, again.content, again["Idempotent-Replayed"]) == (200, first.content, "true")
        assert Message.all_workspaces.count() == before + 1
        other = mine.send(type="reply", body="Twice")
        assert violations(other) == ["headers.idempotency-key was used before with another request"]
        assert Message.all_workspaces.count() == before + 1
