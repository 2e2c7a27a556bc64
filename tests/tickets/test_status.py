"""A ticket's state: a table over every move, snooze and message, and the verbs that follow it."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from typing import Any

import pytest

from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused, types
from tests.factories import TicketFactory
from tickets import actions, lifecycle, queries
from tickets.lifecycle import Standing
from tickets.models import Ticket, TicketStatus

NOW, LATER, SOON = minutes(1), minutes(60), minutes(30)
STATUSES = TicketStatus.values


def standing(status: str, snoozed_until: datetime | None = None) -> Standing:
    return Standing(status, snoozed_until, MORNING if status == "resolved" else None)


# --- The rule -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("before", "after"), [*product(STATUSES, STATUSES)])
def test_any_status_may_follow_any_other_and_leaves_a_snooze(before: str, after: str) -> None:
    moved = lifecycle.move(standing(before, LATER), after, NOW)
    assert (moved.status, moved.snoozed_until) == (after, LATER)
    expected = {("resolved", "resolved"): MORNING}.get((before, after), NOW if after == "resolved" else None)
    assert moved.resolved_at == expected


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("stated", [None, *STATUSES])
@pytest.mark.parametrize("slept", [None, SOON])
@pytest.mark.parametrize("until", [None, LATER])
def test_snooze_is_on_hold_its_end_is_open_and_a_stated_status_wins(
    before: str, stated: str | None, slept: datetime | None, until: datetime | None
) -> None:
    after = lifecycle.snooze(standing(before, slept), until, NOW, stated)
    begins, ends = slept is None and until is not None, slept is not None and until is None
    assert after.snoozed_until == until
    assert after.status == (stated or ("on_hold" if begins else "open" if ends else before))
    assert (after.resolved_at is not None) == (after.status == "resolved")


@pytest.mark.parametrize(
    ("before", "after"),
    [("new", "new"), ("open", "open"), ("pending", "pending"), ("on_hold", "open"), ("resolved", "resolved")],
)
def test_ended_snooze_opens_what_was_on_hold_alone(before: str, after: str) -> None:
    assert lifecycle.unsnooze(standing(before, SOON), LATER) == standing(after)


@pytest.mark.parametrize(
    ("before", "after"),
    [("new", "new"), ("open", "open"), ("pending", "open"), ("on_hold", "open"), ("resolved", "open")],
)
@pytest.mark.parametrize("slept", [None, LATER])
def test_customer_who_writes_opens_what_waited_slept_or_was_done(
    before: str, after: str, slept: datetime | None
) -> None:
    assert lifecycle.on_customer_message(standing(before, slept), NOW) == standing(after)


# --- The verbs ----------------------------------------------------------------------------------


@pytest.fixture
def ticket(in_acme: Workspace) -> Ticket:
    return TicketFactory(workspace=in_acme, at=MORNING)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.objects.get(pk=ticket.pk)


def set_status(ticket: Ticket, status: str, at: datetime = NOW) -> Ticket:
    return actions.set_status(ticket=ticket, status=status, by=Actor.system(ticket.workspace_id), at=at)


def snooze(ticket: Ticket, until: datetime | None, at: datetime = NOW, **values: Any) -> Ticket:
    return actions.snooze(ticket=ticket, until=until, by=Actor.system(ticket.workspace_id), at=at, **values)


def unsnooze(ticket: Ticket, at: datetime) -> Ticket:
    return actions.unsnooze(ticket=ticket, by=Actor.system(ticket.workspace_id), at=at)


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "new"])
def test_move_is_one_event_and_moves_the_counts(ticket: Ticket, status: str) -> None:
    events = recorded(lambda: set_status(ticket, status))
    assert events == [("ticket.status_changed", {"status": status, "previous": "new"})]
    row = fresh(ticket)
    assert (row.status, row.updated_at) == (status, NOW)
    assert row.resolved_at == (NOW if status == "resolved" else None)
    assert (queries.tally().standing([status]), queries.tally().standing()) == (1, 1)


@pytest.mark.parametrize("status", STATUSES)
def test_present_status_again_is_nothing(ticket: Ticket, status: str) -> None:
    set_status(ticket, status)
    with nothing_changes():
        set_status(ticket, status, minutes(2))


@pytest.mark.parametrize("status", ["", "closed", "OPEN", "on-hold", "snoozed"])
def test_unknown_status_is_refused(ticket: Ticket, status: str) -> None:
    with refused(Invalid, field="status"):
        set_status(ticket, status)
    with refused(Invalid, field="status"):
        snooze(ticket, LATER, status=status)


def test_reopened_ticket_forgets_when_it_was_resolved(ticket: Ticket) -> None:
    set_status(ticket, "resolved")
    set_status(ticket, "open", minutes(2))
    assert fresh(ticket).resolved_at is None
    set_status(ticket, "resolved", minutes(3))
    assert fresh(ticket).resolved_at == minutes(3)


def test_snooze_tells_of_its_status_and_of_its_moment(ticket: Ticket) -> None:
    assert recorded(lambda: snooze(ticket, LATER)) == [
        ("ticket.status_changed", {"status": "on_hold", "previous": "new"}),
        ("ticket.snoozed", {"until": LATER.isoformat()}),
    ]
    assert recorded(lambda: snooze(ticket, SOON)) == [("ticket.snoozed", {"until": SOON.isoformat()})]
    assert recorded(lambda: snooze(ticket, None)) == [
        ("ticket.status_changed", {"status": "open", "previous": "on_hold"}),
        ("ticket.snoozed", {"until": None}),
    ]


def test_snooze_to_the_same_moment_is_nothing(ticket: Ticket) -> None:
    snooze(ticket, LATER)
    with nothing_changes():
        snooze(ticket, LATER, minutes(2))


def test_ending_no_snooze_is_nothing(ticket: Ticket) -> None:
    with nothing_changes():
        snooze(ticket, None)


def test_status_alone_leaves_the_snooze(ticket: Ticket) -> None:
    snooze(ticket, LATER)
    set_status(ticket, "pending", minutes(2))
    assert (fresh(ticket).status, fresh(ticket).snoozed_until) == ("pending", LATER)


@pytest.mark.parametrize(("minute", "ends"), [(59, False), (60, True), (61, True)])
def test_snooze_ends_when_it_is_due(ticket: Ticket, minute: int, ends: bool) -> None:
    snooze(ticket, LATER)
    events = types(lambda: unsnooze(ticket, minutes(minute)))
    assert events == (["ticket.status_changed", "ticket.snoozed"] if ends else [])
    assert fresh(ticket).status == ("open" if ends else "on_hold")


def test_what_is_not_snoozed_does_not_end(ticket: Ticket) -> None:
    with nothing_changes():
        unsnooze(ticket, LATER)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("from_customer", [True, False])
def test_message_reopens_for_the_customer_and_never_for_the_team(
    ticket: Ticket, status: str, from_customer: bool
) -> None:
    set_status(ticket, status)
    by = Actor.system(ticket.workspace_id)
    events = types(
        lambda: actions.note_message(
            ticket_id=ticket.pk, text="x" * 600, from_customer=from_customer, by=by, at=minutes(2)
        )
    )
    row = fresh(ticket)
    reopens = from_customer and status in ("pending", "on_hold", "resolved")
    assert row.status == ("open" if reopens else status)
    assert events == ["ticket.messaged"] + ["ticket.status_changed"] * reopens
    assert (row.message_count, row.last_message_text, row.last_message_at) == (1, "x" * 500, minutes(2))
    assert (row.unread_team_count, row.unread_customer_count) == ((1, 0) if from_customer else (0, 1))
