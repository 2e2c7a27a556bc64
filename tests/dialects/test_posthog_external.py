"""PostHog's endpoint for workflows: one ticket, read and changed with a server key, in names of its own."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from accounts import tenancy
from accounts.models import Workspace
from conversations.api.limits import Buckets
from conversations.dialects.posthog import deadlines, rich
from conversations.dialects.posthog.deadlines import TooLong, Window
from conversations.dialects.posthog.views import external
from tests.conftest import Key, Member
from tests.dialects.posthog_client import Posthog, posthog_api, row_of  # noqa: F401 (a fixture)
from tests.dialects.test_posthog_widget import Page, make_widget
from tests.factories import TeamFactory, api_key
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
BASE = "/api/conversations/external/ticket/"
MONDAY = datetime(2031, 3, 3, 15, 0, tzinfo=UTC)  # 16:00 in Berlin


def test_ticket_is_read_in_the_names_of_workflows_and_stays_unread(api: Posthog, acme: Workspace) -> None:
    page = Page(make_widget(acme))
    made = page.send(
        "Where is my order?", distinct_id="anon-7", session_context={"current_url": "https://shop.example/cart"}
    )
    answer = api.get(f"{BASE}{made['ticket_id']}")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    moments = {name: found.pop(name) for name in ("created_at", "updated_at", "last_message_at")}
    assert all(moment.endswith("Z") for moment in moments.values())
    assert found == {
        "id": made["ticket_id"],
        "number": 1,
        "status": "new",
        "priority": None,
        "channel_source": "widget",
        "channel_detail": "widget_embedded",
        "distinct_id": "anon-7",
        "message_count": 1,
        "last_message_text": "Where is my order?",
        "unread_team_count": 1,
        "unread_customer_count": 0,
        "sla": None,
        "snoozed_until": None,
        "assignee": None,
        "url": "https://shop.example/cart",
        "slack_channel_id": None,
        "slack_thread_ts": None,
        "slack_team_id": None,
        "email_subject": None,
        "email_from": None,
        "email_to": None,
        "cc_participants": [],
        "tags": [],
    }
    assert Ticket.all_workspaces.get().unread_team_count == 1


def test_any_subset_is_changed(api: Posthog, acme: Workspace, ada: Member) -> None:
    path = f"{BASE}{api.create(tags=['Billing', 'vip'])['id']}/"

    def patch(**body: Any) -> dict[str, Any]:
        answer = api.patch(path, body)
        assert (answer.status_code, answer.json()) == (200, {"ok": True}), answer.content
        found: dict[str, Any] = api.get(path).json()
        return found

    found = patch(status="pending", priority="high", assignee={"type": "user", "id": ada.user.pk})
    assert (found["status"], found["priority"], found["assignee"]["user"]) == (
        "pending",
        "high",
        {"email": ada.user.email},
    )
    with tenancy.scope(acme):
        team = TeamFactory(workspace=acme, name="Billing")
    assert patch(assignee={"type": "role", "id": str(team.public_id)})["assignee"]["role"] == {"name": "Billing"}
    assert patch(assignee=None)["assignee"] is None
    assert patch(tags=["VIP", "late"])["tags"] == ["billing", "vip", "late"]
    assert patch(tags=["vip", "none"], tags_mode="remove")["tags"] == ["billing", "late"]
    assert patch(tags=["one"], tags_mode="set")["tags"] == ["one"]
    assert patch(snoozed_until="2031-03-04T12:00:00Z")["status"] == "on_hold"
    assert patch(snoozed_until=None)["status"] == "open"
    assert patch(sla_due_at="2031-03-05T12:00:00Z")["sla"] == "2031-03-05T12:00:00Z"
    with time_machine.travel(MONDAY, tick=False):
        assert patch(sla_amount=1.5)["sla"] == "2031-03-03T16:30:00Z"
        hours = {"days": ["monday", "tuesday"], "time": ["09:00", "17:00"], "timezone": "Europe/Berlin"}
        assert patch(sla_amount=2, sla_business_hours=hours)["sla"] == "2031-03-04T09:00:00Z"
        assert patch(sla_amount=2, sla_unit="day", sla_business_hours=None)["sla"] == "2031-03-05T15:00:00Z"
    assert patch(sla_due_at=None)["sla"] is None
    assert patch() == patch(tags=[])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": "closed"}, "status"),
        ({"priority": None}, "priority"),
        ({"priority": "urgent"}, "priority"),
        ({"sla_due_at": "soon"}, "sla_due_at"),
        ({"sla_amount": 0}, "sla_amount"),
        ({"sla_amount": "4"}, "sla_amount"),
        ({"sla_amount": 1e300}, "sla_amount"),
        ({"sla_amount": 1826, "sla_unit": "day"}, "sla_amount"),
        ({"sla_amount": 1, "sla_due_at": None}, "sla_amount"),
        ({"sla_unit": "hour"}, "sla_amount"),
        ({"sla_amount": 1, "sla_unit": "week"}, "sla_unit"),
        ({"sla_amount": 1800, "sla_unit": "day", "sla_business_hours": {"days": ["sunday"]}}, "sla_amount"),
        ({"sla_business_hours": {"days": []}}, "sla_business_hours"),
        ({"sla_business_hours": {"days": ["someday"]}}, "sla_business_hours"),
        ({"sla_business_hours": {"days": ["monday"], "time": ["17:00", "09:00"]}}, "sla_business_hours"),
        ({"sla_business_hours": {"days": ["monday"], "time": ["9", "17"]}}, "sla_business_hours"),
        ({"sla_business_hours": {"days": ["monday"], "timezone": "../etc/passwd"}}, "sla_business_hours"),
        ({"sla_business_hours": {"days": ["monday"], "timezone": "Mars/Phobos"}}, "sla_business_hours"),
        ({"assignee": {"type": "user", "id": 999_999}}, "assignee"),
        ({"tags": ["x" * 201]}, "tags.0"),
        ({"tags": ["x"] * 101}, "tags"),
        ({"tags": ["x"], "tags_mode": "replace"}, "tags_mode"),
    ],
)
def test_invalid_change_names_the_field_and_changes_nothing(api: Posthog, body: dict[str, Any], field: str) -> None:
    made = api.create()
    answer = api.patch(f"{BASE}{made['id']}", {"status": "pending", **body})
    assert answer.status_code == 400, answer.content
    assert list(answer.json()) == ["error"]
    assert list(answer.json()["error"]) == [field]
    assert row_of(made).status == "new"


def test_others_are_refused_with_one_text(api: Posthog, acme: Workspace, globex: Workspace, globex_key: Key) -> None:
    path = f"{BASE}{api.create()['id']}"
    reader = Posthog(api_key(acme, scopes=["ticket:read"])[1])
    assert reader.get(path).status_code == 200
    for caller, method, where, status in (
        (Posthog(None), "GET", path, 401),
        (Posthog("parley_sv_wrong"), "GET", path, 401),
        (reader, "PATCH", path, 403),
        (Posthog(api_key(acme, scopes=["conversation:write"])[1]), "GET", path, 403),
        (Posthog(globex_key.secret), "GET", path, 404),
        (api, "GET", f"{BASE}{uuid.uuid4()}", 404),
        (api, "GET", f"{BASE}1", 400),
    ):
        answer = caller.call(method, where, {"status": "open"} if method == "PATCH" else None)
        assert answer.status_code == status, (method, where, answer.content)
        assert list(answer.json()) == ["error"]
        assert isinstance(answer.json()["error"], str)
    assert api.post(path, {}).status_code == 405


@pytest.mark.usefixtures("no_time_passes_for_limits")
def test_calls_of_one_key_are_limited(api: Posthog, acme: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(external, "_LIMITS", (Buckets(0.001, at_once=3), Buckets(0.001, at_once=100)))
    path = f"{BASE}{api.create()['id']}"
    assert [api.get(path).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert api.get(path).json()["code"] == "throttled"
    assert Posthog(api_key(acme)[1]).get(path).status_code == 200


# --- Deadlines ------------------------------------------------------------------------------------

BERLIN = ZoneInfo("Europe/Berlin")
WEEK = {"days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "timezone": "Europe/Berlin"}
OFFICE = deadlines.window({**WEEK, "time": ["09:00", "17:00"]})


@pytest.mark.parametrize(
    ("amount", "unit", "hours", "since", "due"),
    [
        (30, "minute", None, "2031-03-03 16:00", "2031-03-03 16:30"),
        (1, "hour", OFFICE, "2031-03-03 16:00", "2031-03-03 17:00"),
        (2, "hour", OFFICE, "2031-03-03 16:00", "2031-03-04 10:00"),
        (2, "hour", OFFICE, "2031-03-07 16:00", "2031-03-10 10:00"),  # over a weekend
        (1, "hour", OFFICE, "2031-03-08 12:00", "2031-03-10 10:00"),
        (1, "hour", OFFICE, "2031-03-03 06:00", "2031-03-03 10:00"),
        (1, "day", OFFICE, "2031-03-03 12:00", "2031-03-04 12:00"),  # a day of eight hours
        (1, "day", deadlines.window(WEEK), "2031-03-07 12:00", "2031-03-10 12:00"),
        (8, "hour", OFFICE, "2031-03-28 17:00", "2031-03-31 17:00"),  # clocks go forward between
        (2, "day", Window(frozenset(range(7)), BERLIN), "2031-03-29 12:00", "2031-03-31 13:00"),  # 48 hours
    ],
)
def test_deadline_counts_working_hours(amount: float, unit: str, hours: Window | None, since: str, due: str) -> None:
    at = datetime.fromisoformat(since).replace(tzinfo=BERLIN)
    found = deadlines.deadline(amount, unit, hours, at.astimezone(UTC))
    assert f"{found.astimezone(BERLIN):%Y-%m-%d %H:%M}" == due


def test_deadline_is_at_most_five_years_away() -> None:
    with pytest.raises(TooLong):
        deadlines.deadline(10_000, "hour", deadlines.window({"days": ["monday"], "time": ["09:00", "10:00"]}), MONDAY)
    assert deadlines.deadline(1825, "day", None, MONDAY) - MONDAY == timedelta(days=1825)


# --- Answers with markup --------------------------------------------------------------------------


def text(value: str, *marks: str, href: str = "") -> dict[str, Any]:
    found: list[dict[str, Any]] = [{"type": mark} for mark in marks]
    found += [{"type": "link", "attrs": {"href": href}}] if href else []
    return {"type": "text", "text": value, **({"marks": found} if found else {})}


def test_plain_answer_is_plain_text_and_any_other_a_document() -> None:
    assert rich.document("Hello.\n\nIt is here:\nin the box. 2 * 3 * 4, a_b_c, 王") is None
    assert rich.document("**x** " * 1000) is None
    found = rich.document(
        "Hi **Jo**, see https://shop.example/help or [this](https://shop.example/faq).\n\n- `one`\n- *two*\n\n```\nls <b>\n```\n\n# Title\n"
    )
    assert found is not None
    assert found["content"] == [
        {
            "type": "paragraph",
            "content": [
                text("Hi "),
                text("Jo", "bold"),
                text(", see "),
                text("https://shop.example/help", href="https://shop.example/help"),
                text(" or "),
                text("this", href="https://shop.example/faq"),
                text("."),
            ],
        },
        {
            "type": "bulletList",
            "content": [
                {"type": "listItem", "content": [{"type": "paragraph", "content": [text("one", "code")]}]},
                {"type": "listItem", "content": [{"type": "paragraph", "content": [text("two", "italic")]}]},
            ],
        },
        {"type": "codeBlock", "content": [text("ls <b>")]},
        {"type": "heading", "attrs": {"level": 2}, "content": [text("Title")]},
    ]


@pytest.mark.parametrize("source", ["[x](javascript:alert(1))", "<b onclick=x>", "![x](https://evil.example/x.png)"])
def test_document_leads_nowhere_bad_and_shows_no_pictures(source: str) -> None:
    made = str(rich.document(source) or "")
    assert "javascript" not in made.replace("'text': '[x](javascript:alert(1))'", "")
    assert "image" not in made
