"""The Hexclave wire format as customers speak it: snake_case, and nobody's conversations but one's own."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import clock
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.models import Channel, Contact, Conversation, Handler, Message
from tests.conftest import Member
from tests.dialects.hexclave_client import AGENT, CUSTOMER, Api, agent, customer, token, violations
from tests.factories import ContactFactory, ConversationFactory, receive, reply

pytestmark = pytest.mark.django_db

BODY = {"subject": "Invoice is in the wrong currency", "message": "My June invoice is in USD."}


@pytest.fixture
def mira(acme: Workspace) -> Api:
    return customer(acme)


@pytest.fixture
def contact(acme: Workspace) -> Contact:
    """Mira, as the desk knows her."""
    return ContactFactory(workspace=acme, external_id="mira", email="mira@sample.test", name="Mira Okafor")


def create(api: Api, **changes: Any) -> str:
    answer = api.post(CUSTOMER, {**BODY, **changes})
    assert answer.status_code == 200, answer.content
    return str(answer.json()["conversation_id"])


def listed(api: Api, query: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = api.get(f"{CUSTOMER}?{query}").json()["conversations"]
    return rows


# --- Creating and listing -----------------------------------------------------------------------


def test_customers_whose_long_ids_begin_alike_share_no_repeats(acme: Workspace) -> None:
    first, second = (customer(acme, "x" * 399 + last, email=f"{last}@sample.test") for last in "ab")
    second.headers["x-stack-publishable-client-key"] = first.headers["x-stack-publishable-client-key"]
    once = {"Idempotency-Key": "once"}
    mine, theirs, again = (api.post(CUSTOMER, BODY, **once) for api in (first, second, first))
    assert "Idempotent-Replayed" not in theirs
    assert theirs.json() != mine.json()
    assert (again["Idempotent-Replayed"], again.json()) == ("true", mine.json())


def test_create_trims_and_casts_as_the_validator_does(mira: Api) -> None:
    made = create(mira, subject="  12 blanks  ", message=12)
    thread = mira.get(f"{CUSTOMER}/{made}").json()
    assert thread["conversation"]["subject"] == "12 blanks"
    assert thread["messages"][0]["body"] == "12"
    for sent, stored in ((True, "true"), (1.5, "1.5"), (3.0, "3"), (10**17, "100000000000000000")):
        assert mira.get(f"{CUSTOMER}/{create(mira, message=sent)}").json()["messages"][0]["body"] == stored


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"subject": None}, "body.subject cannot be null"),
        ({"subject": ""}, "body.subject must be at least 1 characters"),
        ({"subject": "   "}, "body.subject must be at least 1 characters"),
        ({"subject": "x" * 10_001}, "body.subject must be at most 10000 characters"),
        ({"subject": "nul \x00"}, "body.subject must not contain NUL characters"),
        ({"message": []}, "body.message must be a `string` type, but the final value was: `[]`."),
        ({"message": "\n\t "}, "body.message must be at least 1 characters"),
        ({"priority": "high"}, "body contains unknown properties: priority"),
        ({"a": 1, "b": 2}, "body contains unknown properties: a, b"),
    ],
)
def test_bad_body_is_a_schema_error_and_changes_nothing(mira: Api, change: dict[str, Any], line: str) -> None:
    assert violations(mira.post(CUSTOMER, {**BODY, **change})) == [line]
    assert not Conversation.all_workspaces.exists()
    assert not Contact.all_workspaces.exists()


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ({}, ["body.subject must be defined", "body.message must be defined"]),
        ("null", ["body cannot be null"]),
        ("", ["body must be defined"]),
        ("[]", ["body must be a `object` type, but the final value was: `[]`."]),
        ('"text"', ['body must be a `object` type, but the final value was: `"text"`.']),
        (
            {"message": "", "x": 1},
            [
                "body.subject must be defined",
                "body.message must be at least 1 characters",
                "body contains unknown properties: x",
            ],
        ),
    ],
)
def test_every_violation_has_a_line(mira: Api, body: Any, lines: list[str]) -> None:
    assert violations(mira.post(CUSTOMER, body)) == lines


def test_list_is_newest_visible_message_first_and_pages_by_offset(mira: Api, acme: Workspace, contact: Contact) -> None:
    at = clock.now()
    rows = [
        ConversationFactory(workspace=acme, contact=contact, subject=f"Case {n}", at=at + timedelta(seconds=n))
        for n in range(3)
    ]
    by = Actor.system(acme.pk)
    actions.note(conversation=rows[0], body="Unseen", by=by, at=at + timedelta(minutes=1))
    actions.set_status(conversation=rows[1], status="closed", by=by, at=at + timedelta(minutes=2))
    assert [row["subject"] for row in listed(mira)] == ["Case 1", "Case 2", "Case 0"]
    first = mira.get(f"{CUSTOMER}?limit=1").json()
    assert ([row["subject"] for row in first["conversations"]], first["has_more"]) == (["Case 1"], True)
    rest = mira.get(f"{CUSTOMER}?limit=2&offset=1").json()
    assert ([row["subject"] for row in rest["conversations"]], rest["has_more"]) == (["Case 2", "Case 0"], False)


@pytest.mark.parametrize(
    ("query", "rows", "has_more"),
    [
        ("limit=abc", 3, False),
        ("limit=", 3, False),
        ("limit=0", 1, True),
        ("limit=-5", 1, True),
        ("limit=500", 3, False),
        ("limit=2abc", 2, True),
        ("limit=2.9", 2, True),
        ("limit=%20%2B2", 2, True),
        ("limit=" + "9" * 5000, 3, False),
        ("limit=-" + "9" * 5000, 1, True),
        ("offset=abc", 3, False),
        ("offset=-5", 3, False),
        ("offset=1", 2, False),
        ("offset=" + "9" * 40, 0, False),
        ("limit=1&limit=2", 2, True),
    ],
)
def test_paging_forgives_everything(
    mira: Api, acme: Workspace, contact: Contact, query: str, rows: int, has_more: bool
) -> None:
    for _ in range(3):
        ConversationFactory(workspace=acme, contact=contact)
    answer = mira.get(f"{CUSTOMER}?{query}")
    assert answer.status_code == 200
    assert (len(answer.json()["conversations"]), answer.json()["has_more"]) == (rows, has_more)


@pytest.mark.parametrize("query", ["status=open", "userId=mira", "cursor=x"])
def test_unknown_query_is_refused_by_name(mira: Api, query: str) -> None:
    name = query.split("=")[0]
    assert violations(mira.get(f"{CUSTOMER}?{query}")) == [f"query contains unknown properties: {name}"]


def test_search_reads_subject_last_visible_message_and_contact(mira: Api, acme: Workspace, contact: Contact) -> None:
    paid = ConversationFactory(workspace=acme, contact=contact, subject="Paid 100% twice", body="Old words")
    other = ConversationFactory(workspace=acme, contact=contact, subject="Login_page", body="A path: C:\\temp")
    reply(paid, "Refund is on its way")
    actions.note(conversation=paid, body="Fraud suspected", by=Actor.system(acme.pk), at=clock.now())

    def subjects(text: str) -> list[str]:
        return sorted(row["subject"] for row in mira.get(CUSTOMER + "?query=" + text).json()["conversations"])

    assert subjects("paid") == [paid.subject]
    assert subjects("%20REFUND%20") == [paid.subject]
    assert subjects("Old%20words") == []
    assert subjects("fraud") == []
    assert subjects("100%25") == subjects("%25") == [paid.subject]
    assert subjects("login_") == subjects("_") == [other.subject]
    assert subjects("c%3A%5Ctemp") == subjects("%5C") == [other.subject]
    assert subjects("okafor") == subjects("mira@sample") == subjects("%20%20") == sorted([paid.subject, other.subject])
    assert violations(mira.get(CUSTOMER + "?query=a%00b")) == ["query.query must not contain NUL characters"]


# --- The thread ---------------------------------------------------------------------------------


def test_reply_adds_a_message_and_answers_the_thread(mira: Api) -> None:
    made = create(mira)
    answer = mira.patch(f"{CUSTOMER}/{made}", {"message": "  Still broken.  "})
    assert answer.status_code == 200
    thread = answer.json()
    assert [message["body"] for message in thread["messages"]] == ["My June invoice is in USD.", "Still broken."]
    assert [(message["attachments"], message["metadata"]) for message in thread["messages"]] == [([], None)] * 2
    assert (thread["conversation"]["status"], thread["conversation"]["preview"]) == ("open", "Still broken.")
    assert thread == mira.get(f"{CUSTOMER}/{made}").json()


def test_reply_opens_what_waits_for_the_customer_without_a_row_that_says_so(mira: Api, acme: Workspace) -> None:
    made = create(mira)
    team = agent(acme)
    team.patch(f"{AGENT}/{made}", {"projectId": str(acme.public_id), "type": "reply", "body": "Please reload."})
    assert mira.get(f"{CUSTOMER}/{made}").json()["conversation"]["status"] == "pending"
    thread = mira.patch(f"{CUSTOMER}/{made}", {"message": "Done"}).json()
    assert thread["conversation"]["status"] == "open"
    assert [message["message_type"] for message in thread["messages"]] == ["message"] * 3
    assert thread["conversation"]["metadata"]["next_response_due_at"] is None


@pytest.mark.parametrize("status", ["closed", "resolved"])
def test_reply_to_a_closed_conversation_leaves_it_closed(
    mira: Api, acme: Workspace, contact: Contact, status: str
) -> None:
    row = ConversationFactory(workspace=acme, contact=contact)
    actions.set_status(conversation=row, status=status, by=Actor.system(acme.pk), at=clock.now())
    closed_at = Conversation.all_workspaces.get().closed_at
    thread = mira.patch(f"{CUSTOMER}/{row.public_id}", {"message": "One more thing"}).json()
    assert (thread["conversation"]["status"], len(thread["messages"])) == ("closed", 3)
    now = Conversation.all_workspaces.get()
    assert (now.status, now.closed_at, now.unread_count) == (status, closed_at, 1)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({}, "body.message must be defined"),
        ({"message": None}, "body.message cannot be null"),
        ({"message": "  "}, "body.message must be at least 1 characters"),
        ({"message": "x" * 5001}, "body.message must be at most 5000 characters"),
        ({"message": {"a": 1}}, 'body.message must be a `string` type, but the final value was: `{\n    "a": 1\n  }`.'),
        ({"message": "x", "status": "closed"}, "body contains unknown properties: status"),
    ],
)
def test_bad_reply_is_refused_and_not_written(mira: Api, body: Any, line: str) -> None:
    made = create(mira)
    assert "\n".join(violations(mira.patch(f"{CUSTOMER}/{made}", body))) == line
    assert Message.all_workspaces.count() == 1


def test_reply_may_have_five_thousand_characters_and_a_first_message_more(mira: Api) -> None:
    made = create(mira, message="ü" * 20_000)
    answer = mira.patch(f"{CUSTOMER}/{made}", {"message": " " + "ü" * 5000 + " "})
    assert len(answer.json()["messages"][1]["body"]) == 5000
    assert len(answer.json()["messages"][0]["body"]) == 20_000


def test_notes_are_hidden_and_move_nothing_that_customers_see(mira: Api, acme: Workspace, ben: Member) -> None:
    made = create(mira)
    before = listed(mira)
    row = Conversation.all_workspaces.get()
    actions.note(conversation=row, body="Secret", by=ben.actor, at=clock.now() + timedelta(hours=1))
    assert listed(mira) == before
    assert len(mira.get(f"{CUSTOMER}/{made}").json()["messages"]) == 1


@pytest.mark.parametrize(
    ("status", "printed", "preview"),
    [
        ("closed", "closed", "Conversation closed"),
        ("resolved", "closed", "Conversation closed"),
        ("pending", "pending", "Conversation moved to pending"),
    ],
)
def test_status_changes_are_shown_with_who_made_them(
    mira: Api, acme: Workspace, ben: Member, status: str, printed: str, preview: str
) -> None:
    made = create(mira)
    row = Conversation.all_workspaces.get()
    actions.set_status(conversation=row, status=status, by=ben.actor, at=clock.now())
    thread = mira.get(f"{CUSTOMER}/{made}").json()
    change = thread["messages"][1]
    assert (change["message_type"], change["body"], change["metadata"]) == ("status-change", None, {"status": printed})
    assert change["sender"] == {
        "type": "agent",
        "id": str(ben.user.public_id),
        "display_name": "Ben Kimura",
        "primary_email": "ben@acme.example",
    }
    summary = thread["conversation"]
    assert (summary["last_message_type"], summary["preview"], summary["status"]) == ("status-change", preview, printed)


def test_reopening_is_shown_by_the_current_status(mira: Api, acme: Workspace, ben: Member) -> None:
    create(mira)
    row = Conversation.all_workspaces.get()
    actions.set_status(conversation=row, status="closed", by=ben.actor, at=clock.now())
    actions.set_status(conversation=row, status="open", by=ben.actor, at=clock.now())
    assert listed(mira)[0]["preview"] == "Conversation reopened"


def test_preview_is_the_whole_last_message(mira: Api) -> None:
    made = create(mira)
    mira.patch(f"{CUSTOMER}/{made}", {"message": "word " * 500 + "end"})
    assert listed(mira)[0]["preview"] == "word " * 500 + "end"


def test_files_are_named_in_the_accent(mira: Api, acme: Workspace, contact: Contact) -> None:
    row = ConversationFactory(workspace=acme, contact=contact)
    receive(row, "See the picture", uploads=[SimpleUploadedFile("a.txt", b"hello")])
    (file,) = mira.get(f"{CUSTOMER}/{row.public_id}").json()["messages"][1]["attachments"]
    assert uuid.UUID(file.pop("id"))
    assert file == {"name": "a.txt", "content_type": "application/octet-stream", "size": 5}


def test_conversations_of_other_formats_are_shown_in_this_format(mira: Api, acme: Workspace, contact: Contact) -> None:
    for channel, priority in (
        (Channel.DISCORD, "medium"),
        (Channel.CALLBACK, "critical"),
        (Channel.EMAIL, "p2"),
        (Channel.MANUAL, "low"),
    ):
        ConversationFactory(
            workspace=acme, contact=contact, subject=channel, priority=priority, door=Door(channel, "elsewhere")
        )
    assert {row["subject"]: (row["source"], row["priority"]) for row in listed(mira)} == {
        "discord": ("chat", "normal"),
        "callback": ("api", "urgent"),
        "email": ("email", "normal"),
        "manual": ("manual", "low"),
    }


# --- Who sees what ------------------------------------------------------------------------------


def test_another_customer_sees_nothing_and_gets_what_a_missing_id_gets(
    mira: Api, acme: Workspace, globex: Workspace
) -> None:
    made = create(mira)
    stranger = customer(acme, "eve", email="eve@sample.test", name="Eve")
    foreigner = customer(globex, "mira")
    assert listed(stranger) == listed(foreigner) == []
    for method, body in (("GET", None), ("PATCH", {"message": "x"})):
        answers = [api.call(method, f"{CUSTOMER}/{made}", body) for api in (stranger, foreigner)]
        answers.append(mira.call(method, f"{CUSTOMER}/{uuid.uuid4()}", body))
        assert {(a.status_code, a.content, a["Content-Type"]) for a in answers} == {
            (404, b"Conversation not found.", "text/plain; charset=utf-8")
        }
        assert "X-Stack-Known-Error" not in answers[0]
    assert Message.all_workspaces.count() == 1
    assert Contact.all_workspaces.count() == 1


def test_conversation_of_which_nothing_is_visible_is_not_found(
    mira: Api, acme: Workspace, contact: Contact, ben: Member
) -> None:
    row = ConversationFactory(workspace=acme, contact=contact, body=None)
    actions.note(conversation=row, body="Only for us", by=ben.actor, at=clock.now())
    for method, body in (("GET", None), ("PATCH", {"message": "x"})):
        answer = mira.call(method, f"{CUSTOMER}/{row.public_id}", body)
        assert (answer.status_code, answer.content) == (404, b"Conversation not found.")
    assert [(row["preview"], row["last_message_type"]) for row in listed(mira)] == [(None, "message")]


def test_what_the_assistant_handles_is_not_listed(mira: Api, acme: Workspace, contact: Contact) -> None:
    ConversationFactory(workspace=acme, contact=contact, handler=Handler.ASSISTANT)
    assert listed(mira) == []


@pytest.mark.parametrize(
    "some",
    ["not-an-id", "1", "01900000-0000-7000-8000-000000000000", "7d0a6c1e-52b4-4f0e-cf57-1f3a6a0c9e21", "%00"],
)
def test_path_takes_uuids_alone(mira: Api, some: str) -> None:
    assert violations(mira.get(f"{CUSTOMER}/{some}")) == ["params.conversationId must be a valid UUID"]
    lines = violations(mira.patch(f"{CUSTOMER}/{some}", {}))
    assert lines == ["params.conversationId must be a valid UUID", "body.message must be defined"]


def test_zero_uuid_and_capital_letters_are_ids(mira: Api) -> None:
    made = create(mira)
    assert mira.get(f"{CUSTOMER}/{made.upper()}").status_code == 200
    assert mira.get(f"{CUSTOMER}/00000000-0000-0000-0000-000000000000").status_code == 404


def test_reading_makes_nobody_known(mira: Api) -> None:
    assert listed(mira) == []
    assert mira.get(f"{CUSTOMER}/{uuid.uuid4()}").status_code == 404
    assert not Contact.all_workspaces.exists()


def test_contact_known_by_email_is_adopted_by_a_signed_token(mira: Api, acme: Workspace) -> None:
    known = actions.identify(workspace=acme, email="mira@sample.test", by=Actor.system(acme.pk), at=clock.now())
    row = ConversationFactory(workspace=acme, contact=known)
    assert [item["conversation_id"] for item in listed(mira)] == [str(row.public_id)]
    assert mira.patch(f"{CUSTOMER}/{row.public_id}", {"message": "It is me"}).status_code == 200
    known.refresh_from_db()
    assert (known.external_id, known.name) == ("mira", "Mira Okafor")
    assert Contact.all_workspaces.count() == 1


def test_unverified_visitor_with_the_same_email_is_not_adopted(mira: Api, acme: Workspace) -> None:
    visitor = actions.identify(
        workspace=acme, email="mira@sample.test", is_trusted=False, by=Actor.system(acme.pk), at=clock.now()
    )
    ConversationFactory(workspace=acme, contact=visitor)
    assert listed(mira) == []
    create(mira)
    assert Contact.all_workspaces.count() == 2


def test_names_are_live_on_the_conversation_and_kept_on_the_message(mira: Api, acme: Workspace) -> None:
    made = create(mira)
    renamed = {"x-stack-access-token": token(acme, name="Mira O. Kafor", email="new@sample.test")}
    thread = mira.patch(f"{CUSTOMER}/{made}", {"message": "New name"}, **renamed).json()
    shown = thread["conversation"]
    assert (shown["user_display_name"], shown["user_primary_email"]) == ("Mira O. Kafor", "new@sample.test")
    senders = [(m["sender"]["display_name"], m["sender"]["primary_email"]) for m in thread["messages"]]
    assert senders == [("Mira Okafor", "mira@sample.test"), ("Mira O. Kafor", "new@sample.test")]


def test_token_may_name_nothing_but_an_id(acme: Workspace) -> None:
    api = customer(acme, "quiet-one", email="", name="")
    made = create(api)
    shown = api.get(f"{CUSTOMER}/{made}").json()
    assert (shown["conversation"]["user_display_name"], shown["conversation"]["user_primary_email"]) == (None, None)
    assert shown["messages"][0]["sender"] == {
        "type": "user",
        "id": "quiet-one",
        "display_name": None,
        "primary_email": None,
    }


# --- Writing twice, and cost --------------------------------------------------------------------


def test_repeating_with_the_same_key_replays_the_first_answer(mira: Api, acme: Workspace) -> None:
    key = {"Idempotency-Key": "k1"}
    first, again = (mira.post(CUSTOMER, BODY, **key) for _ in range(2))
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (200, first.content, "true")
    assert again["Content-Type"] == first["Content-Type"]
    assert again["X-Stack-Request-Id"] != first["X-Stack-Request-Id"]
    assert Conversation.all_workspaces.count() == 1
    other = mira.post(CUSTOMER, {**BODY, "subject": "Another"}, **key)
    assert violations(other) == ["headers.idempotency-key was used before with another request"]
    eve = mira.post(CUSTOMER, BODY, **key, **{"x-stack-access-token": token(acme, "eve", email="eve@sample.test")})
    assert "Idempotent-Replayed" not in eve
    assert Conversation.all_workspaces.count() == 2


def test_refused_request_is_replayed_with_its_code(mira: Api) -> None:
    key = {"Idempotency-Key": "k2"}
    first, again = (mira.post(CUSTOMER, {"subject": ""}, **key) for _ in range(2))
    assert (again.status_code, again.content, again["Idempotent-Replayed"]) == (400, first.content, "true")
    assert again["X-Stack-Known-Error"] == again["X-Hexclave-Known-Error"] == "SCHEMA_ERROR"
    shown = mira.post(CUSTOMER, {"subject": ""}, **key, **{"x-stack-override-error-status": "1"})
    assert (shown.status_code, shown["X-Stack-Actual-Status"]) == (200, "400")


def test_fault_of_ours_is_plain_text_and_rolls_back(mira: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "start", lambda **kwargs: 1 / 0)
    answer = mira.post(CUSTOMER, BODY)
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert answer["X-Stack-Request-Id"] in answer.content.decode()
    assert not Contact.all_workspaces.exists()
    assert not Event.objects.filter(type="contact.created").exists()


def test_list_costs_the_same_queries_for_one_row_and_for_twenty(
    mira: Api, acme: Workspace, contact: Contact, django_assert_num_queries: Any
) -> None:
    ConversationFactory(workspace=acme, contact=contact)
    listed(mira)
    for rows in (1, 20):
        while Conversation.all_workspaces.count() < rows:
            reply(ConversationFactory(workspace=acme, contact=contact))
        with django_assert_num_queries(3):
            assert len(listed(mira)) == rows


def test_thread_costs_the_same_queries_for_one_message_and_for_twenty(
    mira: Api, acme: Workspace, contact: Contact, django_assert_num_queries: Any
) -> None:
    row = ConversationFactory(workspace=acme, contact=contact)
    listed(mira)
    for count in (1, 20):
        while Message.all_workspaces.count() < count:
            receive(row)
        with django_assert_num_queries(5):
            assert len(mira.get(f"{CUSTOMER}/{row.public_id}").json()["messages"]) == count
