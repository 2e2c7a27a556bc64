"""Who solves a ticket, how much it matters, what it is about: each verb one event, and nothing when nothing changes."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.errors import Invalid
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused
from tests.factories import TeamFactory, TicketFactory
from tickets import actions, tags
from tickets.models import Tag, Ticket, TicketPriority

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    return TicketFactory(workspace=acme, subject="Outage", at=MORNING)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def how(ticket: Ticket, minute: int = 1) -> dict[str, Any]:
    return {"ticket": ticket, "by": Actor.system(ticket.workspace_id), "at": minutes(minute)}


def test_assignment_is_one_event_with_who_had_it_before(
    acme: Workspace, ticket: Ticket, ada: Member, ben: Member
) -> None:
    team = TeamFactory(workspace=acme)
    steps = [
        ({"to": ben.user}, (ben.user.pk, None, None)),
        ({"to": ada.user}, (ada.user.pk, None, ben.user.pk)),
        ({"team": team}, (None, team.pk, ada.user.pk)),
        ({}, (None, None, None)),
    ]
    for values, (assignee_id, team_id, previous) in steps:
        data = {"assignee_id": assignee_id, "team_id": team_id, "previous_assignee_id": previous}
        assert recorded(lambda values=values: actions.assign(**how(ticket), **values)) == [("ticket.assigned", data)]
        row = fresh(ticket)
        assert (row.assignee_id, row.team_id, row.updated_at) == (assignee_id, team_id, minutes(1))
        with nothing_changes():
            actions.assign(**how(ticket, 2), **values)


def test_viewer_may_be_assigned_a_ticket_and_a_stranger_may_not(ticket: Ticket, vic: Member, cleo: Member) -> None:
    assert actions.assign(**how(ticket), to=vic.user).assignee == vic.user
    with refused(Invalid, field="assignee"):
        actions.assign(**how(ticket), to=cleo.user)


def test_team_elsewhere_and_two_assignees_are_refused(
    acme: Workspace, globex: Workspace, ticket: Ticket, ben: Member
) -> None:
    ours, theirs = TeamFactory(workspace=acme), TeamFactory(workspace=globex)
    with refused(Invalid, field="assignee"):
        actions.assign(**how(ticket), team=theirs)
    with refused(Invalid, field="assignee"):
        actions.assign(**how(ticket), to=ben.user, team=ours)


def test_leaving_member_loses_tickets_of_every_state(
    acme: Workspace, ada: Member, ben: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tickets.actions.tickets.UNASSIGNED_AT_ONCE", 2)
    bens = [
        TicketFactory(workspace=acme, status=status, assignee=ben.user) for status in ("new", "pending", "resolved")
    ]
    adas = TicketFactory(workspace=acme, assignee=ada.user)
    by = Actor.system(acme.pk)
    events = recorded(lambda: actions.unassign_member(workspace=acme, user=ben.user, by=by, at=minutes(5)))
    data = {"assignee_id": None, "team_id": None, "previous_assignee_id": ben.user.pk}
    assert events == [("ticket.assigned", data)] * 3
    subjects = Event.objects.filter(at=minutes(5)).order_by("id").values_list("subject_id", flat=True)
    assert [*subjects] == [ticket.pk for ticket in bens]
    assert [fresh(ticket).assignee for ticket in (*bens, adas)] == [None, None, None, ada.user]
    with nothing_changes():
        assert actions.unassign_member(workspace=acme, user=ben.user, by=by, at=minutes(6)) == 0


@pytest.mark.parametrize("priority", TicketPriority.values)
def test_priority_is_one_event_with_the_one_before(ticket: Ticket, priority: str) -> None:
    assert recorded(lambda: actions.set_priority(**how(ticket), priority=priority)) == [
        ("ticket.priority_changed", {"priority": priority, "previous": None})
    ]
    with nothing_changes():
        actions.set_priority(**how(ticket, 2), priority=priority)
    assert recorded(lambda: actions.set_priority(**how(ticket, 3), priority="")) == [
        ("ticket.priority_changed", {"priority": None, "previous": priority})
    ]
    assert (fresh(ticket).priority, fresh(ticket).updated_at) == (None, minutes(3))


@pytest.mark.parametrize("priority", [None, ""])
def test_no_priority_stays_none(ticket: Ticket, priority: str | None) -> None:
    with nothing_changes():
        actions.set_priority(**how(ticket), priority=priority)


@pytest.mark.parametrize("priority", ["urgent", "HIGH", "1", " "])
def test_unknown_priority_is_refused(ticket: Ticket, priority: str) -> None:
    with refused(Invalid, field="priority"):
        actions.set_priority(**how(ticket), priority=priority)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["VIP", "vip ", "Vip"], ["vip"]),
        (["b", "a"], ["b", "a"]),
        (["", " ", "\u200b"], []),
        (["É", "é", "e\u0301"], ["é"]),
        (["Straße", "STRASSE"], ["straße"]),
    ],
)
def test_tags_are_trimmed_lowered_and_kept_once(ticket: Ticket, given: list[str], kept: list[str]) -> None:
    assert tags.normal(given) == kept
    assert fresh(actions.set_tags(**how(ticket), names=given)).tags == kept


def test_tags_are_one_event_with_what_came_and_went(ticket: Ticket) -> None:
    actions.set_tags(**how(ticket), names=["b", "a"])
    events = recorded(lambda: actions.set_tags(**how(ticket, 2), names=["A", "c"]))
    assert events == [("ticket.tagged", {"added": ["c"], "removed": ["b"]})]
    with nothing_changes():
        actions.set_tags(**how(ticket, 3), names=[" a", "C "])
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["a", "b", "c"]


@pytest.mark.parametrize("names", [["x" * 101], [str(n) for n in range(101)]])
def test_too_many_or_too_long_tags_are_refused(ticket: Ticket, names: list[str]) -> None:
    with refused(Invalid, field="tags"):
        actions.set_tags(**how(ticket), names=names)


def test_same_tag_has_the_same_colour_in_any_case() -> None:
    assert tags.hue("VIP") == tags.hue(" vip ")
    assert all(tags.hue(name) in range(0, 360, 10) for name in ("a", "billing", "東京", ""))


@pytest.mark.parametrize(
    "values",
    [
        {"subject": "New"},
        {"anonymous_traits": {"name": "Bo"}},
        {"ai_resolved": True},
        {"escalation_reason": "Down"},
        {"sla_due_at": minutes(90)},
        {"subject": "", "ai_resolved": True},
    ],
    ids=lambda values: " and ".join(values),
)
def test_details_are_one_event_that_names_the_fields_alone(ticket: Ticket, values: dict[str, Any]) -> None:
    events = recorded(lambda: actions.update(**how(ticket), **values))
    due = {"due_at": minutes(90).isoformat()} if "sla_due_at" in values else {}
    assert events == [("ticket.updated", {"fields": [*values], **due})]
    row = fresh(ticket)
    assert {name: getattr(row, name) for name in values} == values
    assert row.updated_at == minutes(1)
    with nothing_changes():
        actions.update(**how(ticket, 2), **values)


def test_none_is_a_value_where_a_field_may_be_empty(ticket: Ticket) -> None:
    actions.update(**how(ticket), escalation_reason="Down", sla_due_at=minutes(90))
    actions.update(**how(ticket, 2), escalation_reason=None, sla_due_at=None)
    assert (fresh(ticket).escalation_reason, fresh(ticket).sla_due_at) == (None, None)


def test_change_of_nothing_is_nothing(ticket: Ticket) -> None:
    with nothing_changes():
        actions.update(**how(ticket))


def test_deadline_changes_no_state(ticket: Ticket) -> None:
    actions.update(**how(ticket), sla_due_at=minutes(-90))
    assert fresh(ticket).status == "new"
