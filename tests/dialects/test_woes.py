"""The Woes wire format, call by call."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import clock
from accounts.credentials import identity
from accounts.models import Event, IdempotentRequest, KeyKind, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Channel, Contact, Conversation, Message
from tests.conftest import Key, Member
from tests.factories import ConversationFactory, api_key, receive, reply

pytestmark = pytest.mark.django_db

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
CONVERSATIONS = "/api/v1/conversations"
BODY = {
    "externalId": "ticket_123",
    "subject": "Need help with auth",
    "customer": {"id": "cus_123", "name": "Ada Lovelace", "email": "ada@example.com", "company": "Example API Co"},
}


class Api:
    """A Woes client: JSON in, JSON out."""

    def __init__(self, key: str | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.key = key

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        kwargs = {} if body is None else {"data": data, "content_type": "application/json"}
        return self.client.generic(method, path, headers=headers, **kwargs)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)


@pytest.fixture
def api(acme_key: Key) -> Api:
    return Api(acme_key.secret)


def create(api: Api, **changes: Any) -> dict[str, Any]:
    answer = api.post(CONVERSATIONS, {**BODY, "externalId": None, **changes})
    assert answer.status_code == 201, answer.content
    return answer.json()["conversation"]


def test_message_of_a_new_conversation_is_the_customers_first(api: Api) -> None:
    made = create(api, message="I get a 401.")
    assert (made["subject"], made["preview"]) == (BODY["subject"], "I get a 401.")
    listed = api.get(f"{CONVERSATIONS}/{made['id']}/messages").json()["messages"]
    assert [(row["role"], row["body"]) for row in listed] == [("user", "I get a 401.")]
    for nothing in (None, "", "  "):
        made = create(api, message=nothing)
        assert made["preview"] == made["subject"]


def test_repeated_external_id_is_a_conflict_in_its_workspace_alone(api: Api, globex_key: Key) -> None:
    assert api.post(CONVERSATIONS, BODY).status_code == 201
    repeated = api.post(CONVERSATIONS, BODY)
    assert (repeated.status_code, repeated.json()["code"]) == (409, "conflict")
    assert Api(globex_key.secret).post(CONVERSATIONS, BODY).status_code == 201
    assert Conversation.all_workspaces.count() == 2


def test_customer_is_found_again_by_id_and_by_email(api: Api) -> None:
    create(api)
    create(api, customer={"id": "cus_123", "company": "Renamed Co"})
    contact = Contact.all_workspaces.get()
    assert (contact.company, contact.email) == ("Renamed Co", "ada@example.com")
    create(api, customer={"id": "cus_999", "email": "ada@example.com"})
    assert Contact.all_workspaces.count() == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"subject": None}, "subject"),
        ({"subject": "  "}, "subject"),
        ({"subject": 12}, "subject"),
        ({"subject": "nul \x00"}, "subject"),
        ({"customer": None}, "customer"),
        ({"customer": {}}, "customer.id"),
        ({"customer": {"id": ""}}, "customer.id"),
        ({"customer": {"id": 7}}, "customer.id"),
        ({"customer": {"id": "c", "email": "no-address"}}, "customer.email"),
        ({"customer": "cus_1"}, "customer"),
        ({"channel": "fax"}, "channel"),
        ({"channel": ["api"]}, "channel"),
        ({"priority": ""}, "priority"),
        ({"priority": "x" * 33}, "priority"),
        ({"priority": True}, "priority"),
        ({"externalId": 5}, "externalId"),
        ({"message": 5}, "message"),
        ({"message": "x" * 8_001}, "message"),
        ({"externalId": "x" * 256}, "externalId"),
    ],
)
def test_bad_field_is_named_and_changes_nothing(api: Api, change: dict[str, Any], field: str) -> None:
    answer = api.post(CONVERSATIONS, {**BODY, **change})
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == {"code", "error", "field"}
    assert (answer.json()["code"], answer.json()["field"]) == ("invalid_request", field)
    assert not Conversation.all_workspaces.exists()
    assert not Contact.all_workspaces.exists()


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '"text"',
        "null",
        "12",
        '{"subject": NaN}',
        '{"subject": "\\ud800"}',
        "[" * 5000,
        b"\xff\xfe",
        b'{"a": "\xc3"}',
    ],
)
def test_body_that_is_no_json_object_is_refused(api: Api, body: Any) -> None:
    answer = api.post(CONVERSATIONS, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"subject": "\\ud800", "customer": {"id": "c"}}', "subject"),
        ('{"subject": "s", "customer": {"id": "c", "name": "half \\udc00"}}', "customer.name"),
        ('{"subject": "s", "customer": {"id": "c", "\\ud800": 1}}', "customer"),
        ('{"subject": "s", "customer": {"id": "c"}, "priority": 1e999}', "priority"),
        ('{"subject": ' + "9" * 5000 + "}", "subject"),
    ],
)
def test_value_that_nothing_can_hold_is_named(api: Api, body: str, field: str) -> None:
    answer = api.post(CONVERSATIONS, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid_request", field)
    assert not Conversation.all_workspaces.exists()


def test_body_over_the_limit_is_413_in_the_format(api: Api) -> None:
    answer = api.post(CONVERSATIONS, {**BODY, "subject": "x" * 1_100_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_form_body_is_415_in_the_format(api: Api) -> None:
    answer = api.client.post(CONVERSATIONS, {"subject": "x"}, headers={"Authorization": f"Bearer {api.key}"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


def test_list_is_newest_message_first_and_pages_by_cursor(api: Api, acme: Workspace) -> None:
    at = clock.now()
    for n in range(5):
        ConversationFactory(workspace=acme, subject=f"Case {n}", body=None, at=at + timedelta(seconds=n))
    first = api.get(f"{CONVERSATIONS}?limit=2").json()
    assert (first["object"], first["hasMore"]) == ("list", True)
    seen = [row["subject"] for row in first["conversations"]]
    cursor = first["nextCursor"]
    while cursor:
        page = api.get(f"{CONVERSATIONS}?limit=2&cursor={cursor}").json()
        seen += [row["subject"] for row in page["conversations"]]
        cursor = page["nextCursor"]
    assert seen == ["Case 4", "Case 3", "Case 2", "Case 1", "Case 0"]
    assert page["hasMore"] is False


def test_list_shows_twenty_by_default(api: Api, acme: Workspace) -> None:
    for _ in range(21):
        ConversationFactory(workspace=acme, body=None)
    assert len(api.get(CONVERSATIONS).json()["conversations"]) == 20
    assert len(api.get(f"{CONVERSATIONS}?limit=100").json()["conversations"]) == 21


@pytest.mark.parametrize("limit", ["0", "101", "-1", "abc", "1.5", "", "99999999999999999999", "1_0", "٣"])
def test_limit_outside_one_to_a_hundred_is_refused(api: Api, limit: str) -> None:
    answer = api.get(f"{CONVERSATIONS}?limit={limit}")
    assert (answer.status_code, answer.json()["field"]) == (400, "limit")


def test_filters_take_the_values_that_are_printed(api: Api, acme: Workspace, ben: Member) -> None:
    rows = {
        status: ConversationFactory(workspace=acme, subject=status)
        for status in ("open", "pending", "resolved", "closed")
    }
    for status, row in rows.items():
        actions.set_status(conversation=row, status=status, by=ben.actor, at=clock.now())
    chat = ConversationFactory(workspace=acme, subject="chat", channel=Channel.CHAT)
    callback = ConversationFactory(workspace=acme, subject="callback", channel=Channel.CALLBACK)

    def subjects(query: str) -> set[str]:
        return {row["subject"] for row in api.get(f"{CONVERSATIONS}?{query}").json()["conversations"]}

    assert subjects("status=waiting") == {"pending"}
    assert subjects("status=solved") == {"resolved", "closed"}
    assert subjects("channel=live-chat") == {"chat"}
    assert "callback" in subjects("channel=api")
    assert subjects(f"customerId={chat.contact.external_id}") == {"chat"}
    assert subjects("customerId=nobody") == set()
    assert subjects(f"status=open&channel=api&customerId={callback.contact.external_id}") == {"callback"}


def test_contact_without_an_id_is_named_by_the_desks(api: Api, acme: Workspace) -> None:
    contact = actions.identify(workspace=acme, email="jane@example.com", by=Actor.system(acme.pk), at=clock.now())
    ConversationFactory(workspace=acme, contact=contact)
    listed = api.get(f"{CONVERSATIONS}?customerId={contact.public_id}").json()["conversations"]
    assert [row["customer"]["id"] for row in listed] == [str(contact.public_id)]


def test_patch_changes_any_subset(api: Api) -> None:
    made = create(api)
    path = f"{CONVERSATIONS}/{made['id']}"
    changed = api.patch(path, {"status": "solved", "priority": "p2", "subject": "Solved it"}).json()["conversation"]
    assert (changed["status"], changed["priority"], changed["subject"]) == ("solved", "p2", "Solved it")
    assert MOMENT.fullmatch(changed["closedAt"])
    assert changed["lastMessageAt"] == made["lastMessageAt"]
    reopened = api.patch(path, {"status": "open"}).json()["conversation"]
    assert (reopened["status"], reopened["closedAt"], reopened["priority"]) == ("open", None, "p2")
    assert api.patch(path, {}).json()["conversation"] == reopened


def test_writing_the_printed_value_changes_nothing(api: Api, acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=acme)
    actions.set_status(conversation=row, status="closed", by=ben.actor, at=clock.now())
    before = Event.objects.count()
    answer = api.patch(f"{CONVERSATIONS}/{row.public_id}", {"status": "solved"})
    assert answer.json()["conversation"]["status"] == "solved"
    assert Conversation.all_workspaces.get().status == "closed"
    assert Event.objects.count() == before


@pytest.mark.parametrize(
    "body", [{"status": "closed"}, {"priority": ""}, {"priority": 3}, {"subject": ""}, {"subject": None}, []]
)
def test_bad_patch_changes_nothing(api: Api, body: Any) -> None:
    made = create(api)
    answer = api.patch(f"{CONVERSATIONS}/{made['id']}", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    both = api.patch(f"{CONVERSATIONS}/{made['id']}", {"subject": "Half done", "status": "nonsense"})
    assert both.status_code == 400
    assert api.get(f"{CONVERSATIONS}/{made['id']}").json()["conversation"] == made


def test_messages_take_turns_and_move_the_conversation(api: Api) -> None:
    made = create(api)
    path = f"{CONVERSATIONS}/{made['id']}"
    answer = api.post(f"{path}/messages", {"body": "I am getting a 401 from POST /orders."})
    assert answer.status_code == 201
    message = answer.json()["message"]
    assert MOMENT.fullmatch(message["createdAt"])
    assert {key: message[key] for key in ("object", "conversationId", "role", "body", "deliveryStatus")} == {
        "object": "message",
        "conversationId": made["id"],
        "role": "user",
        "body": "I am getting a 401 from POST /orders.",
        "deliveryStatus": "delivered",
    }
    answered = api.post(f"{path}/messages", {"role": "assistant", "body": "Your key lacks a scope."}).json()["message"]
    now = api.get(path).json()["conversation"]
    assert (now["status"], now["preview"], now["lastMessageAt"]) == ("waiting", answered["body"], answered["createdAt"])
    api.post(f"{path}/messages", {"role": "user", "body": "Thanks"})
    assert api.get(path).json()["conversation"]["status"] == "open"
    listed = api.get(f"{path}/messages").json()
    assert listed["object"] == "list"
    assert [row["role"] for row in listed["messages"]] == ["user", "assistant", "user"]
    assert listed["messages"][0] == message


def test_notes_and_status_changes_stay_out_of_the_messages(api: Api, acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=acme, body="Hello")
    actions.note(conversation=row, body="Secret", by=ben.actor, at=clock.now() + timedelta(hours=1))
    actions.set_status(conversation=row, status="pending", by=ben.actor, at=clock.now() + timedelta(hours=2))
    path = f"{CONVERSATIONS}/{row.public_id}"
    assert [message["body"] for message in api.get(f"{path}/messages").json()["messages"]] == ["Hello"]
    shown = api.get(path).json()["conversation"]
    assert (shown["preview"], shown["status"]) == ("Hello", "waiting")
    assert shown["lastMessageAt"] == shown["createdAt"]


def test_message_may_have_eight_thousand_characters(api: Api) -> None:
    made = create(api)
    body = "ü" * 8000
    assert api.post(f"{CONVERSATIONS}/{made['id']}/messages", {"body": body}).json()["message"]["body"] == body


# --- Credentials --------------------------------------------------------------------------------


def test_client_key_sees_its_proven_user_alone(acme: Workspace) -> None:
    mine, other = (ConversationFactory(workspace=acme) for _ in range(2))
    api = Api(api_key(acme, kind=KeyKind.CLIENT)[1])
    assert api.get(CONVERSATIONS).status_code == 403
    email = mine.contact.email
    proof = {"X-User-Email": email, "X-User-Hash": identity.email_hash(acme, email)}
    assert [row["id"] for row in api.get(CONVERSATIONS, **proof).json()["conversations"]] == [str(mine.public_id)]
    assert api.get(f"{CONVERSATIONS}/{other.public_id}", **proof).status_code == 404
    assert api.post(f"{CONVERSATIONS}/{mine.public_id}/messages", {"body": "Hi"}, **proof).status_code == 201
    forged = api.post(f"{CONVERSATIONS}/{mine.public_id}/messages", {"body": "Hi", "role": "assistant"}, **proof)
    assert forged.status_code == 403
    assert api.get(CONVERSATIONS, **{**proof, "X-User-Hash": "0" * 64}).status_code == 403


def test_client_key_creates_unverified_and_opens_it_by_token(acme: Workspace) -> None:
    known = ConversationFactory(workspace=acme).contact
    api = Api(api_key(acme, kind=KeyKind.CLIENT)[1])
    stated = {"id": known.external_id, "email": known.email, "name": "Somebody Else"}
    answer = api.post(CONVERSATIONS, {"subject": "Hi", "customer": stated}).json()
    assert answer["conversation"]["customer"]["name"] == "Somebody Else"
    assert Contact.all_workspaces.get(pk=known.pk).name == known.name
    token = {"X-Conversation-Token": answer["conversationToken"]}
    path = f"{CONVERSATIONS}/{answer['conversation']['id']}"
    assert api.get(path, **token).status_code == 200
    assert api.get(path).status_code == 403
    assert (
        api.get(f"{CONVERSATIONS}/{Conversation.all_workspaces.earliest('pk').public_id}", **token).status_code == 404
    )


def test_allowed_origins_are_enforced_and_preflights_are_not(acme: Workspace) -> None:
    api = Api(api_key(acme, allowed_origins=["https://shop.example"])[1])
    assert api.get(CONVERSATIONS).status_code == 403
    assert api.get(CONVERSATIONS, Origin="https://evil.example").status_code == 403
    good = api.get(CONVERSATIONS, Origin="https://shop.example")
    assert (good.status_code, good["Access-Control-Allow-Origin"]) == (200, "*")
    preflight = Api(None).call("OPTIONS", CONVERSATIONS, **{"Origin": "x", "Access-Control-Request-Method": "POST"})
    assert preflight.status_code == 204
    assert "Idempotency-Key" in preflight["Access-Control-Allow-Headers"]


# --- Transport ----------------------------------------------------------------------------------


def test_fault_of_ours_is_500_in_the_format_and_rolls_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(actions, "start", fail)
    answer = api.post(CONVERSATIONS, BODY)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert not Contact.all_workspaces.exists()


# --- Idempotency --------------------------------------------------------------------------------


def test_refused_request_is_kept_and_server_errors_are_not(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"Idempotency-Key": "k2"}
    assert api.post(CONVERSATIONS, {**BODY, "subject": ""}, **key).status_code == 400
    assert api.post(CONVERSATIONS, {**BODY, "subject": ""}, **key)["Idempotent-Replayed"] == "true"
    with monkeypatch.context() as patch:
        patch.setattr(actions, "start", lambda **kwargs: 1 / 0)
        assert api.post(CONVERSATIONS, BODY, **{"Idempotency-Key": "k3"}).status_code == 500
    assert api.post(CONVERSATIONS, BODY, **{"Idempotency-Key": "k3"}).status_code == 201


def test_idempotency_key_is_the_callers_own_and_lasts_a_day(api: Api, acme: Workspace) -> None:
    other = Api(api_key(acme)[1])
    for client in (api, other):
        made = client.post(CONVERSATIONS, {**BODY, "externalId": None}, **{"Idempotency-Key": "k"})
        assert "Idempotent-Replayed" not in made
    IdempotentRequest.all_workspaces.update(created_at=clock.now() - timedelta(hours=25))
    assert "Idempotent-Replayed" not in api.post(
        CONVERSATIONS, {**BODY, "externalId": None}, **{"Idempotency-Key": "k"}
    )
    assert Conversation.all_workspaces.count() == 3


# --- Cost ---------------------------------------------------------------------------------------


def test_list_costs_the_same_queries_for_one_row_and_for_twenty(
    api: Api, acme: Workspace, django_assert_num_queries: Any
) -> None:
    ConversationFactory(workspace=acme)
    api.get(CONVERSATIONS)
    for rows in (1, 20):
        while Conversation.all_workspaces.count() < rows:
            reply(ConversationFactory(workspace=acme))
        with django_assert_num_queries(2):
            assert len(api.get(CONVERSATIONS).json()["conversations"]) == rows


def test_messages_cost_the_same_queries_for_one_and_for_twenty(
    api: Api, acme: Workspace, django_assert_num_queries: Any
) -> None:
    row = ConversationFactory(workspace=acme)
    api.get(CONVERSATIONS)
    for count in (1, 20):
        while Message.all_workspaces.count() < count:
            receive(row)
        with django_assert_num_queries(3):
            api.get(f"{CONVERSATIONS}/{row.public_id}/messages")
