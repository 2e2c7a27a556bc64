"""PostHog's public widget API: what a page may do with the token of a widget, and nobody else."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import actions as account_actions
from accounts import clock, mailing, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.api.limits import Buckets
from conversations.assistant import actions as assistant_actions
from conversations.chat import actions as chat_actions
from conversations.dialects.posthog.views import widget as views
from conversations.models import ChatRestore, ChatSession, Conversation, Handler, Widget
from tests.conftest import Key, Member
from tests.dialects import harness
from tests.dialects.scene import Scene
from tests.factories import ContactFactory
from tickets import actions as ticket_actions
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
BASE = "/api/conversations/v1/widget/"
SITE = "https://shop.example"


def make_widget(workspace: Workspace, **values: Any) -> Widget:
    by = Actor.system(workspace.pk)
    with tenancy.scope(workspace):
        return chat_actions.create_widget(
            workspace=workspace, name="Website", posthog_token=True, by=by, at=clock.now(), **values
        )


class Page:
    """A page with the widget, in a browser of its own."""

    def __init__(self, widget: Widget, token: str | None = None, origin: str | None = SITE) -> None:
        self.client = Client(raise_request_exception=False)
        self.widget = widget
        self.token = widget.posthog_token if token is None else token
        self.origin = origin
        self.session = str(uuid.uuid4())
        self.who: dict[str, str] = {"widget_session_id": self.session}

    def headers(self) -> dict[str, str]:
        found = {"X-Conversations-Token": self.token or ""}
        return found | ({"Origin": self.origin} if self.origin else {})

    def post(self, path: str, body: Any, **headers: str) -> Any:
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self.client.post(BASE + path, data, content_type="application/json", headers=self.headers() | headers)

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(BASE + path, {**self.who, **query}, headers=self.headers())

    def send(self, text: str = "Where is my order?", ticket: str | None = None, **more: Any) -> dict[str, Any]:
        body = {"message": text, "distinct_id": "anon-1", "ticket_id": ticket, **self.who, **more}
        answer = self.post("message", body)
        assert answer.status_code == 200, answer.content
        made: dict[str, Any] = answer.json()
        return made

    def messages(self, ticket: str, **query: Any) -> list[dict[str, Any]]:
        answer = self.get(f"messages/{ticket}", **query)
        assert answer.status_code == 200, answer.content
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found

    def tickets(self, **query: Any) -> list[dict[str, Any]]:
        answer = self.get("tickets", **query)
        assert answer.status_code == 200, answer.content
        assert answer.json()["count"] == len(answer.json()["results"])
        rows: list[dict[str, Any]] = answer.json()["results"]
        return rows


def signed(page: Page, person: str, secret: str | None = None) -> Page:
    key = secret or page.widget.workspace.identity_secret
    page.who = {
        "identity_distinct_id": person,
        "identity_hash": hmac.new(key.encode(), person.encode(), hashlib.sha256).hexdigest(),
    }
    return page


@pytest.fixture
def widget(acme: Workspace) -> Widget:
    return make_widget(acme)


@pytest.fixture
def page(widget: Widget) -> Page:
    return Page(widget)


def conversation_of(ticket: str) -> Conversation:
    return Conversation.all_workspaces.get(ticket__public_id=ticket)


def test_first_message_opens_a_ticket_with_its_conversation(page: Page, acme: Workspace) -> None:
    made = page.send(
        "Where is my order?",
        traits={"name": "Jo", "email": "Jo@shop.example", "seats": 3, "plan": None, "tags": ["x"]},
        session_id="s-1",
        session_context={"current_url": f"{SITE}/cart", "session_replay_url": "https://desk.example/replay"},
    )
    ticket = Ticket.all_workspaces.get(public_id=made["ticket_id"])
    row = conversation_of(made["ticket_id"])
    assert set(made) == {"ticket_id", "message_id", "ticket_status", "unread_count", "created_at"}
    assert (made["ticket_status"], made["unread_count"]) == ("new", 0)
    assert (ticket.channel, ticket.unread_team_count, ticket.message_count, ticket.session_id) == ("chat", 1, 1, "s-1")
    assert ticket.anonymous_traits == {"name": "Jo", "email": "Jo@shop.example", "seats": "3"}
    assert ticket.session_context["current_url"] == f"{SITE}/cart"
    assert (row.channel, row.contact.name, row.contact.email, row.contact.is_verified) == (
        "chat",
        "Jo",
        "jo@shop.example",
        False,
    )
    [shown] = page.messages(made["ticket_id"])
    assert shown == {
        "id": made["message_id"],
        "content": "Where is my order?",
        "rich_content": None,
        "author_type": "customer",
        "author_name": "Jo",
        "created_at": made["created_at"],
    }


def test_reply_reaches_the_page_and_is_unread_until_it_says_so(page: Page, acme: Workspace, ada: Member) -> None:
    made = page.send()
    row = conversation_of(made["ticket_id"])
    with tenancy.scope(acme):
        actions.note(conversation=row, body="Internal.", by=ada.actor, at=clock.now())
        actions.reply(conversation=row, body="**On its way**: https://dhl.example", by=ada.actor, at=clock.now())
    answer = page.get(f"messages/{made['ticket_id']}", after=made["created_at"]).json()
    assert [one["content"] for one in answer["messages"]] == ["**On its way**: https://dhl.example"]
    [reply] = answer["messages"]
    assert (reply["author_type"], reply["author_name"]) == ("support", ada.user.name.split(" ")[0])
    assert reply["rich_content"]["type"] == "doc"
    assert answer["unread_count"] == 1
    assert [one["unread_count"] for one in page.tickets()] == [1]
    assert page.post(f"messages/{made['ticket_id']}/read", page.who).json() == {"success": True, "unread_count": 0}
    assert [one["unread_count"] for one in page.tickets()] == [0]
    row.refresh_from_db()
    assert row.customer_seen_at is not None
    assert Ticket.all_workspaces.get(public_id=made["ticket_id"]).unread_customer_count == 0


# --- Who may see what -----------------------------------------------------------------------------


def test_message_with_a_ticket_is_added_and_one_without_always_opens_another(page: Page, acme: Workspace) -> None:
    first = page.send("One")
    assert (
        page.send("Two", ticket=first["ticket_id"], distinct_id="user-7", traits={"name": "Jo"})["ticket_id"]
        == (first["ticket_id"])
    )
    second = page.send("Three", ticket="")
    assert second["ticket_id"] != first["ticket_id"]
    row = Ticket.all_workspaces.get(public_id=first["ticket_id"])
    assert (row.unread_team_count, row.message_count, row.anonymous_traits) == (2, 2, {"name": "Jo"})
    assert [one["content"] for one in page.messages(first["ticket_id"])] == ["One", "Two"]
    assert [(one["id"], one["message_count"], one["last_message"]) for one in page.tickets()] == [
        (second["ticket_id"], 1, "Three"),
        (first["ticket_id"], 2, "Two"),
    ]
    # One session, whose visitor the page calls something else by now.
    contact = conversation_of(first["ticket_id"]).contact
    assert contact.pk == conversation_of(second["ticket_id"]).contact_id
    assert contact.traits["stated_id"] == "anon-1"  # as the last message said


def test_another_browser_sees_nothing_and_another_workspace_nothing_at_all(page: Page, globex: Workspace) -> None:
    mine = page.send()["ticket_id"]
    other = Page(page.widget)
    elsewhere = Page(make_widget(globex))
    missing = str(uuid.uuid4())
    assert other.tickets() == elsewhere.tickets() == []
    for visitor, ticket, status in ((other, mine, 403), (elsewhere, mine, 404), (page, missing, 404)):
        body = {"message": "Hi", "distinct_id": "x", "ticket_id": ticket, **visitor.who}
        answers = [
            visitor.get(f"messages/{ticket}"),
            visitor.post(f"messages/{ticket}/read", visitor.who),
            visitor.post("message", body),
        ]
        assert [answer.status_code for answer in answers] == [status] * 3
        assert all(set(answer.json()) == {"error"} for answer in answers)
    assert len(page.messages(mine)) == 1
    # A widget of the same workspace knows the browser's id no more than another's does.
    twin = Page(make_widget(page.widget.workspace))
    twin.who = page.who
    assert twin.tickets() == []


def test_of_a_ticket_with_several_customers_each_sees_their_own(page: Page, acme: Workspace, ada: Member) -> None:
    mine = page.send("Mine")["ticket_id"]
    theirs = Page(page.widget)
    other = theirs.send("Theirs")["ticket_id"]
    ticket = Ticket.all_workspaces.get(public_id=mine)
    with tenancy.scope(acme):
        actions.link(conversation=conversation_of(other), ticket=ticket, by=ada.actor, at=clock.now())
        for row in Conversation.objects.filter(ticket=ticket):
            actions.reply(conversation=row, body=f"For {row.subject}", by=ada.actor, at=clock.now())
    assert [one["content"] for one in page.messages(mine)] == ["Mine", "For Mine"]
    assert [one["content"] for one in theirs.messages(mine)] == ["Theirs", "For Theirs"]
    assert [(one["unread_count"], one["message_count"], one["last_message"]) for one in theirs.tickets()] == [
        (1, 2, "For Theirs")
    ]
    assert theirs.post(f"messages/{mine}/read", theirs.who).status_code == 200
    assert [one["unread_count"] for one in page.tickets()] == [1]


def test_what_is_written_after_the_end_is_of_the_same_ticket(page: Page, acme: Workspace, ada: Member) -> None:
    made = page.send("One")["ticket_id"]
    with tenancy.scope(acme):
        actions.set_status(conversation=conversation_of(made), status="closed", by=ada.actor, at=clock.now())
        ticket_actions.set_status(
            ticket=Ticket.objects.get(public_id=made), status="resolved", by=ada.actor, at=clock.now()
        )
    assert page.get(f"messages/{made}").json()["ticket_status"] == "resolved"
    assert page.send("Two", ticket=made)["ticket_id"] == made
    assert page.send("Three", ticket=made)["ticket_id"] == made
    assert [one["content"] for one in page.messages(made)] == ["One", "Two", "Three"]
    assert Conversation.all_workspaces.filter(ticket__public_id=made).count() == 2
    assert page.tickets(status="resolved") == []


def test_signed_person_has_their_tickets_in_every_browser_and_no_anonymous_ones(page: Page, acme: Workspace) -> None:
    anonymous = page.send("Before", distinct_id="user-7")["ticket_id"]
    person = signed(Page(page.widget), "user-7")
    made = person.send("After", traits={"name": "Jo", "email": "jo@shop.example"})["ticket_id"]
    again = signed(Page(page.widget), "user-7")
    assert [one["id"] for one in again.tickets()] == [made]
    assert again.send("More", ticket=made)["ticket_id"] == made
    contact = conversation_of(made).contact
    assert (contact.external_id, contact.is_verified, contact.name, contact.email) == ("user-7", True, "Jo", "")
    assert again.get(f"messages/{anonymous}").status_code == 403
    assert page.get(f"messages/{made}").status_code == 403
    assert ChatSession.all_workspaces.filter(is_verified=True).count() == 1
    # The secret before the last one is good too; any other hash is not.
    old = acme.identity_secret
    with tenancy.scope(acme):
        account_actions.rotate_identity_secret(workspace=acme, by=Actor.system(acme.pk), at=clock.now())
    acme.refresh_from_db()
    assert signed(Page(page.widget), "user-7", old).tickets() == person.tickets()
    wrong = signed(Page(page.widget), "user-7", "guessed")
    for answer in (
        wrong.get("tickets"),
        wrong.get(f"messages/{made}"),
        wrong.post(f"messages/{made}/read", wrong.who),
        wrong.post("message", {"message": "Hi", **wrong.who}),
    ):
        assert (answer.status_code, set(answer.json())) == (403, {"error"})


def test_assistant_answers_first_in_a_ticket_too(acme: Workspace, ada: Member) -> None:
    page = Page(make_widget(acme, assistant_first=True))
    made = page.send("How long does a refund take?")
    row = conversation_of(made["ticket_id"])
    assert row.handler == Handler.ASSISTANT
    page.send("I want to talk to a human.", ticket=made["ticket_id"])
    texts = [one["content"] for one in page.messages(made["ticket_id"])]
    assert texts[0] == "How long does a refund take?"
    assert "I want to talk to a human." in texts
    with tenancy.scope(acme):
        assistant_actions.take_over(thread=row.assistant_thread, by=ada.actor, at=clock.now())
    row.refresh_from_db()
    assert (row.handler, row.ticket is not None) == (Handler.PEOPLE, True)
    page.send("Hello?", ticket=made["ticket_id"])
    assert page.messages(made["ticket_id"])[-1]["content"] == "Hello?"


def test_tabs_that_write_at_once_are_one_visitor(desk: str) -> None:
    scene = Scene([{"widget": "site"}])
    who = {"widget_session_id": str(uuid.uuid4())}
    headers = {"X-Conversations-Token": scene.names["site"].posthog_token}

    def write(number: int) -> int:
        body = {"message": f"Tab {number}", "distinct_id": "anon-1", **who}
        return harness.send(desk, {"method": "POST", "path": f"{BASE}message", "headers": headers, "body": body}).status

    with ThreadPoolExecutor(5) as tabs:
        assert list(tabs.map(write, range(5))) == [200] * 5
    path = f"{BASE}tickets?{urlencode(who)}"
    listed = json.loads(harness.send(desk, {"method": "GET", "path": path, "headers": headers}).content)
    assert listed["count"] == 5
    with tenancy.scope(scene.workspace):
        assert (ChatSession.objects.count(), Conversation.objects.values("contact").distinct().count()) == (1, 1)


# --- Messages -------------------------------------------------------------------------------------


def test_after_is_strict_also_for_messages_of_one_millisecond(page: Page, acme: Workspace, ada: Member) -> None:
    with time_machine.travel(datetime(2031, 3, 1, 12, tzinfo=UTC), tick=False):
        made = page.send("One")
        with tenancy.scope(acme):
            for body in ("Two", "Three"):
                actions.reply(conversation=conversation_of(made["ticket_id"]), body=body, by=ada.actor, at=clock.now())
        later = page.send("Four", ticket=made["ticket_id"])
    found = page.messages(made["ticket_id"])
    assert [one["content"] for one in found] == ["One", "Two", "Three", "Four"]
    assert len({one["created_at"] for one in found}) == 4
    assert (found[0]["created_at"], found[3]["created_at"]) == (made["created_at"], later["created_at"])
    for number, one in enumerate(found):
        rest = page.messages(made["ticket_id"], after=one["created_at"])
        assert [other["content"] for other in rest] == ["Two", "Three", "Four"][number:]


def test_answer_that_comes_while_the_customer_writes_is_not_lost(page: Page, acme: Workspace, ada: Member) -> None:
    at = datetime(2031, 3, 1, 12, tzinfo=UTC)
    with time_machine.travel(at, tick=False) as clocks:
        made = page.send("One")
        for pause, is_seen in ((3, False), (60, True)):
            clocks.shift(pause)
            with tenancy.scope(acme):
                row = conversation_of(made["ticket_id"])
                reply = actions.reply(conversation=row, body="An answer", by=ada.actor, at=clock.now())
            clocks.shift(2)
            if is_seen:
                page.post(f"messages/{made['ticket_id']}/read", page.who)
            sent = page.send("And more", ticket=made["ticket_id"])
            later = page.messages(made["ticket_id"], after=sent["created_at"])
            assert [one["content"] for one in later] == ([] if is_seen else ["An answer", "And more"])
            assert (datetime.fromisoformat(sent["created_at"]) < reply.created_at) is not is_seen


def test_messages_come_in_pages(page: Page) -> None:
    ticket = page.send("1")["ticket_id"]
    for number in range(2, 5):
        page.send(str(number), ticket=ticket)
    first = page.get(f"messages/{ticket}", limit=2).json()
    assert ([one["content"] for one in first["messages"]], first["has_more"]) == (["1", "2"], True)
    rest = page.get(f"messages/{ticket}", limit=3, after=first["messages"][-1]["created_at"]).json()
    assert ([one["content"] for one in rest["messages"]], rest["has_more"]) == (["3", "4"], False)
    for number in range(3):
        page.send(f"Ticket {number}")
    answer = page.get("tickets", limit=2, offset=1).json()
    assert (answer["count"], [one["last_message"] for one in answer["results"]]) == (4, ["Ticket 1", "Ticket 0"])


def test_list_of_tickets_takes_as_many_queries_for_one_as_for_twenty(
    page: Page, acme: Workspace, ada: Member, django_assert_num_queries: Any
) -> None:
    def make(text: str) -> None:
        made = page.send(text)
        with tenancy.scope(acme):
            row = conversation_of(made["ticket_id"])
            actions.reply(conversation=row, body="Yes?", by=ada.actor, at=clock.now())

    make("One")
    with CaptureQueriesContext(connection) as queries:
        page.tickets()
    most = len(queries)
    for number in range(19):
        make(str(number))
    with django_assert_num_queries(most):
        assert len(page.tickets()) == 20


# --- What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"message": ""}, "message"),
        ({"message": " \n\u200b"}, "message"),
        ({"message": "x" * 10_001}, "message"),
        ({"message": 7}, "message"),
        ({"message": "a\x00b"}, "message"),
        ({"message": ...}, "message"),
        ({"distinct_id": ...}, "distinct_id"),
        ({"distinct_id": ""}, "distinct_id"),
        ({"distinct_id": "x" * 401}, "distinct_id"),
        ({"widget_session_id": "me"}, "widget_session_id"),
        ({"widget_session_id": ...}, "non_field_errors"),
        ({"session_id": "x" * 65}, "session_id"),
        ({"traits": "Jo"}, "traits"),
        ({"session_context": [1]}, "session_context"),
        ({"ticket_id": "7"}, "ticket_id"),
        ({"ticket_id": 7}, "ticket_id"),
        ({"identity_distinct_id": "user-7", "identity_hash": "abc"}, "identity_hash"),
    ],
)
def test_invalid_message_is_refused_with_the_fields_at_fault(page: Page, change: dict[str, Any], field: str) -> None:
    body = {"message": "Hi", "distinct_id": "anon-1", **page.who, **change}
    answer = page.post("message", {name: value for name, value in body.items() if value is not ...})
    assert answer.status_code == 400, answer.content
    found = answer.json()
    assert set(found) == {"error", "details"}
    assert list(found["details"]) == [field]
    assert all(isinstance(text, str) for text in found["details"][field])
    assert not Ticket.all_workspaces.exists()


def test_long_message_is_taken_without_the_white_space_around_it(page: Page) -> None:
    made = page.send(f" \n{'x' * 10_000}\n ")
    assert [one["content"] for one in page.messages(made["ticket_id"])] == ["x" * 10_000]


def test_of_traits_and_context_only_plain_values_are_kept_and_not_too_many(page: Page) -> None:
    many = {f"t{number}": number for number in range(60)}
    traits = {"name": "Zoë 王", "long": "x" * 600, "x" * 201: "no", "list": [1], "nul": "\x00", "huge": 10**30, **many}
    context = {"current_url": "https://shop.example/" + "x" * 3000, "x" * 101: 1, "nested": {}, **many}
    made = page.send(traits=traits, session_context=context)
    ticket = Ticket.all_workspaces.get(public_id=made["ticket_id"])
    kept = ticket.anonymous_traits
    assert (len(kept), kept["name"], len(kept["long"]), kept["t1"]) == (50, "Zoë 王", 500, "1")
    assert not {"list", "nul", "huge", "x" * 201} & set(kept)
    assert (len(ticket.session_context), len(ticket.session_context["current_url"])) == (20, 2000)


def test_honeypot_is_refused_before_all_else(page: Page) -> None:
    answer = page.post("message", {"_hp": "https://spam.example"})
    assert (answer.status_code, set(answer.json())) == (400, {"error"})


def test_body_that_is_no_json_is_refused_in_the_usual_body(page: Page) -> None:
    for body in ("{", "[]", "null", '"x"'):
        answer = page.post("message", body)
        assert answer.status_code == 400, body
        assert answer.json()["code"] == "parse_error", body


def test_token_is_needed_and_has_to_be_a_widgets(page: Page, acme: Workspace, acme_key: Key) -> None:
    bare = Page(page.widget, token="")
    answer = bare.get("tickets")
    assert (answer.status_code, set(answer.json())) == (403, {"error"})
    for token in ("phc_unknown", acme_key.secret, "é", "x" * 5000):
        refused = Page(page.widget, token=token).get("tickets")
        assert refused.status_code == 403, token
        assert (refused.json()["type"], refused.json()["code"]) == ("authentication_error", "authentication_failed")
        assert "WWW-Authenticate" not in refused
    # Any key of the widget opens it; one that is switched off opens nothing.
    assert Page(page.widget, token=page.widget.key).tickets() == []
    with tenancy.scope(acme):
        chat_actions.update_widget(widget=page.widget, is_active=False, by=Actor.system(acme.pk), at=clock.now())
    assert page.get("tickets").status_code == 403


def test_only_allowed_sites_write(acme: Workspace) -> None:
    widget = make_widget(acme, allowed_origins=[SITE])
    body = {"message": "Hi", "distinct_id": "x", "widget_session_id": str(uuid.uuid4())}
    for origin in (None, "https://evil.example", "null", "http://shop.example", "https://shop.example.evil.example"):
        answer = Page(widget, origin=origin).post("message", body)
        assert (answer.status_code, set(answer.json())) == (403, {"error"}), origin
    assert Page(widget).post("message", body).status_code == 200
    # An older browser says it by the page's address.
    assert Page(widget, origin=None).post("message", body, Referer=f"{SITE}/cart").status_code == 200
    # Reading needs the browser's own id alone.
    assert Page(widget, origin=None).tickets() == []


def test_pages_may_call_from_anywhere_and_read_the_answers(page: Page) -> None:
    asked = {
        "Origin": SITE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-conversations-token",
    }
    for path in (f"{BASE}message", f"{BASE}messages/{uuid.uuid4()}", f"{BASE}restore/request", "/flags/", "/e/"):
        answer = page.client.options(path, headers=asked)
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (204, "*")
        allowed = answer["Access-Control-Allow-Headers"].lower()
        assert "x-conversations-token" in allowed
        assert "content-type" in allowed
    refused = page.get("messages/x")
    assert (refused.status_code, refused["Access-Control-Allow-Origin"]) == (400, "*")


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("tickets", {"status": "closed"}),
        ("tickets", {"limit": "0"}),
        ("tickets", {"limit": "501"}),
        ("tickets", {"offset": "-1"}),
        ("tickets", {"offset": "9" * 30}),
        ("messages/{id}", {"limit": "many"}),
        ("messages/{id}", {"after": "yesterday"}),
        ("messages/{id}", {"widget_session_id": ""}),
    ],
)
def test_invalid_query_is_refused(page: Page, path: str, query: dict[str, str]) -> None:
    ticket = page.send()["ticket_id"]
    answer = page.get(path.format(id=ticket), **query)
    assert answer.status_code == 400, answer.content
    assert list(answer.json()["details"]) == [*query]


@pytest.fixture(autouse=True)
def nothing_was_asked_before() -> None:
    for buckets in (views.WRITES, views.READS, views.TOKEN_WRITES, views.TOKEN_READS, views.RESTORES, views.REDEEMS):
        buckets._left.clear()


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_calls_are_limited_by_browser_by_token_and_by_address(
    page: Page, monkeypatch: pytest.MonkeyPatch, acme: Workspace
) -> None:
    for name, most in (("WRITES", 30), ("READS", 120), ("TOKEN_WRITES", 3600), ("REDEEMS", 10), ("RESTORES", 3)):
        monkeypatch.setattr(views, name, Buckets(0.001, at_once=most))
    ticket = page.send()["ticket_id"]
    body = {"message": "Hi", "distinct_id": "x", "ticket_id": ticket, **page.who}
    answers = [page.post("message", body).status_code for _ in range(30)]
    assert answers == [200] * 29 + [429]
    refused = page.post("message", body)
    assert (refused.json()["type"], refused.json()["code"]) == ("throttled_error", "throttled")
    assert int(refused["Retry-After"]) > 0
    assert page.post("message", body | {"identity_hash": "a" * 64}).status_code == 429  # half a proof is none
    assert Page(page.widget).send()
    assert page.get("tickets").status_code == 200  # reading has a limit of its own
    redeem = {"restore_token": "a" * 43, "widget_session_id": str(uuid.uuid4())}
    assert [page.post("restore", redeem).status_code for _ in range(11)] == [200] * 10 + [429]
    allowed = Page(make_widget(acme, allowed_origins=[SITE]))
    ask = {"email": "Jo@shop.example", "request_url": SITE}
    assert [allowed.post("restore/request", ask).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert allowed.post("restore/request", ask | {"email": "nia@shop.example"}).status_code == 200
    monkeypatch.setattr(views, "TOKEN_WRITES", Buckets(0.001, at_once=1))
    another = Page(page.widget)
    assert [another.post("message", body | another.who).status_code for _ in range(2)] == [403, 429]


# --- Finding tickets again ------------------------------------------------------------------------


@pytest.fixture
def restorable(acme: Workspace, settings: Any) -> Page:
    settings.EMAIL_HOST = "mail.example.com"
    return Page(make_widget(acme, allowed_origins=[SITE, "http://localhost:8001"]))


def ask(page: Page, email: str = "jo@shop.example", url: str = f"{SITE}/cart?a=1&ph_conv_restore=old#top") -> Any:
    return page.post("restore/request", {"email": email, "request_url": url})


def link_in(sent: Any) -> str:
    return next(word for word in sent.body.split() if "ph_conv_restore=" in word)


def token_in(sent: Any) -> str:
    return dict(parse_qsl(urlsplit(link_in(sent)).query))["ph_conv_restore"]


def redeem(page: Page, token: str) -> dict[str, Any]:
    answer = page.post("restore", {"restore_token": token, "widget_session_id": page.session})
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    "url", ["http://shop.example/cart", "https://shop.example:8443/cart", "https://shop.example.evil/"]
)
def test_link_leads_to_the_very_site_that_asks(restorable: Page, url: str) -> None:
    assert ask(restorable, url=url).status_code == 403
    assert ask(restorable, url="https://SHOP.example:443/cart").json() == {"ok": True}


def test_tickets_are_found_again_by_a_link_that_goes_to_the_address(restorable: Page, mailoutbox: list[Any]) -> None:
    widget = restorable.widget
    first = restorable.send("One", traits={"name": "Jo", "email": "jo@shop.example"})["ticket_id"]
    second = Page(widget)
    other = second.send("Two", traits={"email": "JO@shop.example"})["ticket_id"]
    stranger = Page(widget).send("Three", traits={"email": "nia@shop.example"})["ticket_id"]

    assert ask(restorable).json() == {"ok": True}
    mailing.send_due()
    [sent] = mailoutbox
    assert sent.to == ["jo@shop.example"]
    assert "One" not in sent.body
    assert link_in(sent).startswith(f"{SITE}/cart?a=1&ph_conv_restore=")
    assert len(token_in(sent)) == 43
    kept = ChatRestore.all_workspaces.get()
    assert kept.token_hash == hashlib.sha256(token_in(sent).encode()).hexdigest()

    phone = Page(widget)
    assert redeem(phone, token_in(sent)) == {
        "status": "success",
        "widget_session_id": phone.session,
        "migrated_ticket_ids": [other, first],
    }
    assert [one["id"] for one in phone.tickets()] == [other, first]
    assert [one["content"] for one in phone.messages(first)] == ["One"]
    assert phone.send("More", ticket=first)["ticket_id"] == first
    assert restorable.tickets() == second.tickets() == []
    assert phone.get(f"messages/{stranger}").status_code == 403
    assert redeem(Page(widget), token_in(sent)) == {"status": "used", "code": "token_already_used"}
    assert conversation_of(first).contact.name == "Jo"
    # The browser that lost them may begin anew.
    assert restorable.send("Again")["ticket_id"] not in (first, other)


def test_link_works_for_an_hour_and_only_the_first_of_several(restorable: Page, mailoutbox: list[Any]) -> None:
    restorable.send(traits={"email": "jo@shop.example"})
    for _ in range(2):
        ask(restorable)
    mailing.send_due()
    one, two = (token_in(sent) for sent in mailoutbox)
    assert redeem(Page(restorable.widget), two)["status"] == "success"
    assert redeem(Page(restorable.widget), one) == {"status": "used", "code": "token_already_used"}
    assert redeem(Page(restorable.widget), "a" * 43) == {"status": "invalid", "code": "token_invalid"}
    ask(restorable)
    mailing.send_due()
    with time_machine.travel(clock.now() + timedelta(minutes=61), tick=False):
        late = redeem(Page(restorable.widget), token_in(mailoutbox[-1]))
    assert late == {"status": "expired", "code": "token_expired"}


def test_nobody_learns_which_addresses_have_written(restorable: Page, mailoutbox: list[Any], acme: Workspace) -> None:
    restorable.send(traits={"email": "jo@shop.example"})
    with tenancy.scope(acme):
        ContactFactory(workspace=acme, email="ada@shop.example")  # a customer, who has written in no chat
    for email in ("nobody@shop.example", "ada@shop.example"):
        assert ask(restorable, email).json() == {"ok": True}
    mailing.send_due()
    assert mailoutbox == []


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://evil.example/", 403),
        ("https://shop.example@evil.example/", 403),
        ("https://evil.example\\@shop.example/", 403),
        ("javascript:alert(1)", 403),
        ("//shop.example/", 403),
        ("http://localhost:8001/", 403),  # allowed, but not the site that asks
        ("https://shop.example:99999/", 403),
        ("", 400),
        ("https://shop.example/" + "x" * 2048, 400),
    ],
)
def test_link_leads_only_to_the_site_that_asks(restorable: Page, url: str, status: int) -> None:
    restorable.send(traits={"email": "jo@shop.example"})
    answer = ask(restorable, url=url)
    assert answer.status_code == status, answer.content
    assert "error" in answer.json()
    assert not ChatRestore.all_workspaces.exists()


def test_without_a_list_of_sites_no_links_are_sent(page: Page) -> None:
    assert ask(page).status_code == 403
    for body in ({"restore_token": "short", "widget_session_id": page.session}, {"restore_token": "a" * 43}, {}):
        assert page.post("restore", body).status_code == 400


# --- The client's other calls ---------------------------------------------------------------------


def test_settings_switch_the_chat_on_and_everything_else_off(acme: Workspace, client: Client) -> None:
    widget = make_widget(
        acme,
        allowed_origins=[SITE, "http://localhost:8001"],
        greeting="Hi </script>",
        color="#aa3300",
        position="left",
        standard={"email": "required", "name": "optional"},
    )
    answer = client.get(f"/array/{widget.posthog_token}/config?ip=0")
    assert (answer.status_code, answer["Cache-Control"]) == (200, "public, max-age=60")
    found = answer.json()
    assert found["conversations"] == {
        "enabled": True,
        "widgetEnabled": True,
        "token": widget.posthog_token,
        "color": "#aa3300",
        "greetingText": "Hi </script>",
        "requireEmail": True,
        "collectName": True,
        "domains": ["shop.example", "localhost"],
        "widgetPosition": "bottom_left",
    }
    assert "surveys" not in found
    assert not any(
        found[name] for name in ("sessionRecording", "heatmaps", "siteApps", "productTours", "hasFeatureFlags")
    )
    script = client.get(f"/array/{widget.posthog_token}/config.js", headers={"Origin": SITE})
    assert script["Content-Type"].startswith("text/javascript")
    assert script["Access-Control-Allow-Origin"] == "*"
    assert "</script>" not in script.content.decode()
    for path in ("/array/phc_unknown/config", "/array/phc_unknown/config.js", "/array/%00/config"):
        assert client.get(path).status_code == 404


def test_greeting_is_another_outside_business_hours(acme: Workspace, client: Client) -> None:
    widget = make_widget(acme, greeting="Hello!", offline_message="We are back on Monday.")
    plain = make_widget(acme)
    week = {"monday": [["09:00", "17:00"]]}
    with tenancy.scope(acme):
        ticket_actions.set_hours(
            workspace=acme, hours={"time_zone": "UTC", "weekly": week}, by=Actor.system(acme.pk), at=clock.now()
        )

    def greeting(widget: Widget) -> str:
        found: str = client.get(f"/array/{widget.posthog_token}/config").json()["conversations"]["greetingText"]
        return found

    with time_machine.travel(datetime(2031, 3, 3, 12, tzinfo=UTC), tick=False):
        assert (greeting(widget), bool(greeting(plain))) == ("Hello!", True)
    with time_machine.travel(datetime(2031, 3, 3, 20, tzinfo=UTC), tick=False):
        assert (greeting(widget), bool(greeting(plain))) == ("We are back on Monday.", True)


def test_flags_are_none_in_every_spelling_of_the_body(page: Page) -> None:
    body = json.dumps({"token": page.widget.posthog_token, "distinct_id": "x"}).encode()
    form = urlencode({"data": base64.b64encode(body).decode()})
    for data, kind in (
        (body, "application/json"),
        (body, "text/plain"),
        (gzip.compress(body), "text/plain"),
        (form.encode(), "application/x-www-form-urlencoded"),
        (urlencode({"data": body.decode()}).encode(), "application/x-www-form-urlencoded"),
    ):
        answer = page.client.generic("POST", "/flags/?v=2&compression=x", data, content_type=kind)
        assert answer.status_code == 200, (data, answer.content)
        assert (answer.json()["flags"], answer.json()["featureFlags"]) == ({}, {})
    bomb = gzip.compress(b"0" * 50_000_000)
    for bad in (b"", b"{", b"data=%%%", b"\x1f\x8bnonsense", bomb, b'{"token": 7}'):
        assert page.client.generic("POST", "/flags/", bad, content_type="text/plain").status_code in (400, 401)
    unknown = page.client.post("/flags/", {"token": "phc_unknown"}, content_type="application/json")
    assert (unknown.status_code, unknown.json()["type"]) == (401, "authentication_error")


def test_what_was_observed_is_thrown_away_without_a_query(page: Page, django_assert_num_queries: Any) -> None:
    for path in ("/e/", "/e", "/i/v0/e/", "/s/?compression=gzip-js", "/batch/", "/i/v1/logs?token=x", "/i/v1/metrics"):
        for data, kind in (
            (gzip.compress(b"[]"), "text/plain"),
            (b"{", "application/json"),
            (b"", ""),
            (b"data=x", "a/b"),
        ):
            with django_assert_num_queries(0):
                answer = page.client.generic("POST", path, data, content_type=kind, headers={"Origin": SITE})
            assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, "*"), path
    assert page.client.get("/e/").status_code == 405
