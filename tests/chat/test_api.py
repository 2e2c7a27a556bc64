"""The calls of the widget's frame: what a visitor writes, sees and does, from where they may, and as often as they may."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions as desk
from conversations.actions.senders import Sender
from conversations.assistant import actions as assistant
from conversations.channels.chat import limits
from conversations.chat import actions
from conversations.models import ChatSession, Contact, Conversation, Message, Widget
from tests.chat.conftest import Browser, make
from tests.concurrency import at_once
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, reply

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


def signed(widget: Widget, **claims: Any) -> str:
    given = {"sub": "u_41", "aud": widget.key, "exp": clock.now() + timedelta(minutes=10), **claims}
    return jwt.encode(given, widget.workspace.identity_secret, algorithm="HS256")


def change(widget: Widget, **values: Any) -> None:
    actions.update_widget(widget=widget, by=Actor.system(widget.workspace_id), at=clock.now(), **values)


# --- Writing and reading ------------------------------------------------------------------------


def test_visitor_writes_and_reads_the_answer(widget: Widget, ben: Member) -> None:
    browser = Browser(widget)
    opened = browser.post("start", {"page": "https://shop.example/", "locale": "en"})
    assert (opened["session"], opened["conversations"], opened["unread"]) == (None, [], 0)
    assert opened["online"] == {"is_online": True, "next_opening": None}
    assert not ChatSession.objects.exists()
    assert not Contact.objects.exists()
    chat = browser.begin("My order is **late**.", name="Nia", email="nia@example.com", page="https://shop.example/a",
                         fields={"plan": "pro"})  # fmt: skip
    row = Conversation.objects.get(public_id=chat["id"])
    assert row.metadata == {"widget": "Website", "page": "https://shop.example/a", "plan": "pro"}
    assert (row.channel, row.subject, row.contact.name, row.contact.is_verified) == (
        "chat", "My order is **late**.", "Nia", False,
    )  # fmt: skip
    desk.reply(conversation=row, body="It is on its way:\nhttps://track.example/1", by=ben.actor, at=clock.now())
    desk.note(conversation=row, body="Inside.", by=ben.actor, at=clock.now())
    listed = browser.get("conversations")
    assert listed["unread"] == 1
    [shown] = listed["conversations"]
    assert shown["with"] == {"kind": "agent", "name": "Ben"}
    assert shown["last"]["text"] == "It is on its way: https://track.example/1"
    assert (shown["unread"], shown["status"], shown["last"]["author_kind"]) == (1, "open", "agent")
    thread = browser.get(f"conversations/{chat['id']}")
    assert [(one["text"][:10], one["is_own"]) for one in thread["messages"]] == [
        ("My order i", True), ("It is on i", False),
    ]  # fmt: skip
    assert 'href="https://track.example/1"' in thread["messages"][1]["html"]
    assert browser.post(f"conversations/{chat['id']}/seen", {"message": thread["messages"][1]["id"]}) == {"unread": 0}
    answer = browser.write(chat["id"], "Thanks")
    assert answer["message"]["is_own"]
    assert answer["conversation"]["id"] == chat["id"]


def test_resolving_reopening_and_closed_ones(widget: Widget) -> None:
    browser = Browser(widget)
    chat = browser.begin()
    where = f"conversations/{chat['id']}"
    assert browser.post(f"{where}/resolve")["conversation"]["status"] == "resolved"
    assert browser.post(f"{where}/reopen")["conversation"]["status"] == "open"
    kinds = [one["kind"] for one in browser.get(where)["messages"]]
    assert kinds == ["message", "status", "status"]
    row = Conversation.objects.get()
    desk.set_status(conversation=row, status="closed", by=Actor.system(widget.workspace_id), at=clock.now())
    assert browser.call("POST", f"{where}/reopen").json()["code"] == "closed"
    went_on = browser.write(chat["id"], "One more thing.")
    assert went_on["conversation"]["id"] != chat["id"]
    assert len(browser.get("conversations")["conversations"]) == 2


def test_repeats_get_the_same_answer_also_where_the_first_was_lost(widget: Widget) -> None:
    browser = Browser(widget)
    first = {"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "Hello?"}, "secret": "s" * 40}
    once, again = browser.post("conversations", first), browser.post("conversations", first)
    assert once == again
    assert once["token"]
    browser.token = once["token"]
    assert "token" not in browser.post("conversations", first)
    follow = {"id": str(uuid.uuid4()), "text": "Are you there?"}
    path = f"conversations/{first['id']}/messages"
    assert browser.post(path, follow) == browser.post(path, follow)
    assert Message.objects.count() == 2
    assert ChatSession.objects.count() == Contact.objects.count() == 1
    stranger = Browser(widget)
    assert stranger.call("POST", "conversations", {**first, "secret": "t" * 40}).status_code == 409
    assert stranger.call("POST", "conversations", {**first, "secret": None}).status_code == 409
    assert ChatSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_same_first_message_sent_at_once_begins_one_conversation(widget: Widget) -> None:
    first = {"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "Hello?"}, "secret": "s" * 40}
    answers = at_once(lambda n: Browser(widget).post("conversations", first), 4)
    assert len({one["token"] for one in answers}) == 1
    assert {one["conversation"]["id"] for one in answers} == {first["id"]}
    assert (Contact.objects.count(), ChatSession.objects.count(), Message.objects.count()) == (1, 1, 1)


def test_pages_of_conversations_and_messages(widget: Widget) -> None:
    browser = Browser(widget)
    chats = [browser.begin(f"Number {n}")["id"] for n in range(23)]
    first = browser.get("conversations")
    second = browser.get(f"conversations?before={first['next']}")
    assert [one["id"] for one in first["conversations"] + second["conversations"]] == chats[::-1]
    assert (len(first["conversations"]), second["next"]) == (20, None)
    row = Conversation.objects.get(public_id=chats[0])
    for n in range(60):
        reply(row, f"Answer {n}")
    latest = browser.get(f"conversations/{chats[0]}")
    assert (len(latest["messages"]), latest["has_more"]) == (50, True)
    older = browser.get(f"conversations/{chats[0]}?before={latest['messages'][0]['id']}")
    assert (len(older["messages"]), older["has_more"]) == (11, False)
    assert older["messages"][0]["text"] == "Number 0"


def test_list_costs_the_same_for_one_and_for_many(widget: Widget) -> None:
    browser = Browser(widget)
    costs = []
    for count in (1, 9):
        for n in range(count):
            reply(Conversation.objects.get(public_id=browser.begin(f"{n}")["id"]))
        browser.get("conversations")
        with CaptureQueriesContext(
            connection,
        ) as caught:
            browser.get("conversations")
        costs.append(len(caught))
    assert costs[0] == costs[1]


# --- Identity -----------------------------------------------------------------------------------


def test_proof_opens_the_history_and_takes_along_what_is_the_visitors_own(widget: Widget) -> None:
    known = ContactFactory(workspace=widget.workspace, external_id="u_41", email="nia@example.com", name="Nia")
    earlier = ConversationFactory(workspace=widget.workspace, contact=known, subject="Before")
    browser = Browser(widget)
    chat = browser.begin()
    old = browser.token
    shown = browser.post("identify", {"jwt": signed(widget)})
    assert shown["session"] == {"contact": {"name": "Nia", "email": "nia@example.com"}, "is_verified": True}
    assert {one["id"] for one in shown["conversations"]} == {chat["id"], str(earlier.public_id)}
    assert shown["token"] != old
    for path in ("conversations", f"conversations/{chat['id']}", "stream"):
        assert browser.call("GET", path).json() == {"code": "session_ended", "error": "This session has ended."}
    browser.token = shown["token"]
    assert browser.post("identify", {"jwt": signed(widget)})["token"] == shown["token"]


def test_unsigned_identity_describes_and_opens_nothing(widget: Widget) -> None:
    ContactFactory(workspace=widget.workspace, external_id="u_41", email="nia@example.com")
    browser = Browser(widget)
    stated = {"id": "u_41", "email": "nia@example.com", "name": "Eve", "company": "Sample", "plan": "pro"}
    assert browser.post("identify", stated) == {"token": None, "session": None, "conversations": [], "unread": 0}
    assert not ChatSession.objects.exists()
    chat = browser.begin()
    shown = browser.post("identify", stated)
    assert shown["token"] == browser.token
    assert shown["session"] == {"contact": {"name": "Eve", "email": "nia@example.com"}, "is_verified": False}
    assert [one["id"] for one in shown["conversations"]] == [chat["id"]]
    assert Contact.objects.get(name="Eve").traits == {"plan": "pro", "stated_id": "u_41"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"jwt": "a.b.c"}, "identity_invalid"),
        ({"jwt": {"a": 1}}, "identity_invalid"),
        ({"email": "nia@example.com", "email_hash": "0" * 64}, "identity_invalid"),
        ({"identity_distinct_id": "u_41", "identity_hash": "0" * 64}, "identity_invalid"),
    ],
)
def test_proof_that_does_not_hold_is_refused(widget: Widget, given: dict[str, Any], code: str) -> None:
    answer = Browser(widget).call("POST", "identify", given)
    assert (answer.status_code, answer.json()["code"]) == (401, code)


def test_expired_proof_says_so(widget: Widget) -> None:
    answer = Browser(widget).call("POST", "identify", {"jwt": signed(widget, exp=clock.now() - timedelta(hours=1))})
    assert (answer.status_code, answer.json()["code"]) == (401, "identity_expired")


def test_ended_session_opens_nothing_and_a_proof_begins_anew(widget: Widget) -> None:
    browser = Browser(widget)
    browser.begin()
    browser.post("end")
    for path, data in (("start", {}), ("identify", {"name": "Nia"}), ("conversations", {})):
        assert browser.call("POST", path, data).json()["code"] == "session_ended", path
    assert browser.post("identify", {"jwt": signed(widget)})["conversations"] == []


# --- Strangers ----------------------------------------------------------------------------------


def paths(chat: str) -> list[tuple[str, str, Any]]:
    return [
        ("GET", f"conversations/{chat}", None),
        ("POST", f"conversations/{chat}/messages", {"id": str(uuid.uuid4()), "text": "Hi"}),
        ("POST", f"conversations/{chat}/seen", {"message": str(uuid.uuid4())}),
        ("POST", f"conversations/{chat}/typing", {}),
        ("POST", f"conversations/{chat}/resolve", {}),
        ("POST", f"conversations/{chat}/reopen", {}),
        ("POST", f"conversations/{chat}/transcript", {"email": "eve@example.com"}),
        ("POST", f"conversations/{chat}/decision", {"proposal": str(uuid.uuid4()), "approved": True}),
    ]


def test_what_is_somebody_elses_is_answered_as_missing(widget: Widget, globex: Workspace) -> None:
    chat = Browser(widget)
    theirs = chat.begin("Private.")["id"]
    mine = Browser(widget)
    mine.begin("Mine.")
    with tenancy.scope(globex):
        elsewhere = Browser(make(globex))
        elsewhere.begin("Elsewhere.")
    for browser in (mine, elsewhere):
        for (method, path, data), (_, missing, _) in zip(paths(theirs), paths(str(uuid.uuid4())), strict=True):
            answer, unknown = browser.call(method, path, data), browser.call(method, missing, data)
            assert (answer.status_code, answer.content) == (unknown.status_code, unknown.content), path
            assert answer.status_code == 404, path
    elsewhere.widget = widget  # a token of another workspace, at this widget's address
    for method, path, data in [*paths(theirs), ("GET", "conversations", None), ("GET", "stream", None)]:
        assert elsewhere.call(method, path, data).status_code == 401, path
    nobody = Browser(widget)
    for method, path, data in [*paths(theirs), ("GET", "conversations", None), ("GET", "stream", None)]:
        assert nobody.call(method, path, data).status_code == 401, path


def test_spam_and_what_the_assistant_has_elsewhere_is_not_shown(widget: Widget) -> None:
    browser = Browser(widget)
    browser.token = browser.post("identify", {"jwt": signed(widget)})["token"]
    contact = Contact.objects.get()
    act: dict[str, Any] = {"by": Actor.system(widget.workspace_id), "at": clock.now()}
    assistant.ask_assistant(workspace=widget.workspace, content="How?", contact=contact, **act)
    spam = browser.begin("Buy.")
    desk.mark_spam(conversation=Conversation.objects.get(public_id=spam["id"]), **act)
    assert browser.get("conversations")["conversations"] == []
    assert browser.call("GET", f"conversations/{spam['id']}").status_code == 404


def test_words_of_others_in_a_conversation_are_in_no_list_and_no_thread(widget: Widget) -> None:
    browser = Browser(widget)
    chat = browser.begin("Mine.")
    row = Conversation.objects.get()
    other = ContactFactory(workspace=widget.workspace, name="Otto")
    desk.receive(
        conversation=row, body="Not for you.", sender=Sender.contact(other), by=Actor.system(row.workspace_id),
        at=clock.now(),
    )  # fmt: skip
    assert "Not for you" not in json.dumps([browser.get("conversations"), browser.get(f"conversations/{chat['id']}")])


# --- Bad input ----------------------------------------------------------------------------------

BAD = [
    b"{", b"[]", b"7", b'"text"', b"null", b"\xff\xfe", b'{"id": "\\ud800"}', b'{"a": NaN}', b'{"a": 1e999}',
    b'{"a":' * 30 + b"1" + b"}" * 30, b"[" * 100_000, b'{"id": 1}', b'{"id": "x"}',
    json.dumps({"id": str(uuid.uuid4()), "text": "a\0b"}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "text": "   "}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "text": "x" * 10_001}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "text": ["x"]}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": []}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": 7}}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "x"}, "fields": [1]}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "x"}, "fields": {"a": "\0"}}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "x"}, "fields": {"a": "x" * 11_000}}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "x"}, "email": "nobody"}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "x"}, "email": "a@b.example\0"}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "x"}, "name": 7}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "x"}, "secret": "short"}).encode(),
    json.dumps({"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "x"}, "_hp": "me"}).encode(),
]  # fmt: skip


def test_bad_bodies_are_refused_in_json_and_change_nothing(widget: Widget, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser(widget)
    chat = browser.begin()["id"]
    before = Message.objects.count(), Contact.objects.count(), ChatSession.objects.count()
    wrong = [path for method, path, _ in paths(chat) if method == "POST" and "solve" not in path and "open" not in path]
    for body in BAD:
        for path in (
            "conversations",
            f"conversations/{chat}/messages",
            f"conversations/{chat}/seen",
            f"conversations/{chat}/decision",
        ):
            monkeypatch.setattr(limits.WRITES, "_left", {})
            monkeypatch.setattr(limits.SIGNALS, "_left", {})
            answer = browser.call("POST", path, body)
            assert 400 <= answer.status_code < 500, (path, body[:60], answer.status_code)
            assert {"code", "error"} <= answer.json().keys()
        for path in ("start", "identify", *wrong) if body in BAD[:14] else ():
            monkeypatch.setattr(limits.WRITES, "_left", {})
            answer = browser.call("POST", path, body)
            assert answer.status_code < 500, (path, body[:60])
            assert answer["Content-Type"] == "application/json" or answer.status_code == 204
    assert (Message.objects.count(), Contact.objects.count(), ChatSession.objects.count()) == before
    for query in (
        "conversations?before=x",
        "conversations?before=99999999999999999." + "0" * 36,
        f"conversations/{chat}?before=x",
    ):
        assert browser.call("GET", query).status_code == 422, query


def test_unknown_keys_addresses_and_methods_are_answered_in_json(widget: Widget) -> None:
    browser = Browser(widget)
    for key in ("plw_nobody", "x" * 300, "%00", "é"):
        answer = Client().post(f"/widget/{key}/api/start", headers={"Origin": "http://testserver"})
        assert (answer.status_code, answer.json()["code"]) == (404, "widget_gone"), key
    assert browser.call("GET", "nothing/here").json()["code"] == "not_found"
    for method, path in (("GET", "start"), ("DELETE", "conversations"), ("POST", "stream"), ("PUT", "identify")):
        answer = browser.call(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed"), path
    change(widget, is_active=False)
    assert browser.call("POST", "start").status_code == 404


def test_what_the_widget_asks_is_required_of_those_whom_nobody_knows(widget: Widget) -> None:
    change(widget, standard={"name": "optional", "email": "required"})
    browser = Browser(widget)
    given = {"id": str(uuid.uuid4()), "message": {"id": str(uuid.uuid4()), "text": "Hello?"}}
    answer = browser.call("POST", "conversations", given)
    assert (answer.status_code, answer.json()["field"], answer.json()["code"]) == (422, "email", "required")
    browser.token = browser.post("conversations", {**given, "email": "nia@example.com"})["token"]
    browser.begin("Another.")
    verified = Browser(widget)
    verified.token = verified.post("identify", {"jwt": signed(widget)})["token"]
    verified.begin("Known.")


# --- Origins and limits -------------------------------------------------------------------------


def test_only_the_websites_that_are_allowed_may_call(widget: Widget) -> None:
    for origin, status in (("http://testserver", 200), ("https://shop.example", 403), ("null", 403)):
        assert Browser(widget, origin=origin).call("POST", "start").status_code == status, origin
    change(widget, allowed_origins=["https://shop.example"])
    for origin, status in (
        ("http://testserver", 200), ("https://shop.example", 200), ("https://shop.example.evil", 403),
        ("http://shop.example", 403), ("https://evil.example", 403), ("", 403),
    ):  # fmt: skip
        assert Browser(widget, origin=origin).call("POST", "start").status_code == status, origin
    assert Client().post(f"/widget/{widget.key}/api/start").json()["code"] == "origin_not_allowed"


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_session_writes_so_often_and_no_more(widget: Widget, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits.WRITES, "rate", 0.001)  # however slow the machine is
    browser = Browser(widget)
    chat = browser.begin()["id"]
    answers = [
        browser.call("POST", f"conversations/{chat}/messages", {"id": str(uuid.uuid4()), "text": "Hi"})
        for _ in range(32)
    ]
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert refused[0].json()["code"] == "rate_limited"
    assert int(refused[0]["Retry-After"]) >= 1
    assert browser.call("GET", "conversations").status_code == 200
    Browser(widget).begin("Another visitor of the same address is not held up.")


# --- Files --------------------------------------------------------------------------------------


def test_files_come_and_go_safely(widget: Widget, ben: Member) -> None:
    browser = Browser(widget)
    chat = browser.begin()["id"]
    page = SimpleUploadedFile("page.html", b"<script>alert(1)</script>", content_type="text/html")
    sent = {"id": str(uuid.uuid4()), "text": ""}
    shown = browser.post(f"conversations/{chat}/messages", sent, files=[page, SimpleUploadedFile("a.png", PNG)])
    html, picture = shown["message"]["files"]
    assert (html["name"], html["is_image"], picture["is_image"]) == ("page.html", False, True)
    answer = Client().get(html["url"])
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert b"".join(answer.streaming_content) == b"<script>alert(1)</script>"
    answer = Client().get(picture["url"])
    assert (answer["Content-Type"], answer["Content-Disposition"].split(";")[0]) == ("image/png", "inline")
    assert "Set-Cookie" not in answer
    for url in (html["url"][:-2], html["url"].replace(widget.key, "plw_other")):
        assert Client().get(url).status_code == 404
    with time_machine.travel(clock.now() + timedelta(hours=3)):
        assert Client().get(html["url"]).status_code == 404
    browser.post("end")
    assert Client().get(html["url"]).status_code == 404


def test_files_that_are_not_taken_say_why(widget: Widget, settings: Any) -> None:
    browser = Browser(widget)
    chat = browser.begin()["id"]
    settings.UPLOAD_LIMIT = 1024

    def refused(files: list[Any]) -> tuple[int, str, str]:
        data = {"id": str(uuid.uuid4()), "text": "See."}
        answer = browser.call("POST", f"conversations/{chat}/messages", data, files=files)
        return answer.status_code, answer.json()["code"], answer.json()["field"]

    assert refused([SimpleUploadedFile("a.txt", b"")]) == (422, "file_empty", "files")
    assert refused([SimpleUploadedFile(f"{n}.txt", b"x") for n in range(11)]) == (422, "too_many_files", "files")
    assert refused([SimpleUploadedFile("a.txt", b"x" * 1025)]) == (413, "too_large", "files")
    change(widget, accepts_files=False)
    assert refused([SimpleUploadedFile("a.txt", b"x")]) == (422, "files_not_accepted", "files")
    assert Message.objects.count() == 1
