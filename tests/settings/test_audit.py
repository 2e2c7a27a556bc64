"""The audit log: filtered by who, what, when and which row, a page at a time, and exported whole."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.template.defaultfilters import date
from django.utils import timezone

from accounts import actions, journal
from accounts.models import Event, Workspace
from accounts.permissions import Actor, Role
from conversations import actions as desk
from conversations.screens.settings.audit import details, views
from tests.conftest import Member
from tests.effects import MORNING
from tests.factories import ConversationFactory

pytestmark = pytest.mark.usefixtures("in_acme")
URL = "/w/acme/settings/audit"
OURS = ["Member role changed", "Assignee changed", "Priority changed"]
"""The lines of the history, newest first."""
EXPORTED = [
    "Member role changed from agent to admin: Ben Kimura",
    "Assigned to Ben Kimura",
    "Priority changed from normal to high",
]
"""The same in an export."""


@pytest.fixture
def history(acme: Workspace, ada: Member, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    desk.set_priority(conversation=conversation, priority="high", by=ben.actor, at=MORNING)
    desk.assign(conversation=conversation, to=ben.user, by=ada.actor, at=MORNING + timedelta(days=1))
    actions.change_role(membership=ben.membership, role=Role.ADMIN, by=ada.actor, at=MORNING + timedelta(days=2))


def lines(browser: Any, query: str = "") -> list[str]:
    return [line["what"] for line in browser.get(f"{URL}?{query}").context["lines"]]


def exported(browser: Any, ending: str, query: str = "") -> str:
    answer = browser.get(f"{URL}/export.{ending}?{query}")
    assert answer["Content-Disposition"].startswith("attachment")
    return b"".join(answer.streaming_content).decode()


def test_lines_are_in_words_newest_first(history: None, ada: Member) -> None:
    found = ada.signed_in().get(URL).context["lines"][:3]
    assert [line["what"] for line in found] == OURS
    assert [line["details"] for line in found] == [
        [("Member", "Ben Kimura"), ("Role", "Admin, was Agent")],
        [("Assigned to", "Ben Kimura")],
        [("Priority", "High, was Normal")],
    ]
    assert [line["subject"] for line in found] == ["Ben Kimura", "#1", "#1"]


def test_values_are_those_that_people_read(acme: Workspace, ada: Member, ben: Member) -> None:
    row = ConversationFactory(workspace=acme)
    with timezone.override("Europe/Berlin"):
        desk.snooze(conversation=row, until=MORNING + timedelta(days=1), by=ada.actor, at=MORNING)
    desk.set_status(conversation=row, status="pending", by=ada.actor, at=MORNING + timedelta(minutes=1))
    actions.remove_member(membership=ben.membership, by=ada.actor, at=MORNING + timedelta(minutes=2))
    ada.user.time_zone = "Asia/Tokyo"
    ada.user.save(update_fields=["time_zone"])
    answer = ada.signed_in().get(URL)
    found = {line["event"].type: dict(line["details"]) for line in answer.context["lines"]}
    assert found["conversation.snoozed"] == {"Until": date(MORNING + timedelta(days=1, hours=9), "j M Y, H:i")}
    assert found["conversation.status_changed"] == {"Status": "Waiting on customer, was Open"}
    assert found["member.removed"] == {"Member": "Ben Kimura"}
    assert "user_id" not in answer.content.decode()


def test_details_of_a_ticket_are_those_that_people_read(acme: Workspace, ada: Member) -> None:
    data = {"keys": ["vip", "plan"], "values": {"vip": True, "plan": None}}
    chosen = Event(type="ticket.attributes_changed", subject_type="ticket", subject_id=1, data=data)
    due = {"fields": ["sla_due_at"], "due_at": MORNING.isoformat()}
    changed = Event(type="ticket.updated", subject_type="ticket", subject_id=1, data=due)
    named = details.Named()
    assert details.of(chosen, named) == [("Attributes", "vip, plan"), ("Values", "vip: yes, plan: none")]
    assert details.of(changed, named) == [("Changed", "due date"), ("Due", date(MORNING, "j M Y, H:i"))]


def test_every_value_has_a_name_or_is_for_programs() -> None:
    names = {name for kind in journal.catalogue.values() for name in kind.data}
    assert names <= details.NAMES.keys() | details.FOR_PROGRAMS
    assert not details.NAMES.keys() & details.FOR_PROGRAMS


@pytest.mark.parametrize("count", [1, 12])
def test_names_are_read_with_a_query_for_each_model(
    acme: Workspace, ada: Member, ben: Member, count: int, django_assert_num_queries: Any
) -> None:
    for _number in range(count):
        row = ConversationFactory(workspace=acme)
        desk.assign(conversation=row, to=ben.user, by=ada.actor, at=MORNING)
    found = list(Event.objects.filter(workspace=acme, type="conversation.assigned"))
    with django_assert_num_queries(2):
        named = details.Named.of(found)
        assert {details.of(event, named)[0] for event in found} == {("Assigned to", "Ben Kimura")}


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("what=conversation.assigned", 1),
        ("what=conversation", 2),
        ("what=member", 1),
        ("who={ben}", 1),
        ("who={ada}&what=conversation", 1),
        ("kind=membership", 1),
        ("kind=conversation&number={conversation}", 2),
        ("number={conversation}&what=conversation", 2),
        ("number=%231", 2),
        ("number=%232", 0),
        ("since={day1}", 2),
        ("until={day1}&since={day1}", 1),
        ("who=contact", 0),
        ("what=conversation.assigned&who={ben}", 0),
    ],
)
def test_filters_narrow(history: None, acme: Workspace, ada: Member, ben: Member, query: str, count: int) -> None:
    known = {
        "ada": ada.user.pk,
        "ben": ben.user.pk,
        "conversation": Event.objects.filter(type="conversation.assigned").get().subject_id,
        "day1": f"{(MORNING + timedelta(days=1)).date()}",
    }
    wanted = query.format(**known)
    assert len([line for line in lines(ada.signed_in(), wanted) if line in OURS]) == count
    kept = [json.loads(line) for line in exported(ada.signed_in(), "jsonl", wanted).splitlines()]
    assert len([one for one in kept if one["what"] in EXPORTED]) == count


@pytest.mark.parametrize(
    "query", ["who=x", "what=nothing", "since=yesterday", "until=0001-01-01", "kind=x", "number=x"]
)
def test_filter_that_cannot_be_read_is_a_fault(ada: Member, query: str) -> None:
    answer = ada.signed_in().get(f"{URL}?{query}")
    assert answer.status_code == 422
    assert 'class="fault"' in answer.content.decode()
    assert ada.signed_in().get(f"{URL}/export.csv?{query}").status_code == 422


@pytest.mark.parametrize("days", ["", f"until={MORNING.date()}", f"since={MORNING.date()}&until=2100-01-01"])
def test_pages_follow_each_other_without_a_gap(
    history: None, ada: Member, monkeypatch: pytest.MonkeyPatch, days: str
) -> None:
    whole = lines(ada.signed_in(), days)
    assert whole
    monkeypatch.setattr(views, "PAGE", 2)
    monkeypatch.setattr(views, "STEP", 2)
    kept = [json.loads(line)["type"] for line in exported(ada.signed_in(), "jsonl", days).splitlines()]
    assert len(kept) == len(whole)
    browser, found, query = ada.signed_in(), [], days
    while True:
        context = browser.get(f"{URL}?{query}").context
        found += [line["what"] for line in context["lines"]]
        if context["last"] is None:
            break
        query = f"{days}&before={context['last']}"
    assert found == whole


def test_export_is_whole_and_the_same_in_both_forms(
    history: None, ada: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "STEP", 2)
    browser = ada.signed_in()
    rows = list(csv.DictReader(io.StringIO(exported(browser, "csv"))))
    objects = [json.loads(line) for line in exported(browser, "jsonl").splitlines()]
    assert [int(row["id"]) for row in rows] == [one["id"] for one in objects]
    assert len(rows) == Event.objects.filter(workspace__slug="acme").count()
    assert rows[0]["actor"] == "Ada Lovelace" or rows[0]["actor_kind"] == "operator"
    assert objects[0]["data"]["role"] == "admin"


def test_formulas_of_spreadsheets_are_text() -> None:
    assert views._harmless("=1+1") == "'=1+1"
    assert views._harmless(-1) == -1


def test_other_workspaces_are_not_in_it(history: None, ada: Member, cleo: Member, globex: Workspace) -> None:
    actions.update_workspace(workspace=globex, name="Globex II", by=Actor.system(globex.pk), at=MORNING)
    assert all(
        json.loads(line)["type"] != "workspace.updated" for line in exported(ada.signed_in(), "jsonl").splitlines()
    )
