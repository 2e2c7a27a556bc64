"""The Bancroft wire format, call by call."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import actions as account_actions
from accounts import clock, identity
from accounts.models import ApiKey, Event, KeyKind, Workspace
from accounts.permissions import Actor, Role
from conversations import actions
from conversations.dialects.bancroft.filters import Window
from conversations.models import Channel, Contact, Conversation, Message, SenderKind
from tests import factories
from tests.conftest import Key, Member
from tests.factories import ContactFactory, ConversationFactory, api_key, receive, reply

pytestmark = pytest.mark.django_db

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
CONVERSATIONS = "/api/v1/conversations/"
CREATE = f"{CONVERSATIONS}create/"
KEYS = "/api/integrations/api-keys/create/"
BODY = {
    "subject": "Help with order #1234",
    "user_email": "customer@example.com",
    "user_first_name": "Jane",
    "user_last_name": "Doe",
    "description": "I need help with my order",
}


class Api:
    """A Bancroft client: JSON in, JSON out."""

    def __init__(self, key: str | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.key = key

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        if self.key is not None:
            headers.setdefault("X-API-Key", self.key)
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        kwargs = {} if body is None else {"data": data, "content_type": "application/json"}
        return self.client.generic(method, path, headers=headers, **kwargs)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def create(self, **changes: Any) -> dict[str, Any]:
        answer = self.post(CREATE, {**BODY, **changes})
        assert answer.status_code == 201, answer.content
        return answer.json()


@pytest.fixture
def api(acme_key: Key) -> Api:
    return Api(acme_key.secret)


@pytest.fixture
def page(acme: Workspace) -> Api:
    """A client key, as in a web page."""
    return Api(api_key(acme, kind=KeyKind.CLIENT)[1])


def proof(workspace: Workspace, email: str) -> dict[str, str]:
    return {"X-User-Email": email, "X-User-Hash": identity.email_hash(workspace, email)}


# --- Creating -----------------------------------------------------------------------------------


def test_create_answers_the_documented_object(api: Api) -> None:
    answer = api.post(CREATE, {**BODY, "channel": "web", "metadata": {"phone": "+44 20 7946 0000"}})
    assert answer.status_code == 201
    made = answer.json()
    moments = {made.pop(name) for name in ("created_at", "updated_at")}
    assert len(moments) == 1
    assert MOMENT.fullmatch(moments.pop())
    assert uuid.UUID(made.pop("id")).version == 4
    assert made == {
        "number": 1,
        "subject": "Help with order #1234",
        "status": "open",
        "priority": "normal",
        "channel": "web",
        "metadata": {"phone": "+44 20 7946 0000"},
        "requester": {"email": "customer@example.com", "first_name": "Jane", "last_name": "Doe"},
    }
    message = Message.all_workspaces.get()
    assert (message.body, message.sender_kind, message.sender_email) == (
        "I need help with my order",
        SenderKind.CUSTOMER,
        "customer@example.com",
    )


def test_subject_alone_makes_an_anonymous_conversation_without_a_message(api: Api) -> None:
    made = api.post(CREATE, {"subject": "Hello"}).json()
    assert (made["channel"], made["priority"], made["metadata"]) == ("api", "normal", {})
    assert made["requester"] == {"email": None, "first_name": None, "last_name": None}
    assert not Message.all_workspaces.exists()
    api.post(CREATE, {"subject": "Hello"})
    assert Contact.all_workspaces.count() == 2


def test_null_counts_as_omitted(api: Api) -> None:
    optional = dict.fromkeys(
        ("user_email", "description", "user_first_name", "user_last_name", "priority", "channel", "metadata")
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


def test_body_over_the_limit_is_413_in_the_format(api: Api) -> None:
    answer = api.post(CREATE, {**BODY, "description": "x" * 1_100_000})
    assert (answer.status_code, set(answer.json())) == (413, {"detail"})


def test_form_body_is_415_in_the_format(api: Api, page: Api) -> None:
    for caller in (api, page):
        answer = caller.client.post(CREATE, {"subject": "x"}, headers={"X-API-Key": str(caller.key)})
        assert (answer.status_code, set(answer.json())) == (415, {"detail"})


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
        ({"limit": "9" * 5000, "offset": "9" * 5000}, Window(20, 0)),
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


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "{id}/", None),
        ("GET", "{id}/messages/", None),
        ("POST", "{id}/messages/create/", {"body": "x", "user_email": "a@b.example"}),
        ("POST", "{id}/resolve/", None),
    ],
)
def test_other_workspaces_id_is_answered_as_a_missing_one(
    api: Api, globex: Workspace, method: str, path: str, body: Any
) -> None:
    foreign = ConversationFactory(workspace=globex)
    answers = [
        api.call(method, CONVERSATIONS + path.format(id=some), body)
        for some in (foreign.public_id, uuid.uuid4(), "not-an-id")
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (404, b'{"detail":"There is no such conversation."}')
    }


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
    said = answer.json()
    assert MOMENT.fullmatch(said["created_at"])
    assert {name: said[name] for name in ("sender_email", "body", "message_type")} == {
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
    assert listed["results"][1] == said
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


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"body", "user_email"}),
        ({"body": "", "user_email": "a@b.example"}, {"body"}),
        ({"body": "   ", "user_email": "a@b.example"}, {"body"}),
        ({"body": 1, "user_email": "a@b.example"}, {"body"}),
        ({"body": "x", "user_email": "nobody"}, {"user_email"}),
        ({"body": "x", "user_email": ""}, {"user_email"}),
        ({"body": "x", "user_email": None}, {"user_email"}),
    ],
)
def test_bad_message_is_refused_and_not_written(api: Api, body: Any, fields: set[str]) -> None:
    made = api.create(description=None)
    answer = api.post(f"{CONVERSATIONS}{made['id']}/messages/create/", body)
    assert (answer.status_code, set(answer.json())) == (400, fields)
    assert not Message.all_workspaces.exists()


# --- Credentials --------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [None, "", "nonsense", "parley_sv_000000000000_" + "a" * 49])
def test_missing_or_unknown_key_is_401(acme: Workspace, secret: str | None) -> None:
    answer = Api(secret).get(CONVERSATIONS)
    assert (answer.status_code, set(answer.json())) == (401, {"detail"})


def test_both_headers_work_and_the_first_wins(acme_key: Key) -> None:
    api = Api(None)
    assert api.get(CONVERSATIONS, Authorization=f"Bearer {acme_key.secret}").status_code == 200
    both = {"Authorization": f"Bearer {acme_key.secret}", "X-API-Key": "nonsense"}
    assert api.get(CONVERSATIONS, **both).status_code == 401


def test_expired_and_revoked_keys_are_refused_at_once(acme: Workspace, api: Api, acme_key: Key) -> None:
    ApiKey.all_workspaces.filter(pk=acme_key.row.pk).update(expires_at=clock.now())
    assert api.get(CONVERSATIONS).json() == {"detail": "This key is past its end date."}
    ApiKey.all_workspaces.filter(pk=acme_key.row.pk).update(expires_at=None)
    account_actions.revoke_key(key=acme_key.row, by=Actor.system(acme.pk), at=clock.now())
    assert api.get(CONVERSATIONS).json() == {"detail": "The API key is missing, unknown or revoked."}


def test_client_key_sees_its_proven_user_alone(page: Api, acme: Workspace) -> None:
    mine, other = (ConversationFactory(workspace=acme) for _ in range(2))
    assert page.get(CONVERSATIONS).status_code == 403
    proven = proof(acme, mine.contact.email)
    listed = page.get(CONVERSATIONS, **proven).json()
    assert (listed["count"], [row["id"] for row in listed["results"]]) == (1, [str(mine.public_id)])
    assert page.get(f"{CONVERSATIONS}?status=open", **proven).json()["count"] == 1
    assert page.get(f"{CONVERSATIONS}?user_email={other.contact.email}", **proven).json()["count"] == 0
    assert page.get(f"{CONVERSATIONS}{other.public_id}/", **proven).status_code == 404
    path = f"{CONVERSATIONS}{mine.public_id}/messages/create/"
    assert page.post(path, {"body": "Hi", "user_email": mine.contact.email}, **proven).status_code == 201
    forged = page.post(path, {"body": "Hi", "user_email": "agent@yourcompany.com"}, **proven)
    assert (forged.status_code, set(forged.json())) == (403, {"detail"})
    assert page.get(CONVERSATIONS, **{**proven, "X-User-Hash": "0" * 64}).status_code == 403


def test_calls_own_email_may_be_what_the_hash_proves(page: Api, acme: Workspace) -> None:
    mine = ConversationFactory(workspace=acme)
    email = mine.contact.email
    hashed = {"X-User-Hash": identity.email_hash(acme, email)}
    assert page.get(f"{CONVERSATIONS}?user_email={email.upper()}", **hashed).json()["count"] == 1
    assert page.get(CONVERSATIONS, **hashed).status_code == 403
    path = f"{CONVERSATIONS}{mine.public_id}/messages/create/"
    assert page.post(path, {"body": "Hi", "user_email": email}, **hashed).status_code == 201
    assert page.post(path, {"body": "Hi", "user_email": "x@example.com"}, **hashed).status_code == 403


def test_client_key_creates_unverified_and_opens_it_by_token(page: Api, acme: Workspace) -> None:
    known = ConversationFactory(workspace=acme).contact
    made = page.create(user_email=known.email, user_first_name="Somebody", user_last_name="Else")
    assert made["channel"] == "web"
    assert made["requester"] == {"email": known.email, "first_name": "Somebody", "last_name": "Else"}
    assert Contact.all_workspaces.get(pk=known.pk).name == known.name
    assert Contact.all_workspaces.get(is_verified=False).email == known.email
    token = {"X-Conversation-Token": made.pop("conversation_token")}
    path = f"{CONVERSATIONS}{made['id']}/"
    assert page.get(path).status_code == 403
    assert page.get(path, **token).json() == made
    assert page.get(CONVERSATIONS, **token).json()["count"] == 1
    said = page.post(f"{path}messages/create/", {"body": "Hi", "user_email": known.email}, **token)
    assert said.status_code == 201
    forged = page.post(f"{path}messages/create/", {"body": "Hi", "user_email": "agent@yourcompany.com"}, **token)
    assert forged.status_code == 403
    other = Conversation.all_workspaces.earliest("pk").public_id
    assert page.get(f"{CONVERSATIONS}{other}/", **token).status_code == 404


def test_proven_user_of_a_client_key_is_the_known_person(page: Api, acme: Workspace) -> None:
    known = ContactFactory(workspace=acme, email="nia@example.com", name="Nia Okafor")
    proven = proof(acme, "nia@example.com")
    for body in ({"subject": "Hi"}, {"subject": "Hi", "user_email": "Nia@example.com", "user_first_name": "Other"}):
        made = page.post(CREATE, body, **proven).json()
        assert made["requester"] == {"email": "nia@example.com", "first_name": "Nia", "last_name": "Okafor"}
    assert Contact.all_workspaces.get() == known


def test_anonymous_visitor_writes_by_token(page: Api) -> None:
    made = page.post(CREATE, {"subject": "Hello"}).json()
    path = f"{CONVERSATIONS}{made['id']}/messages/create/"
    said = page.post(
        path, {"body": "Hi", "user_email": "me@example.com"}, **{"X-Conversation-Token": made["conversation_token"]}
    )
    assert (said.status_code, said.json()["sender_email"]) == (201, "me@example.com")
    assert Message.all_workspaces.get().sender_kind == SenderKind.CUSTOMER


def test_client_key_without_the_check_behaves_as_documented(acme: Workspace) -> None:
    page = Api(api_key(acme, kind=KeyKind.CLIENT, unverified_identity=True)[1])
    rows = [ConversationFactory(workspace=acme) for _ in range(2)]
    assert page.get(CONVERSATIONS).json()["count"] == 2
    assert page.get(f"{CONVERSATIONS}?user_email={rows[0].contact.email}").json()["count"] == 1
    path = f"{CONVERSATIONS}{rows[0].public_id}/"
    assert page.post(f"{path}messages/create/", {"body": "x", "user_email": "agent@b.example"}).status_code == 201
    assert page.post(f"{path}resolve/").status_code == 403
    assert page.create()["channel"] == "web"


def test_resolve_is_for_server_keys(page: Api, acme: Workspace) -> None:
    row = ConversationFactory(workspace=acme)
    for some in (row.public_id, uuid.uuid4()):
        answer = page.post(f"{CONVERSATIONS}{some}/resolve/", **proof(acme, row.contact.email))
        assert (answer.status_code, answer.json()) == (403, {"detail": "Only a server key may do this."})
    assert Conversation.all_workspaces.get().status == "open"


def test_allowed_origins_and_bundles_are_enforced(acme: Workspace) -> None:
    page = Api(
        api_key(
            acme,
            kind=KeyKind.CLIENT,
            unverified_identity=True,
            allowed_origins=["https://shop.example"],
            allowed_bundle_ids=["com.example.app"],
        )[1]
    )
    for headers, status in (
        ({}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://shop.example"}, 200),
        ({"X-Bundle-ID": "com.example.app"}, 200),
        ({"X-Bundle-ID": "com.example.other"}, 403),
    ):
        answer = page.get(CONVERSATIONS, **headers)
        assert answer.status_code == status
        assert status == 200 or set(answer.json()) == {"detail"}


# --- Making keys --------------------------------------------------------------------------------


def post_key(client: Client, body: Any, **headers: str) -> Any:
    return client.post(KEYS, json.dumps(body), content_type="application/json", headers=headers)


def test_admin_makes_a_key_and_sees_its_secret_once(ada: Member, acme: Workspace) -> None:
    body = {
        "name": "Web widget",
        "key_type": "client",
        "allowed_origins": ["https://Shop.example/"],
        "allowed_bundle_ids": ["com.example.app"],
    }
    answer = post_key(ada.signed_in(), body)
    assert answer.status_code == 201
    made = answer.json()
    row = ApiKey.all_workspaces.get()
    assert (row.workspace, row.created_by, row.scopes) == (acme, ada.user, list(factories.CLIENT_SCOPES))
    assert MOMENT.fullmatch(made.pop("created_at"))
    secret = made.pop("key")
    assert secret.startswith(made["prefix"] + "_")
    assert made == {
        "id": str(row.public_id),
        "name": "Web widget",
        "key_type": "client",
        "prefix": row.prefix,
        "allowed_origins": ["https://shop.example"],
        "allowed_bundle_ids": ["com.example.app"],
    }
    assert Api(secret).get(CONVERSATIONS, Origin="https://shop.example").status_code == 403
    assert Api(secret).post(CREATE, {"subject": "x"}, Origin="https://shop.example").status_code == 201


def test_server_key_made_here_may_do_everything(ada: Member) -> None:
    secret = post_key(ada.signed_in(), {"name": "Backend", "key_type": "server"}).json()["key"]
    made = Api(secret).create()
    assert Api(secret).post(f"{CONVERSATIONS}{made['id']}/resolve/").status_code == 200
    assert set(ApiKey.all_workspaces.get().scopes) == set(factories.ALL_SCOPES)


def test_only_admins_with_a_session_and_its_token_make_keys(ada: Member, ben: Member) -> None:
    body = {"name": "Backend", "key_type": "server"}
    anonymous = post_key(Client(), body)
    assert (anonymous.status_code, anonymous.json()) == (401, {"detail": "Sign in to the desk first."})
    assert post_key(ben.signed_in(), body).json() == {"detail": "Only an admin of the workspace makes its keys."}
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ada.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    forged = post_key(browser, body)
    assert (forged.status_code, set(forged.json())) == (403, {"detail"})
    forged = browser.post(KEYS, {"name": "x"})  # as any page's form would send it
    assert (forged.status_code, set(forged.json())) == (403, {"detail"})
    assert not ApiKey.all_workspaces.exists()
    browser.cookies["csrftoken"] = "t" * 32
    assert browser.post(KEYS, {"name": "x"}, headers={"X-CSRFToken": "t" * 32}).status_code == 415
    assert post_key(browser, body, **{"X-CSRFToken": "t" * 32}).status_code == 201


def test_api_key_is_no_session(api: Api) -> None:
    assert api.post(KEYS, {"name": "Backend", "key_type": "server"}).status_code == 401


def test_admin_of_several_workspaces_names_one(ada: Member, acme: Workspace, globex: Workspace) -> None:
    factories.MembershipFactory(workspace=globex, user=ada.user, role=Role.AGENT)
    body = {"name": "Backend", "key_type": "server"}
    browser = ada.signed_in()
    assert post_key(browser, body).status_code == 201
    assert post_key(browser, {**body, "workspace": "globex"}).status_code == 403
    initech = factories.WorkspaceFactory(slug="initech")
    factories.MembershipFactory(workspace=initech, user=ada.user, role=Role.ADMIN)
    assert set(post_key(browser, body).json()) == {"workspace"}
    assert set(post_key(browser, {**body, "workspace": "nowhere"}).json()) == {"workspace"}
    for name in ("initech", str(initech.public_id)):
        assert post_key(browser, {**body, "workspace": name}).status_code == 201
    assert [key.workspace.slug for key in ApiKey.all_workspaces.order_by("pk")] == ["acme", "initech", "initech"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": None}, "name"),
        ({"key_type": "root"}, "key_type"),
        ({"key_type": None}, "key_type"),
        ({"allowed_origins": "https://a.example"}, "allowed_origins"),
        ({"allowed_origins": ["ftp://a.example"]}, "allowed_origins"),
        ({"allowed_origins": ["http://["]}, "allowed_origins"),
        ({"allowed_origins": [7]}, "allowed_origins"),
        ({"allowed_bundle_ids": ["x" * 256]}, "allowed_bundle_ids"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["ticket:read"], "key_type": "client"}, "scopes"),
    ],
)
def test_bad_key_request_is_refused(ada: Member, change: dict[str, Any], field: str) -> None:
    answer = post_key(ada.signed_in(), {"name": "Backend", "key_type": "server", **change})
    assert (answer.status_code, set(answer.json())) == (400, {field})
    assert not ApiKey.all_workspaces.exists()


def test_secret_is_not_kept_for_repeats(ada: Member) -> None:
    browser = ada.signed_in()
    for _ in range(2):
        answer = post_key(browser, {"name": "Backend", "key_type": "server"}, **{"Idempotency-Key": "k"})
        assert "Idempotent-Replayed" not in answer
    assert ApiKey.all_workspaces.count() == 2


# --- Transport ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", CONVERSATIONS),
        ("GET", CREATE),
        ("PATCH", f"{CONVERSATIONS}x/"),
        ("DELETE", f"{CONVERSATIONS}x/messages/"),
        ("GET", f"{CONVERSATIONS}x/resolve/"),
        ("GET", KEYS),
    ],
)
def test_wrong_method_is_405_in_the_format(api: Api, method: str, path: str) -> None:
    answer = api.call(method, path, {} if method != "GET" else None)
    assert (answer.status_code, set(answer.json())) == (405, {"detail"})


def test_unknown_path_is_404_in_the_format(api: Api) -> None:
    for path in (f"{CONVERSATIONS}x/y/z/", "/api/integrations/nothing/"):
        answer = api.get(path)
        assert (answer.status_code, set(answer.json())) == (404, {"detail"})


def test_fault_of_ours_is_500_in_the_format_and_rolls_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "start", lambda **kwargs: 1 / 0)
    answer = api.post(CREATE, BODY)
    assert (answer.status_code, set(answer.json())) == (500, {"detail"})
    assert not Contact.all_workspaces.exists()


def test_too_many_calls_are_429_in_the_format(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from conversations.api import limits

    monkeypatch.setattr(limits, "calls", limits.Buckets(1))
    answers = [api.get(CONVERSATIONS) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert set(answers[-1].json()) == {"detail"}
    assert int(answers[-1]["Retry-After"]) > 0


# --- Idempotency --------------------------------------------------------------------------------


def test_repeating_with_the_same_key_replays_the_first_answer(api: Api, page: Api, acme: Workspace) -> None:
    for caller in (api, page):
        first = caller.post(CREATE, BODY, **{"Idempotency-Key": "k1"})
        again = caller.post(CREATE, BODY, **{"Idempotency-Key": "k1"})
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again["Idempotent-Replayed"] == "true"
    assert Conversation.all_workspaces.count() == 2
    other = api.post(CREATE, {**BODY, "subject": "Other"}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, set(other.json())) == (422, {"detail"})


def test_repeats_are_the_proven_users_own(page: Api, acme: Workspace) -> None:
    rows = [ConversationFactory(workspace=acme) for _ in range(2)]
    for row in rows:
        headers = {"X-User-Hash": identity.email_hash(acme, row.contact.email), "Idempotency-Key": "k"}
        answer = page.post(CREATE, {"subject": "Hi", "user_email": row.contact.email}, **headers)
        assert "Idempotent-Replayed" not in answer


# --- Cost ---------------------------------------------------------------------------------------


def test_list_costs_the_same_queries_for_one_row_and_for_twenty(
    api: Api, acme: Workspace, django_assert_num_queries: Any
) -> None:
    api.get(CONVERSATIONS)  # the key's last use is noted once a minute
    for rows in (1, 20):
        while Conversation.all_workspaces.count() < rows:
            reply(ConversationFactory(workspace=acme))
        for query in ("", "?status=pending", "?user_email=nobody@example.com"):
            with django_assert_num_queries(2 if "nobody" in query else 3):
                api.get(f"{CONVERSATIONS}{query}")


def test_messages_cost_the_same_queries_for_one_and_for_twenty(
    api: Api, acme: Workspace, django_assert_num_queries: Any
) -> None:
    row = ConversationFactory(workspace=acme)
    api.get(CONVERSATIONS)
    for count in (1, 20):
        while Message.all_workspaces.count() < count:
            receive(row)
        with django_assert_num_queries(3):
            assert api.get(f"{CONVERSATIONS}{row.public_id}/messages/").json()["count"] == count
