"""The Bancroft wire format: conversations, call by call."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.dialects.bancroft.filters import Window
from conversations.models import Channel, Contact, Conversation, Message, SenderKind
from tests.conftest import Key, Member
from tests.dialects.bancroft_client import BODY, CONVERSATIONS, CREATE, MOMENT, Api
from tests.factories import ContactFactory, ConversationFactory, receive, reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(acme_key: Key) -> Api:
    return Api(acme_key.secret)


# --- Creating -----------------------------------------------------------------------------------


def test_subject_alone_makes_an_anonymous_conversation_without_a_message(api: Api) -> None:
    made = api.post(CREATE, {"subject": "Hello"}).json()
    assert (made["channel"], made["priority"], made["metadata"]) == ("api", "normal", {})
    assert made["requester"] == {"email": None, "first_name": None, "last_name": None}
    assert not Message.all_workspaces.exists()
    api.post(CREATE, {"subject": "Hello"})
    assert Contact.all_workspaces.count() == 2


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ({"message": "It broke."}, ["It broke."]),
        ({"message": "It broke.", "description": " "}, ["It broke."]),
        ({"message": "It broke.", "description": None}, ["It broke."]),
        ({"message": "It broke.", "description": "Order #1"}, ["Order #1"]),
        ({"message": ""}, []),
    ],
)
def test_message_stands_in_for_description(api: Api, body: dict[str, Any], texts: list[str]) -> None:
    made = api.post(CREATE, {"subject": "Hello", "user_email": "jane@example.com", **body}).json()
    listed = api.get(f"{CONVERSATIONS}{made['id']}/messages/").json()["results"]
    assert [(row["body"], row["sender_email"]) for row in listed] == [(text, "jane@example.com") for text in texts]


def test_null_counts_as_omitted(api: Api) -> None:
    optional = dict.fromkeys(
        ("user_email", "description", "message", "user_first_name", "user_last_name", "priority", "channel", "metadata")
    )
    made = api.post(CREATE, {"subject": "Hello", **optional}).json()
    assert (made["channel"], made["priority"], made["metadata"]) == ("api", "normal", {})


def test_names_count_only_for_someone_new(api: Api) -> None:
    api.create()
    again = api.create(user_email=" Customer@Example.COM ", user_first_name="Janet", user_last_name="")
    assert again["requester"] == {"email": "customer@example.com", "first_name": "Jane", "last_name": "Doe"}
    assert again["number"] == 2
    assert Contact.all_workspaces.count() == 1


def test_person_with_one_name_is_printed_in_two_parts(api: Api, acme: Workspace) -> None:
    ContactFactory(workspace=acme, email="customer@example.com", name="Nia van Okafor")
    requester = api.create()["requester"]
    assert (requester["first_name"], requester["last_name"]) == ("Nia", "van Okafor")


@pytest.mark.parametrize(
    ("sent", "stored"), [("web", "chat"), ("email", "email"), ("api", "api"), ("callback", "callback")]
)
def test_channels_are_translated(api: Api, sent: str, stored: str) -> None:
    assert api.create(channel=sent)["channel"] == sent
    assert Conversation.all_workspaces.get().channel == stored


def test_channels_and_priorities_of_other_products_print_as_their_twins(api: Api, acme: Workspace) -> None:
    for channel, priority in ((Channel.DISCORD, "medium"), (Channel.MANUAL, "critical"), (Channel.API, "p2")):
        ConversationFactory(workspace=acme, channel=channel, priority=priority)
    listed = api.get(CONVERSATIONS).json()["results"][::-1]
    assert [(row["channel"], row["priority"]) for row in listed] == [
        ("web", "normal"),
        ("api", "urgent"),
        ("api", "normal"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": None}, "subject"),
        ({"subject": ""}, "subject"),
        ({"subject": "  "}, "subject"),
        ({"subject": "x" * 501}, "subject"),
        ({"subject": 12}, "subject"),
        ({"subject": "nul \x00"}, "subject"),
        ({"user_email": "no-address"}, "user_email"),
        ({"user_email": 7}, "user_email"),
        ({"user_email": "x" * 250 + "@example.com"}, "user_email"),
        ({"description": ["x"]}, "description"),
        ({"description": "nul \x00"}, "description"),
        ({"message": 7}, "message"),
        ({"message": "nul \x00"}, "message"),
        ({"description": None, "message": "x" * 1_000_001}, "message"),
        ({"user_first_name": "x" * 151}, "user_first_name"),
        ({"user_last_name": {}}, "user_last_name"),
        ({"priority": "medium"}, "priority"),
        ({"priority": ""}, "priority"),
        ({"channel": "discord"}, "channel"),
        ({"channel": 1}, "channel"),
        ({"metadata": []}, "metadata"),
        ({"metadata": "text"}, "metadata"),
        ({"metadata": {"a": "nul \x00"}}, "metadata"),
        ({"metadata": {"nul \x00": 1}}, "metadata"),
        ({"metadata": {"a": [1e30]}}, "metadata"),
        ({"metadata": {"a": 2**64}}, "metadata"),
        ({"metadata": json.loads('{"a":' * 40 + "1" + "}" * 40)}, "metadata"),
    ],
)
def test_bad_field_is_named_and_changes_nothing(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api.post(CREATE, {**BODY, **change})
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == {field}
    assert all(isinstance(words, str) for words in answer.json()[field])
    assert not Conversation.all_workspaces.exists()
    assert not Contact.all_workspaces.exists()


def test_every_bad_field_is_named(api: Api) -> None:
    assert set(api.post(CREATE, {"priority": "x", "channel": "x"}).json()) == {"subject", "priority", "channel"}


def test_longest_values_are_kept(api: Api) -> None:
    made = api.create(subject="ü" * 500, user_first_name="a" * 150, user_last_name="b" * 150)
    assert made["subject"] == "ü" * 500
    assert api.get(f"{CONVERSATIONS}{made['id']}/").json() == made


def test_metadata_comes_back_as_it_was_sent(api: Api) -> None:
    metadata = {"phone": "+44", "n": [1, 1.5, -0.25, 2**63 - 1, None, True], "": {"ü": {}}, "e": 1e-20}
    made = api.create(metadata=metadata)
    assert made["metadata"] == metadata
    assert api.get(f"{CONVERSATIONS}{made['id']}/").json()["metadata"] == metadata


@pytest.mark.parametrize("body", ["{", "[]", '"text"', "null", "12", '{"subject": NaN}', "[" * 5000, b"\xff\xfe"])
def test_body_that_is_no_json_object_is_refused(api: Api, body: Any) -> None:
    answer = api.post(CREATE, body)
    assert (answer.status_code, set(answer.json())) == (400, {"detail"})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"subject": "\\ud800"}', "subject"),
        ('{"subject": "s", "metadata": {"a": [1, "half \\udc00"]}}', "metadata"),
        ('{"subject": "s", "metadata": {"\\ud800": 1}}', "metadata"),
        ('{"subject": "s", "metadata": {"a": 1e999}}', "metadata"),
        ('{"subject": "s", "metadata": {"a": ' + "9" * 5000 + "}}", "metadata"),
    ],
)
def test_value_that_nothing_can_hold_is_named(api: Api, body: str, field: str) -> None:
    answer = api.post(CREATE, body)
    assert (answer.status_code, set(answer.json())) == (400, {field})
    assert not Conversation.all_workspaces.exists()


def test_body_over_the_limit_is_413_in_the_format(api: Api) -> None:
    answer = api.post(CREATE, {**BODY, "description": "x" * 1_100_000})
    assert (answer.status_code, set(answer.json())) == (413, {"detail"})


# --- Listing ------------------------------------------------------------------------------------


def test_list_is_newest_first_and_pages_by_offset(api: Api, acme: Workspace) -> None:
    at = clock.now()
    rows = [
        ConversationFactory(workspace=acme, subject=f"Case {n}", at=at + timedelta(seconds=n), body=None)
        for n in range(5)
    ]
    receive(rows[0], at=at + timedelta(hours=1))
    seen = []
    for offset in (0, 2, 4, 6):
        listed = api.get(f"{CONVERSATIONS}?limit=2&offset={offset}").json()
        assert (set(listed), listed["count"]) == ({"count", "results"}, 5)
        seen += [row["subject"] for row in listed["results"]]
    assert seen == ["Case 4", "Case 3", "Case 2", "Case 1", "Case 0"]


@pytest.mark.parametrize(
    ("sent", "window"),
    [
        ({}, Window(20, 0)),
        ({"limit": "5", "offset": "7"}, Window(5, 7)),
        ({"limit": "100"}, Window(100, 0)),
        ({"limit": "101"}, Window(100, 0)),
        ({"limit": "0"}, Window(20, 0)),
        ({"limit": "-1", "offset": "-1"}, Window(20, 0)),
        ({"limit": "abc", "offset": "1.5"}, Window(20, 0)),
        ({"limit": "", "offset": ""}, Window(20, 0)),
        ({"limit": "9" * 5000, "offset": "9" * 5000}, Window(100, int("9" * 20))),
        ({"limit": "0" * 5000 + "7", "offset": " +7 "}, Window(7, 7)),
        ({"limit": "1_0", "offset": "٣"}, Window(20, 0)),
    ],
)
def test_limit_and_offset_are_forgiving(sent: dict[str, str], window: Window) -> None:
    assert Window.of(sent) == window


def test_offset_beyond_the_end_is_an_empty_page(api: Api) -> None:
    api.create()
    listed = api.get(f"{CONVERSATIONS}?offset={10**30}").json()
    assert listed == {"count": 1, "results": []}


def test_filters(api: Api, acme: Workspace, ben: Member) -> None:
    rows = {
        status: ConversationFactory(workspace=acme, subject=status)
        for status in ("open", "pending", "resolved", "closed")
    }
    for status, row in rows.items():
        actions.set_status(conversation=row, status=status, by=ben.actor, at=clock.now())

    def found(query: str) -> list[str]:
        listed = api.get(f"{CONVERSATIONS}?{query}").json()
        assert listed["count"] == len(listed["results"])
        return [row["subject"] for row in listed["results"]]

    for status in rows:
        assert found(f"status={status}") == [status]
    email = rows["closed"].contact.email
    assert found(f"user_email={email.upper()}") == ["closed"]
    assert found(f"user_email={email}&status=open") == []
    assert found("user_email=nobody@example.com") == []


@pytest.mark.parametrize(
    "query",
    ["status=solved", "status=OPEN", "status=", "user_email=", "user_email=nobody", "user_email=a%00@b.example"],
)
def test_unknown_filter_value_is_refused(api: Api, query: str) -> None:
    answer = api.get(f"{CONVERSATIONS}?{query}")
    assert (answer.status_code, set(answer.json())) == (400, {query.split("=")[0]})


# --- One conversation ---------------------------------------------------------------------------


def test_resolve_closes_and_a_closed_one_stays_as_it_is(api: Api) -> None:
    made = api.create()
    path = f"{CONVERSATIONS}{made['id']}/"
    closed = api.post(f"{path}resolve/")
    assert closed.status_code == 200
    assert closed.json() == {**made, "status": "closed", "updated_at": closed.json()["updated_at"]}
    before = Event.objects.count()
    assert api.post(f"{path}resolve/", {"any": "body"}).json() == closed.json()
    assert Event.objects.count() == before
    assert api.get(path).json() == closed.json()


@pytest.mark.parametrize("body", ["{", '{"note": NaN}', b"\xff\xfe"])
def test_resolve_with_a_body_that_is_no_json_changes_nothing(api: Api, body: Any) -> None:
    made = api.create()
    answer = api.post(f"{CONVERSATIONS}{made['id']}/resolve/", body)
    assert (answer.status_code, set(answer.json())) == (400, {"detail"})
    assert api.get(f"{CONVERSATIONS}{made['id']}/").json() == made


def test_resolved_one_is_closed_too(api: Api, acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=acme)
    actions.set_status(conversation=row, status="resolved", by=ben.actor, at=clock.now())
    assert api.post(f"{CONVERSATIONS}{row.public_id}/resolve/").json()["status"] == "closed"


# --- Messages -----------------------------------------------------------------------------------


def test_email_says_who_writes(api: Api, ben: Member) -> None:
    path = f"{CONVERSATIONS}{api.create()['id']}/"
    team = {"body": "Sure! Let me look into that.", "user_email": "agent@yourcompany.com"}
    answer = api.post(f"{path}messages/create/", team)
    assert answer.status_code == 201
    shown = answer.json()
    assert MOMENT.fullmatch(shown["created_at"])
    assert {name: shown[name] for name in ("sender_email", "body", "message_type")} == {
        "sender_email": "agent@yourcompany.com",
        "body": "Sure! Let me look into that.",
        "message_type": "reply",
    }
    assert api.get(path).json()["status"] == "pending"
    api.post(f"{path}messages/create/", {"body": "Thanks", "user_email": "Customer@example.com"})
    assert api.get(path).json()["status"] == "open"
    api.post(f"{path}messages/create/", {"body": "Welcome", "user_email": ben.user.email})
    listed = api.get(f"{path}messages/").json()
    assert listed["count"] == 4
    assert [row["sender_email"] for row in listed["results"]] == [
        "customer@example.com",
        "agent@yourcompany.com",
        "customer@example.com",
        ben.user.email,
    ]
    assert listed["results"][1] == shown
    kinds = [(row.sender_kind, row.sender_user_id) for row in Message.all_workspaces.order_by("pk")]
    assert kinds == [("customer", None), ("agent", None), ("customer", None), ("agent", ben.user.pk)]


def test_notes_and_status_changes_stay_out_of_the_messages(api: Api, acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=acme, body="Hello")
    actions.note(conversation=row, body="Secret", by=ben.actor, at=clock.now())
    actions.set_status(conversation=row, status="pending", by=ben.actor, at=clock.now())
    listed = api.get(f"{CONVERSATIONS}{row.public_id}/messages/").json()
    assert (listed["count"], [message["body"] for message in listed["results"]]) == (1, ["Hello"])


def test_message_without_an_address_has_none(api: Api, acme: Workspace) -> None:
    row = ConversationFactory(workspace=acme, body=None)
    reply(row, by=Actor.system(acme.pk))
    listed = api.get(f"{CONVERSATIONS}{row.public_id}/messages/").json()
    assert listed["results"][0]["sender_email"] is None


# --- Cost ---------------------------------------------------------------------------------------


def test_every_call_costs_the_same_queries_for_one_row_and_for_twenty(api: Api, acme: Workspace, ben: Member) -> None:
    costs: list[dict[str, int]] = []
    api.get(CONVERSATIONS)  # the key's last use is noted once a minute
    for rows in (1, 20):
        made = [ConversationFactory(workspace=acme) for _ in range(rows)]
        for _ in range(rows):
            receive(made[0])
        email, path = made[0].contact.email, f"{CONVERSATIONS}{made[0].public_id}/"
        calls: dict[str, tuple[str, str, Any]] = {
            "list": ("GET", CONVERSATIONS, None),
            "list of a status": ("GET", f"{CONVERSATIONS}?status=open", None),
            "list of a person": ("GET", f"{CONVERSATIONS}?user_email={email}", None),
            "retrieve": ("GET", path, None),
            "messages": ("GET", f"{path}messages/", None),
            "create": ("POST", CREATE, {**BODY, "user_email": email}),
            "customer writes": ("POST", f"{path}messages/create/", {"body": "Hi", "user_email": email}),
            "agent writes": ("POST", f"{path}messages/create/", {"body": "Hi", "user_email": ben.user.email}),
            "resolve": ("POST", f"{path}resolve/", None),
        }
        costs.append({})
        for name, (method, to, body) in calls.items():
            with CaptureQueriesContext(connection) as seen:
                assert api.call(method, to, body).status_code < 300
            costs[-1][name] = sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in seen)
    assert costs[0] == costs[1]
    assert {
        name: costs[0][name] for name in ("list", "list of a status", "list of a person", "retrieve", "messages")
    } == {
        "list": 3,
        "list of a status": 3,
        "list of a person": 3,
        "retrieve": 2,
        "messages": 3,
    }


# --- Other addresses of the requester -----------------------------------------------------------


def test_requester_writes_from_another_verified_address_too(api: Api, acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=acme)
    act: dict[str, Any] = {"by": ben.actor, "at": clock.now()}
    actions.add_address(contact=row.contact, kind="email", value="work@example.com", **act)
    actions.add_address(contact=row.contact, kind="email", value="typed@example.com", is_verified=False, **act)
    old = ContactFactory(workspace=acme, email="old@example.com", is_email_verified=False)
    actions.merge_contacts(contact=old, into=row.contact, **act)
    path = f"{CONVERSATIONS}{row.public_id}/messages/create/"
    for email, sender in (
        ("Work@example.com", SenderKind.CUSTOMER), ("old@example.com", SenderKind.CUSTOMER), (row.contact.email, SenderKind.CUSTOMER),
        ("typed@example.com", SenderKind.AGENT), ("nobody@example.com", SenderKind.AGENT),
    ):  # fmt: skip
        made = api.post(path, {"body": "Hello", "user_email": email}).json()
        assert made["sender_email"] == email.lower()
        assert Message.all_workspaces.get(public_id=made["id"]).sender_kind == sender, email
    assert api.get(f"{CONVERSATIONS}?user_email=work@example.com").json()["count"] == 1
    assert api.get(f"{CONVERSATIONS}?user_email=typed@example.com").json()["count"] == 0
