"""The Hexclave wire format as agents read it and begin conversations: camelCase, notes and all, one workspace at a time."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from accounts import clock
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.models import Channel, Contact, Conversation, EntryPoint, Handler, Message
from tests.conftest import Key
from tests.dialects.hexclave_client import (
    AGENT,
    Api,
    Case,
    agent,
    listed,
    starting,
    violations,
)
from tests.factories import ContactFactory, ConversationFactory, receive, reply

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


# --- Reading ------------------------------------------------------------------------------------


def test_detail_has_messages_and_entry_points(case: Case, team: Api, row: Conversation, project: str) -> None:
    thread = case.read()
    assert set(thread) == {"conversation", "messages", "entryPoints"}
    assert thread["conversation"] == listed(team, project)[0]
    (message,) = thread["messages"]
    moment = thread["conversation"]["createdAt"]
    assert uuid.UUID(message.pop("id"))
    assert message == {
        "conversationId": str(row.public_id),
        "userId": "mira",
        "teamId": None,
        "subject": row.subject,
        "status": "open",
        "priority": "normal",
        "source": "chat",
        "messageType": "message",
        "body": "My June invoice is in USD.",
        "attachments": [],
        "metadata": None,
        "createdAt": moment,
        "sender": {
            "type": "user",
            "id": "mira",
            "displayName": "Mira Okafor",
            "primaryEmail": "mira@sample.test",
        },
    }
    (door,) = thread["entryPoints"]
    assert uuid.UUID(door.pop("id"))
    assert door == {
        "channelType": "chat",
        "adapterKey": "support-chat",
        "externalChannelId": None,
        "isEntryPoint": True,
        "metadata": None,
        "createdAt": moment,
        "updatedAt": moment,
    }


def test_list_is_newest_activity_first_notes_counted_in(team: Api, acme: Workspace, project: str) -> None:
    at = clock.now()
    rows = [ConversationFactory(workspace=acme, subject=f"Case {n}", at=at + timedelta(seconds=n)) for n in range(3)]
    note = actions.note(conversation=rows[0], body="Look", by=Actor.system(acme.pk), at=at + timedelta(minutes=1))
    shown = listed(team, project)
    assert [item["subject"] for item in shown] == ["Case 0", "Case 2", "Case 1"]
    assert (shown[0]["lastMessageType"], shown[0]["preview"]) == ("internal-note", "Look")
    assert shown[0]["lastActivityAt"] == shown[0]["lastMessageAt"] == shown[0]["updatedAt"]
    assert shown[0]["lastActivityAt"] > shown[0]["lastInboundAt"]
    assert note.body == "Look"
    page = team.get(f"{AGENT}?projectId={project}&limit=1&offset=1").json()
    assert ([item["subject"] for item in page["conversations"]], page["hasMore"]) == (["Case 2"], True)


def test_filters_take_the_values_that_are_printed(team: Api, acme: Workspace, project: str) -> None:
    rows = {
        status: ConversationFactory(workspace=acme, subject=status)
        for status in ("open", "pending", "resolved", "closed")
    }
    for status, row in rows.items():
        actions.set_status(conversation=row, status=status, by=Actor.system(acme.pk), at=clock.now())

    def subjects(query: str) -> set[str]:
        return {item["subject"] for item in listed(team, project, query)}

    assert subjects("status=closed") == {"resolved", "closed"}
    assert subjects("status=pending") == {"pending"}
    contact = rows["open"].contact
    assert subjects(f"userId={contact.external_id}") == subjects(f"userId={contact.public_id}") == {"open"}
    assert subjects(f"userId={uuid.uuid4()}") == subjects("userId=nobody") == set()
    assert subjects(f"status=closed&userId={contact.external_id}") == set()
    assert subjects("query=RESOL") == {"resolved"}


def test_search_reads_the_last_note_too(team: Api, row: Conversation, acme: Workspace, project: str) -> None:
    actions.note(conversation=row, body="Fraud 100% sure", by=Actor.system(acme.pk), at=clock.now())
    assert len(listed(team, project, "query=fraud 100%25")) == 1
    assert listed(team, project, "query=June") == []


@pytest.mark.parametrize(
    ("query", "lines"),
    [
        ("", ["query.projectId must be defined"]),
        ("projectId=", ["query.projectId is invalid"]),
        ("projectId=nope", ["query.projectId is invalid"]),
        ("projectId=9A3E5F10-6B7C-4D28-8E91-0C4F2B6D7A35", ["query.projectId is invalid"]),
        ("projectId=9a3e5f10-6b7c-1d28-8e91-0c4f2b6d7a35", ["query.projectId is invalid"]),
        ("projectId={project}&status=resolved", ["query.status must be one of the following values: open, pending, closed"]),
        ("projectId={project}&userId=me", ["query.userId must be a valid UUID"]),
        ("projectId={project}&userId=", ["query.userId must be a valid UUID"]),
        ("projectId={project}&assignee=x&tag=y", ["query contains unknown properties: assignee, tag"]),
        ("status=x", [
            "query.projectId must be defined", "query.status must be one of the following values: open, pending, closed",
        ]),
    ],
)  # fmt: skip
def test_bad_query_is_a_schema_error(team: Api, project: str, query: str, lines: list[str]) -> None:
    assert violations(team.get(f"{AGENT}?{query.format(project=project)}")) == lines


def test_workspace_is_named_by_public_id_slug_or_number(team: Api, acme: Workspace, row: Conversation) -> None:
    for name in (acme.public_id, acme.slug, acme.pk):
        assert len(listed(team, str(name))) == 1


def test_another_project_is_answered_as_a_missing_one(team: Api, globex: Workspace, row: Conversation) -> None:
    path = f"{AGENT}/{row.public_id}"
    for name in (str(globex.public_id), str(uuid.uuid4()), "internal"):
        for answer in (
            team.get(f"{AGENT}?projectId={name}"),
            team.get(f"{path}?projectId={name}"),
            team.patch(path, {"projectId": name, "type": "reply", "body": "x"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "PROJECT_NOT_FOUND")
            assert answer.json()["details"] == {"project_id": name}
            assert answer["X-Stack-Known-Error"] == "PROJECT_NOT_FOUND"
    for name in (globex.slug, "never-heard-of", str(globex.pk)):
        assert violations(team.get(f"{AGENT}?projectId={name}")) == ["query.projectId is invalid"]
    assert Message.all_workspaces.count() == 1


def test_what_the_assistant_handles_is_not_listed(team: Api, acme: Workspace, project: str) -> None:
    ConversationFactory(workspace=acme, handler=Handler.ASSISTANT)
    assert listed(team, project) == []


def test_conversation_without_a_message_can_be_opened_and_answered(team: Api, acme: Workspace, project: str) -> None:
    case = Case(team, ConversationFactory(workspace=acme, body=None), project)
    thread = case.read()
    assert (thread["messages"], thread["conversation"]["preview"]) == ([], None)
    assert thread["conversation"]["lastMessageType"] == "message"
    assert len(case.change(type="reply", body="How can we help?")["messages"]) == 1


# --- Starting a conversation for a customer -----------------------------------------------------


def test_create_answers_200_with_the_id_alone(team: Api, contact: Contact, project: str) -> None:
    answer = team.post(AGENT, starting(project))
    assert (answer.status_code, set(answer.json())) == (200, {"conversationId"})
    thread = team.get(f"{AGENT}/{answer.json()['conversationId']}?projectId={project}").json()
    shown = thread["conversation"]
    assert (shown["subject"], shown["status"], shown["priority"], shown["source"]) == (
        "Follow-up on your migration",
        "open",
        "high",
        "manual",
    )
    assert (shown["lastInboundAt"], shown["metadata"]["lastCustomerReplyAt"]) == (None, None)
    assert shown["lastOutboundAt"] == shown["metadata"]["lastAgentReplyAt"] == shown["createdAt"]
    assert shown["metadata"]["firstResponseAt"] is None
    (message,) = thread["messages"]
    assert (message["body"], message["sender"]["type"]) == ("Did the import finish?", "agent")


@pytest.mark.parametrize(
    ("source", "channel", "adapter"),
    [
        (None, "manual", "support-dashboard"),
        ("manual", "manual", "support-dashboard"),
        ("chat", "chat", "support-chat"),
        ("email", "email", "support-dashboard"),
        ("api", "api", "support-dashboard"),
    ],
)
def test_source_decides_the_entry_point(
    team: Api, contact: Contact, project: str, source: str | None, channel: str, adapter: str
) -> None:
    made = team.post(AGENT, starting(project, **({"source": source} if source else {}))).json()["conversationId"]
    case = Case(team, Conversation.all_workspaces.get(public_id=made), project)
    thread = case.change(type="reply", body="Hello?")
    assert thread["conversation"]["source"] == channel
    doors = [(d["channelType"], d["adapterKey"], d["isEntryPoint"]) for d in thread["entryPoints"]]
    later = [] if source == "chat" else [("chat", "support-chat", False)]
    assert doors == [(channel, adapter, True), *later]
    assert case.change(type="reply", body="Still there?")["entryPoints"] == thread["entryPoints"]


@pytest.mark.parametrize("by_public_id", [False, True])
def test_user_without_an_id_of_their_own_is_named_by_the_desks(
    team: Api, acme: Workspace, project: str, by_public_id: bool
) -> None:
    given = {"external_id": "cus_1"} if by_public_id else {"external_id": None}
    contact = actions.identify(
        workspace=acme, email="jane@example.com", by=Actor.system(acme.pk), at=clock.now(), **given
    )
    assert team.post(AGENT, starting(project, userId=str(contact.public_id))).status_code == 200
    assert listed(team, project)[0]["userId"] == contact.reference


def test_unknown_user_is_a_known_error(team: Api, globex: Workspace, project: str) -> None:
    foreign = ContactFactory(workspace=globex)
    for some in ("nobody", str(uuid.uuid4()), foreign.external_id, str(foreign.public_id)):
        answer = team.post(AGENT, starting(project, userId=some))
        assert (answer.status_code, answer.json()["code"]) == (400, "USER_ID_DOES_NOT_EXIST")
        assert answer.json()["details"] == {"user_id": some}
    assert not Conversation.all_workspaces.exists()


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"priority": None}, "body.priority cannot be null"),
        ({"priority": "medium"}, "body.priority must be one of the following values: low, normal, high, urgent"),
        ({"priority": 3}, "body.priority must be one of the following values: low, normal, high, urgent"),
        ({"source": "discord"}, "body.source must be one of the following values: manual, chat, email, api"),
        ({"source": None}, "body.source cannot be null"),
        ({"subject": " "}, "body.subject must be at least 1 characters"),
        ({"initialMessage": ""}, "body.initialMessage must be at least 1 characters"),
        ({"initialMessage": "\x00"}, "body.initialMessage must not contain NUL characters"),
        ({"userId": ""}, "body.userId must be a valid UUID"),
        ({"userId": ["mira"]}, 'body.userId must be a `string` type, but the final value was: `[\n    "mira"\n  ]`.'),
        ({"projectId": "acme corp"}, "body.projectId is invalid"),
        ({"projectId": None}, "body.projectId cannot be null"),
        ({"tags": []}, "body contains unknown properties: tags"),
    ],
)
def test_bad_start_is_a_schema_error_and_changes_nothing(
    team: Api, contact: Contact, project: str, change: dict[str, Any], line: str
) -> None:
    assert "\n".join(violations(team.post(AGENT, starting(project, **change)))) == line
    assert not Conversation.all_workspaces.exists()


def test_priority_has_no_default(team: Api, contact: Contact, project: str) -> None:
    body = starting(project)
    del body["priority"]
    assert violations(team.post(AGENT, body)) == ["body.priority must be defined"]


# --- Cost ------------------------------------------------------------------------------------------


def test_list_costs_the_same_queries_for_one_row_and_for_twenty(
    team: Api, acme: Workspace, project: str, django_assert_num_queries: Any
) -> None:
    known = ContactFactory(workspace=acme)
    ConversationFactory(workspace=acme, contact=known)
    listed(team, project)
    for rows in (1, 20):
        while Conversation.all_workspaces.count() < rows:
            reply(ConversationFactory(workspace=acme, contact=known))
        with django_assert_num_queries(2):
            assert len(listed(team, project)) == rows
        with django_assert_num_queries(3):
            assert len(listed(team, project, f"userId={known.external_id}")) == rows


def test_thread_and_changes_cost_the_same_queries_for_one_message_and_for_twenty(
    case: Case, row: Conversation, django_assert_num_queries: Any
) -> None:
    case.read()
    for count in (1, 20):
        while Message.all_workspaces.count() < count:
            receive(row)
        with django_assert_num_queries(5):
            assert len(case.read()["messages"]) == count


def test_entry_points_of_a_conversation_are_in_order(case: Case, row: Conversation) -> None:
    receive(row, door=Door(Channel.EMAIL, "support-email"))
    assert [door["channelType"] for door in case.read()["entryPoints"]] == ["chat", "email"]
    assert EntryPoint.all_workspaces.count() == 2


def test_any_key_works_here_whatever_format_it_was_made_for(acme_key: Key, row: Conversation, project: str) -> None:
    assert len(listed(Api(acme_key.bearer), project)) == 1
