"""The Bancroft wire format: who is let in, what is refused before a call is looked at, and repeats."""

from __future__ import annotations

import uuid

import pytest

from accounts import clock
from accounts.credentials import identity
from accounts.models import KeyKind, Workspace
from conversations import actions
from conversations.models import Contact, Conversation, Message, SenderKind
from tests.conftest import Key, Member
from tests.dialects.bancroft_client import BODY, CONVERSATIONS, CREATE, Api, proof
from tests.factories import ContactFactory, ConversationFactory, api_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(acme_key: Key) -> Api:
    return Api(acme_key.secret)


@pytest.fixture
def page(acme: Workspace) -> Api:
    """A client key, as in a web page."""
    return Api(api_key(acme, kind=KeyKind.CLIENT)[1])


# --- Credentials --------------------------------------------------------------------------------


def test_both_headers_work_and_the_first_wins(acme_key: Key) -> None:
    api = Api(None)
    assert api.get(CONVERSATIONS, Authorization=f"Bearer {acme_key.secret}").status_code == 200
    both = {"Authorization": f"Bearer {acme_key.secret}", "X-API-Key": "nonsense"}
    assert api.get(CONVERSATIONS, **both).status_code == 401


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
    answer = page.post(f"{path}messages/create/", {"body": "Hi", "user_email": known.email}, **token)
    assert answer.status_code == 201
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
    answer = page.post(
        path, {"body": "Hi", "user_email": "me@example.com"}, **{"X-Conversation-Token": made["conversation_token"]}
    )
    assert (answer.status_code, answer.json()["sender_email"]) == (201, "me@example.com")
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


# --- Transport ----------------------------------------------------------------------------------


def test_form_body_is_415_in_the_format(api: Api, page: Api) -> None:
    for caller in (api, page):
        answer = caller.client.post(CREATE, {"subject": "x"}, headers={"X-API-Key": str(caller.key)})
        assert (answer.status_code, set(answer.json())) == (415, {"detail"})


def test_fault_of_ours_is_500_in_the_format_and_rolls_back(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "start", lambda **kwargs: 1 / 0)
    answer = api.post(CREATE, BODY)
    assert (answer.status_code, set(answer.json())) == (500, {"detail"})
    assert not Contact.all_workspaces.exists()


@pytest.mark.usefixtures("no_time_passes_for_limits")
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
        # A page proves nobody: whoever repeats its call may be another visitor, and gets no token.
        shown = {name: value for name, value in first.json().items() if name != "conversation_token"}
        assert (again.status_code, again.json()) == (first.status_code, shown)
        assert again["Idempotent-Replayed"] == "true"
    assert Conversation.all_workspaces.count() == 2
    other = api.post(CREATE, {**BODY, "subject": "Other"}, **{"Idempotency-Key": "k1"})
    assert (other.status_code, set(other.json())) == (422, {"detail"})


def test_path_that_no_database_keeps_is_no_fault_of_ours(api: Api) -> None:
    for _ in range(2):
        answer = api.post(f"{CONVERSATIONS}%00/resolve/", **{"Idempotency-Key": "k"})
        assert (answer.status_code, set(answer.json())) == (404, {"detail"})


def test_repeats_are_the_proven_users_own(page: Api, acme: Workspace) -> None:
    rows = [ConversationFactory(workspace=acme) for _ in range(2)]
    for row in rows:
        headers = {"X-User-Hash": identity.email_hash(acme, row.contact.email), "Idempotency-Key": "k"}
        answer = page.post(CREATE, {"subject": "Hi", "user_email": row.contact.email}, **headers)
        assert "Idempotent-Replayed" not in answer


def test_client_key_shows_its_user_what_another_verified_address_has(page: Api, acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=acme)
    for value, is_verified in (("work@example.com", True), ("typed@example.com", False)):
        actions.add_address(
            contact=row.contact, kind="email", value=value, is_verified=is_verified, by=ben.actor, at=clock.now()
        )
    for email, count, status in (("work@example.com", 1, 201), ("typed@example.com", 0, 404)):
        proven = proof(acme, email)
        listed = page.get(CONVERSATIONS, **proven).json()
        assert (listed["count"], len(listed["results"])) == (count, count)
        path = f"{CONVERSATIONS}{row.public_id}/messages/create/"
        assert page.post(path, {"body": "Hi", "user_email": email}, **proven).status_code == status
