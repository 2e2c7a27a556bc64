"""PostHog tickets: messages, replies, private notes, broadcasts, changes in bulk, and saved views."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import clock
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Conversation, Message, MessageKind, SavedView, SenderKind, Visibility
from tests.conftest import Key, Member
from tests.dialects.posthog_client import Posthog, posthog_api, refusal, row_of, thread_of  # noqa: F401 (a fixture)
from tests.factories import ConversationFactory, api_key, receive, reply
from tickets import actions as ticket_actions
from tickets.models import Ticket
from tickets.permissions import TicketScope

pytestmark = pytest.mark.django_db
MESSAGE = {"id", "content", "rich_content", "author_type", "author_name", "is_private", "created_at"}


def contents(api: Posthog, made: dict[str, Any], query: str = "") -> list[str]:
    return [row["content"] for row in api.get(f"tickets/{made['id']}/messages?{query}").json()["results"]]


# --- Messages -----------------------------------------------------------------------------------


def test_messages_are_oldest_first_of_all_conversations_notes_included(
    api: Posthog,
    acme: Workspace,
    ben: Member,
) -> None:
    made = api.create(anonymous_traits={"name": "Bo"})
    thread = thread_of(made)
    receive(thread, "It fails")
    actions.reply(conversation=thread, body="Looking", by=ben.actor, at=clock.now())
    actions.note(conversation=thread, body="Known bug", by=ben.actor, at=clock.now())
    actions.set_status(conversation=thread, status="resolved", by=ben.actor, at=clock.now())
    other = ConversationFactory(workspace=acme, body="Here too")
    actions.link(conversation=other, ticket=row_of(made), by=ben.actor, at=clock.now())
    answer = api.get(f"tickets/{made['id']}/messages").json()
    assert (answer["count"], answer["next"], answer["previous"]) == (4, None, None)
    rows = answer["results"]
    assert all(set(row) == MESSAGE for row in rows)
    assert [(row["content"], row["author_type"], row["author_name"], row["is_private"]) for row in rows] == [
        ("It fails", "customer", "Bo", False),
        ("Looking", "support", "Ben Kimura", False),
        ("Known bug", "support", "Ben Kimura", True),
        ("Here too", "customer", other.contact.name, False),
    ]


def test_message_without_a_name_has_a_label(api: Posthog) -> None:
    made = api.create()
    receive(thread_of(made))
    assert api.get(f"tickets/{made['id']}/messages").json()["results"][0]["author_name"] == "Customer"


def test_messages_come_by_fifty_and_at_most_two_hundred(api: Posthog) -> None:
    made = api.create()
    for n in range(52):
        reply(thread_of(made), f"m{n}")
    assert len(contents(api, made)) == 50
    assert contents(api, made, "offset=50") == ["m50", "m51"]
    assert contents(api, made, "limit=2&offset=1") == ["m1", "m2"]
    assert len(contents(api, made, "limit=9999")) == 52
    assert len(contents(api, made, "limit=junk")) == 50


@pytest.mark.parametrize(("query", "shown", "has_next"), [
    ("", 3, False), ("limit=3", 3, False), ("limit=2", 2, True), ("limit=2&offset=2", 1, False), ("offset=3", 0, False),
    ("offset=9", 0, False), ("limit=0", 3, False), ("limit=-1", 3, False),
])  # fmt: skip
def test_page_of_messages_counts_all_of_them(api: Posthog, query: str, shown: int, has_next: bool) -> None:
    made = api.create()
    for n in range(3):
        reply(thread_of(made), f"m{n}")
    page = api.get(f"tickets/{made['id']}/messages?{query}").json()
    assert (page["count"], len(page["results"]), page["next"] is not None) == (3, shown, has_next)


def test_messages_take_as_many_queries_for_twenty_as_for_one(api: Posthog) -> None:
    made = api.create()
    counts = []
    for wanted in (1, 20):
        while Message.all_workspaces.count() < wanted:
            receive(thread_of(made))
        with CaptureQueriesContext(connection) as seen:
            assert len(contents(api, made)) == wanted
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 4


# --- Reply --------------------------------------------------------------------------------------


def test_reply_goes_to_the_customer_of_the_primary_conversation(api: Posthog, acme: Workspace) -> None:
    made = api.create()
    other = ConversationFactory(workspace=acme, body=None)
    actions.link(conversation=other, ticket=row_of(made), by=Actor.system(acme.pk), at=clock.now() + timedelta(hours=1))
    rich = {"type": "doc", "content": [{"type": "paragraph"}]}
    answer = api.post(f"tickets/{made['id']}/reply", {"message": "We shipped a fix.", "rich_content": rich})
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == MESSAGE
    assert (body["content"], body["rich_content"], body["is_private"]) == ("We shipped a fix.", rich, False)
    assert (body["author_type"], body["author_name"]) == ("support", "Test key")
    assert Message.all_workspaces.get().conversation.ticket_id == row_of(made).pk
    assert Message.all_workspaces.get().conversation != other
    shown = api.get(f"tickets/{made['id']}").json()
    assert (shown["status"], shown["unread_customer_count"], shown["message_count"]) == ("new", 1, 1)


def test_private_reply_changes_no_figures(api: Posthog) -> None:
    made = api.create()
    answer = api.post(f"tickets/{made['id']}/reply", {"message": "Ask finance", "is_private": True})
    assert (answer.status_code, answer.json()["is_private"]) == (201, True)
    assert Message.all_workspaces.get().kind == MessageKind.NOTE
    assert api.get(f"tickets/{made['id']}").json() == made


def test_immediate_repeat_by_the_same_author_answers_the_original(api: Posthog, acme: Workspace) -> None:
    path = f"tickets/{api.create()['id']}/reply"
    with time_machine.travel(clock.now(), tick=False) as traveller:
        first = api.post(path, {"message": "Done"})
        again = api.post(path, {"message": "Done"})
        assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
        assert api.post(path, {"message": "Done."}).status_code == 201
        assert api.post(path, {"message": "Done", "is_private": True}).status_code == 201
        assert Posthog(api_key(acme)[1]).post(path, {"message": "Done"}).status_code == 201
        traveller.shift(timedelta(minutes=2))
        assert api.post(path, {"message": "Done"}).status_code == 201
    assert Message.all_workspaces.count() == 5


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({}, "required", "message"),
        ({"message": ""}, "blank", "message"),
        ({"message": " \n"}, "blank", "message"),
        ({"message": None}, "null", "message"),
        ({"message": 7}, "invalid_input", "message"),
        ({"message": "x" * 5001}, "max_length", "message"),
        ({"message": "nul \x00"}, "invalid_input", "message"),
        ({"message": "x", "is_private": "yes"}, "invalid_input", "is_private"),
        ({"message": "x", "rich_content": "text"}, "invalid_input", "rich_content"),
        ({"message": "x", "rich_content": {"a": "x" * 103_000}}, "max_length", "rich_content"),
    ],
)
def test_bad_reply_is_refused_and_nothing_is_sent(api: Posthog, body: Any, code: str, attr: str) -> None:
    made = api.create()
    answer = api.post(f"tickets/{made['id']}/reply", body)
    assert refusal(answer)[:2] == (400, "validation_error")
    assert answer.json()["attr"] == attr
    assert answer.json()["code"] == code
    assert not Message.all_workspaces.exists()


def test_ticket_without_a_conversation_cannot_be_answered(api: Posthog, acme: Workspace) -> None:
    made = api.create()
    actions.unlink(conversation=thread_of(made), by=Actor.system(acme.pk), at=clock.now())
    for path in ("reply", "broadcast"):
        assert refusal(api.post(f"tickets/{made['id']}/{path}", {"message": "x"}))[:3] == (
            400, "validation_error", "invalid_input",
        )  # fmt: skip


# --- Broadcast ----------------------------------------------------------------------------------


def test_broadcast_answers_every_conversation_and_may_resolve_them(api: Posthog, acme: Workspace) -> None:
    made = api.create(status="open")
    for _ in range(2):
        row = ConversationFactory(workspace=acme, body="It is down")
        actions.link(conversation=row, ticket=row_of(made), by=Actor.system(acme.pk), at=clock.now())
    ConversationFactory(workspace=acme, body="Something else")
    body = {"message": "It is up again.", "conversation_status": "resolved"}
    answer = api.post(f"tickets/{made['id']}/broadcast", body)
    assert (answer.status_code, answer.json()["sent"]) == (201, 3)
    assert {row["content"] for row in answer.json()["messages"]} == {"It is up again."}
    assert Conversation.all_workspaces.filter(ticket=row_of(made), status="resolved").count() == 3
    assert Message.all_workspaces.filter(body="It is up again.").count() == 3
    shown = api.get(f"tickets/{made['id']}").json()
    assert (shown["message_count"], shown["unread_team_count"], shown["status"]) == (5, 0, "open")
    assert Event.objects.filter(type="ticket.broadcast").count() == 1


# --- Notes --------------------------------------------------------------------------------------


@pytest.fixture
def noted(api: Posthog) -> tuple[str, dict[str, Any]]:
    """A ticket's path of notes, and a note that the key itself wrote."""
    made = api.create()
    body = {"message": "Ask finance", "is_private": True, "rich_content": {"type": "doc"}}
    return f"tickets/{made['id']}/notes", api.post(f"tickets/{made['id']}/reply", body).json()


def test_own_note_may_be_changed_and_its_version_counts(api: Posthog, noted: Any) -> None:
    path, note = noted
    changed = api.patch(f"{path}/{note['id']}", {"message": "Ask legal"})
    assert changed.status_code == 200
    assert changed.json() == {**note, "content": "Ask legal", "rich_content": None}
    assert (Message.all_workspaces.get().metadata or {})["version"] == 2
    before = Event.objects.count()
    assert api.patch(f"{path}/{note['id']}", {"message": "Ask legal"}).status_code == 200
    assert Event.objects.count() == before
    rich = {"type": "doc", "content": []}
    again = api.patch(f"{path}/{note['id']}", {"message": "Ask legal", "rich_content": rich}).json()
    assert again["rich_content"] == rich
    bad = api.patch(f"{path}/{note['id']}", {"message": "  "})
    assert refusal(bad) == (400, "validation_error", "blank", "message")


def test_own_note_may_be_deleted_once(api: Posthog, noted: Any) -> None:
    path, note = noted
    answer = api.delete(f"{path}/{note['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    thread = Conversation.all_workspaces.get()
    assert (thread.last_activity_id, thread.last_activity_at) == (None, thread.created_at)
    assert not Message.all_workspaces.exists()
    again = api.delete(f"{path}/{note['id']}")
    assert (again.status_code, again.json()["error_type"]) == (404, "note_not_found")


def test_only_own_private_notes_can_be_touched(api: Posthog, acme: Workspace, ben: Member, noted: Any) -> None:
    path, _ = noted
    thread = Conversation.all_workspaces.get()
    bens = actions.note(conversation=thread, body="Mine", by=ben.actor, at=clock.now())
    sent = reply(thread, "Hello")
    elsewhere = actions.note(conversation=ConversationFactory(workspace=acme), body="x", by=ben.actor, at=clock.now())
    before = Event.objects.count()
    for note_id, status, code in (
        (bens.public_id, 403, "not_note_author"),
        (sent.public_id, 400, "not_private_note"),
        (elsewhere.public_id, 404, "note_not_found"),
        (uuid.uuid4(), 404, "note_not_found"),
        ("nonsense", 404, "note_not_found"),
    ):
        for answer in (api.patch(f"{path}/{note_id}", {"message": "x"}), api.delete(f"{path}/{note_id}")):
            assert (answer.status_code, set(answer.json()), answer.json()["error_type"]) == (
                status, {"detail", "error_type"}, code,
            )  # fmt: skip
    assert Event.objects.count() == before


def test_another_keys_note_is_not_ones_own_even_under_the_same_name(acme: Workspace, noted: Any) -> None:
    path, note = noted
    answer = Posthog(api_key(acme)[1]).patch(f"{path}/{note['id']}", {"message": "x"})
    assert (answer.status_code, answer.json()["error_type"]) == (403, "not_note_author")


def test_ticket_without_a_conversation_has_private_notes(api: Posthog, acme: Workspace) -> None:
    made = api.create()
    receive(thread_of(made), "It fails")
    actions.unlink(conversation=thread_of(made), by=Actor.system(acme.pk), at=clock.now())
    body = {"message": "Ask finance", "is_private": True, "rich_content": {"type": "doc"}}
    answer = api.post(f"tickets/{made['id']}/reply", body)
    assert answer.status_code == 201
    note = answer.json()
    assert (note["content"], note["is_private"], note["author_type"], note["rich_content"]) == (
        "Ask finance", True, "support", {"type": "doc"},
    )  # fmt: skip
    assert api.post(f"tickets/{made['id']}/reply", body).json() == note, "an immediate repeat"
    assert api.get(f"tickets/{made['id']}/messages").json()["results"] == [note]
    path = f"tickets/{made['id']}/notes/{note['id']}"
    changed = api.patch(path, {"message": "Ask legal"}).json()
    assert changed == {**note, "content": "Ask legal", "rich_content": None}
    assert Posthog(api_key(acme)[1]).delete(path).json()["error_type"] == "not_note_author"
    assert api.delete(path).status_code == 204
    assert api.delete(path).json()["error_type"] == "note_not_found"
    assert contents(api, made) == []


def test_pages_have_each_message_and_each_note_of_the_ticket_once(api: Posthog, acme: Workspace) -> None:
    made, start = api.create(), clock.now()
    thread, ticket, by = thread_of(made), row_of(made), Actor.system(acme.pk)
    for number in range(7):
        at = start + timedelta(minutes=number)
        if number in (0, 3, 4, 6):
            ticket_actions.add_note(ticket=ticket, body=str(number), by=by, at=at)
        else:
            actions.note(conversation=thread, body=str(number), by=by, at=at)
    for limit in (1, 2, 3, 50):
        pages = [contents(api, made, f"limit={limit}&offset={offset}") for offset in range(0, 7, limit)]
        assert "".join(text for page in pages for text in page) == "0123456"
    assert api.get(f"tickets/{made['id']}/messages?limit=2").json()["count"] == 7


# --- In bulk ------------------------------------------------------------------------------------


def test_bulk_status_skips_strangers_and_what_stands_so(api: Posthog, globex_key: Key) -> None:
    rows = [api.create(status=status) for status in ("new", "open", "resolved")]
    theirs = Posthog(globex_key.secret).create()
    ids = [row["id"] for row in [*rows, theirs]] + [str(uuid.uuid4())]
    answer = api.post("tickets/bulk_update_status", {"ids": ids, "status": "resolved"})
    assert (answer.status_code, answer.json()) == (200, {"updated": 2})
    assert set(api.numbers("status=resolved")) == {1, 2, 3}
    assert Ticket.all_workspaces.get(public_id=theirs["id"]).status == "new"
    assert api.post("tickets/bulk_update_status", {"ids": ids, "status": "resolved"}).json() == {"updated": 0}


def test_bulk_tags_add_remove_and_set(api: Posthog) -> None:
    ids = [api.create(tags=tags)["id"] for tags in (["a", "b"], [])]

    def after(action: str, *tags: str) -> tuple[int, list[list[str]]]:
        answer = api.post("tickets/bulk_update_tags", {"ids": ids, "action": action, "tags": list(tags)})
        assert answer.status_code == 200, answer.content
        return answer.json()["updated"], [api.get(f"tickets/{one}").json()["tags"] for one in ids]

    assert after("add", " B ", "c") == (2, [["a", "b", "c"], ["b", "c"]])
    assert after("remove", "a", "zzz") == (1, [["b", "c"], ["b", "c"]])
    assert after("set", "x", "X") == (2, [["x"], ["x"]])
    assert after("set") == (2, [[], []])
    assert after("add") == (0, [[], []])


@pytest.mark.parametrize(
    ("path", "body", "attr"),
    [
        ("status", {}, "ids"),
        ("status", {"ids": [], "status": "new"}, "ids"),
        ("status", {"ids": ["x"], "status": "new"}, "ids__0"),
        ("status", {"ids": [5], "status": "new"}, "ids__0"),
        ("status", {"ids": "x", "status": "new"}, "ids"),
        ("status", {"ids": [str(uuid.UUID(int=5))] * 501, "status": "new"}, "ids"),
        ("status", {"ids": [str(uuid.UUID(int=5))]}, "status"),
        ("status", {"ids": [str(uuid.UUID(int=5))], "status": "closed"}, "status"),
        ("tags", {"ids": [str(uuid.UUID(int=5))], "action": "replace", "tags": []}, "action"),
        ("tags", {"ids": [str(uuid.UUID(int=5))], "action": "add"}, "tags"),
        ("tags", {"ids": [str(uuid.UUID(int=5))], "action": "add", "tags": ["x" * 101]}, "tags__0"),
    ],
)
def test_bad_bulk_is_refused(api: Posthog, path: str, body: Any, attr: str) -> None:
    answer = api.post(f"tickets/bulk_update_{path}", body)
    assert (refusal(answer)[0], answer.json()["attr"]) == (400, attr)


def test_bulk_is_all_or_nothing(api: Posthog) -> None:
    free, full = api.create(), api.create(tags=[f"t{n}" for n in range(100)])
    body = {"ids": [free["id"], full["id"]], "action": "add", "tags": ["one more"]}
    assert refusal(api.post("tickets/bulk_update_tags", body))[3] == "tags"
    assert api.get(f"tickets/{free['id']}").json()["tags"] == []


# --- Saved views --------------------------------------------------------------------------------


def test_view_is_made_listed_changed_and_deleted(api: Posthog) -> None:
    made = api.post("views", {"name": "Hot", "filters": {"status": ["open"]}})
    assert made.status_code == 201
    view = made.json()
    assert set(view) == {
        "id", "short_id", "name", "filters", "visibility", "is_favorited", "created_at", "created_by",
    }  # fmt: skip
    assert (view["visibility"], view["is_favorited"], view["created_by"]) == ("shared", False, None)
    path = f"views/{view['short_id']}"
    assert api.get(path).json() == view
    assert api.get("views/").json() == {"count": 1, "next": None, "previous": None, "results": [view]}
    changed = api.patch(path, {"filters": {"sla": "breached"}, "is_favorited": True}).json()
    assert changed == {**view, "filters": {"sla": "breached"}, "is_favorited": True}
    before = Event.objects.count()
    assert api.patch(path, {"filters": {"sla": "breached"}, "is_favorited": True}).json() == changed
    assert Event.objects.count() == before
    assert api.call("PUT", path, {"name": "x"}).status_code == 405
    assert api.delete(path).status_code == 204
    assert refusal(api.get(path)) == (404, "invalid_request", "not_found", None)
    assert refusal(api.delete(path))[0] == 404


def test_favorites_are_each_ones_own_and_come_first(api: Posthog, acme: Workspace) -> None:
    names = ["first", "second", "third"]
    ids = {name: api.post("views", {"name": name}).json()["short_id"] for name in names}
    api.patch(f"views/{ids['first']}", {"is_favorited": True})
    assert [row["name"] for row in api.get("views").json()["results"]] == ["first", "third", "second"]
    other = Posthog(api_key(acme)[1])
    assert [row["name"] for row in other.get("views").json()["results"]] == ["third", "second", "first"]
    api.patch(f"views/{ids['first']}", {"is_favorited": False})
    assert not api.get(f"views/{ids['first']}").json()["is_favorited"]


def test_private_view_is_its_makers_until_the_maker_is_gone(api: Posthog, acme: Workspace, ben: Member) -> None:
    secret = api.post("views", {"name": "Mine", "visibility": "private"}).json()["short_id"]
    bens = actions.create_view(
        workspace=acme, name="Ben's", visibility=Visibility.PRIVATE, by=ben.actor, at=clock.now()
    )
    other = Posthog(api_key(acme)[1])
    assert other.get("views").json()["count"] == 0
    for one in (secret, bens.short_id):
        assert other.get(f"views/{one}").content == other.get("views/aaaaaaaa").content
        assert other.patch(f"views/{one}", {"name": "x"}).status_code == 404
    assert [row["name"] for row in api.get("views").json()["results"]] == ["Mine"]
    SavedView.all_workspaces.filter(pk=bens.pk).update(created_by=None)
    assert [row["name"] for row in other.get("views").json()["results"]] == ["Ben's"]


def test_operators_view_prints_its_maker(api: Posthog, acme: Workspace, ben: Member) -> None:
    actions.create_view(workspace=acme, name="Ben's", by=ben.actor, at=clock.now())
    maker = api.get("views").json()["results"][0]["created_by"]
    assert (maker["email"], maker["first_name"], maker["last_name"]) == (ben.user.email, "Ben", "Kimura")
    assert set(maker) == {
        "id", "uuid", "distinct_id", "first_name", "last_name", "email", "is_email_verified", "hedgehog_config",
        "role_at_organization",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 401}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x", "filters": []}, "filters"),
        ({"name": "x", "filters": {"a": "x" * 10_001}}, "filters"),
        ({"name": "x", "filters": {"a": "\x00"}}, "filters"),
        ({"name": "x", "visibility": "public"}, "visibility"),
        ({"name": "x", "is_favorited": 1}, "is_favorited"),
    ],
)
def test_bad_view_is_refused(api: Posthog, body: Any, attr: str) -> None:
    answer = api.post("views", body)
    assert (refusal(answer)[0], answer.json()["attr"]) == (400, attr)
    assert not SavedView.all_workspaces.exists()


def test_views_stay_in_their_workspace_and_take_constant_queries(api: Posthog, globex_key: Key) -> None:
    theirs = Posthog(globex_key.secret).post("views", {"name": "Theirs"}).json()["short_id"]
    assert api.get(f"views/{theirs}").status_code == 404
    counts = []
    for wanted in (1, 20):
        while SavedView.all_workspaces.count() < wanted + 1:
            api.post("views", {"name": "x"})
        with CaptureQueriesContext(connection) as seen:
            assert api.get("views").json()["count"] == wanted
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 3


def test_reading_key_reads_views_and_changes_none(acme: Workspace) -> None:
    reader = Posthog(api_key(acme, scopes=[TicketScope.READ])[1])
    assert reader.get("views").status_code == 200
    assert reader.post("views", {"name": "x"}).status_code == 403


def test_assistants_note_is_nobodys_own(api: Posthog) -> None:
    made = api.create()
    receive(thread_of(made), "Hello")
    system = Actor.system(row_of(made).workspace_id)
    note = actions.note(conversation=thread_of(made), body="Draft", by=system, at=clock.now())
    Message.all_workspaces.filter(pk=note.pk).update(sender_kind=SenderKind.ASSISTANT)
    answer = api.delete(f"tickets/{made['id']}/notes/{note.public_id}")
    assert (answer.status_code, answer.json()["error_type"]) == (403, "not_note_author")
