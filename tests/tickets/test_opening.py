"""Opening and deleting a ticket: its number, its state, what it may hold."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor
from tests.conftest import Member
from tests.effects import MORNING, minutes, recorded, refused
from tests.factories import TeamFactory
from tickets import actions, queries
from tickets.models import Tag, Ticket, TicketNumbers, TicketPriority, TicketStatus

pytestmark = pytest.mark.usefixtures("in_acme")


def opened(workspace: Workspace, **values: Any) -> Ticket:
    return actions.open_ticket(workspace=workspace, by=Actor.system(workspace.pk), at=MORNING, **values)


def test_ticket_is_new_and_no_ones(acme: Workspace) -> None:
    ticket = opened(acme)
    assert (ticket.status, ticket.priority, ticket.assignee, ticket.team, ticket.tags) == ("new", None, None, None, [])
    assert (ticket.subject, ticket.channel, ticket.anonymous_traits, ticket.ai_resolved) == ("", "api", {}, False)
    assert (ticket.snoozed_until, ticket.sla_due_at, ticket.resolved_at) == (None, None, None)


def test_ticket_has_no_messages_yet(acme: Workspace) -> None:
    ticket = opened(acme)
    assert (ticket.message_count, ticket.unread_team_count, ticket.unread_customer_count) == (0, 0, 0)
    assert (ticket.last_message_at, ticket.last_message_text) == (None, None)
    assert ticket.created_at == ticket.updated_at == MORNING


def test_opening_is_one_event(acme: Workspace) -> None:
    events = recorded(lambda: opened(acme, status="open", priority="high", subject="Secret"))
    assert events == [("ticket.opened", {"status": "open", "priority": "high"})]


@pytest.mark.parametrize(
    ("status", "priority"), [*product(TicketStatus.values, [None, "high"]), *product(["new"], TicketPriority.values)]
)
def test_ticket_may_open_in_any_state_with_any_priority(acme: Workspace, status: str, priority: str | None) -> None:
    ticket = opened(acme, status=status, priority=priority)
    assert (ticket.status, ticket.priority) == (status, priority)
    assert ticket.resolved_at == (MORNING if status == "resolved" else None)
    assert queries.tally().standing([status]) == queries.tally().standing() == 1


def test_empty_priority_is_none(acme: Workspace) -> None:
    assert opened(acme, priority="").priority is None


def test_ticket_holds_what_it_is_given(acme: Workspace, ben: Member) -> None:
    ticket = opened(
        acme, subject="Broken", assignee=ben.user, tag_names=["VIP "], escalation_reason="Down", channel="email",
        traits={"name": "Bo"}, ai_resolved=True, sla_due_at=minutes(90),
    )  # fmt: skip
    ticket.refresh_from_db()
    assert (ticket.subject, ticket.assignee, ticket.tags, ticket.escalation_reason) == (
        "Broken", ben.user, ["vip"], "Down",
    )  # fmt: skip
    assert (ticket.channel, ticket.anonymous_traits, ticket.ai_resolved, ticket.sla_due_at) == (
        "email", {"name": "Bo"}, True, minutes(90),
    )  # fmt: skip


def test_long_subject_is_cut(acme: Workspace) -> None:
    assert opened(acme, subject="x" * 600).subject == "x" * 500


def test_tags_of_a_ticket_enter_the_catalogue(acme: Workspace) -> None:
    opened(acme, tag_names=["VIP", "Billing"])
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["billing", "vip"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"status": "shut"}, "status"), ({"status": ""}, "status"), ({"priority": "urgent"}, "priority"),
        ({"tag_names": ["x" * 101]}, "tags"), ({"tag_names": [str(n) for n in range(101)]}, "tags"),
    ],
)  # fmt: skip
def test_ticket_that_cannot_be_kept_draws_no_number(acme: Workspace, values: dict[str, Any], field: str) -> None:
    with refused(Invalid, field=field):
        opened(acme, **values)
    assert opened(acme).number == 1


def test_person_outside_the_workspace_and_two_assignees_are_refused(
    acme: Workspace, globex: Workspace, ben: Member, cleo: Member
) -> None:
    ours, theirs = TeamFactory(workspace=acme), TeamFactory(workspace=globex)
    for values in ({"assignee": cleo.user}, {"team": theirs}, {"assignee": ben.user, "team": ours}):
        with refused(Invalid, field="assignee"):
            opened(acme, **values)


def test_numbers_run_in_each_workspace(acme: Workspace, globex: Workspace) -> None:
    assert [opened(acme).number, opened(acme).number, opened(globex).number] == [1, 2, 1]


def test_deletion_is_one_event_and_leaves_the_counts(acme: Workspace) -> None:
    ticket, other = opened(acme, status="open"), opened(acme, status="open")
    events = recorded(lambda: actions.delete(ticket=ticket, by=Actor.system(acme.pk), at=minutes(1)))
    assert events == [("ticket.deleted", {"number": 1})]
    assert [*Ticket.objects.all()] == [other]
    numbers = TicketNumbers.objects.get()
    assert (numbers.last, numbers.open, numbers.standing()) == (2, 1, 1)


def test_number_is_never_given_twice(acme: Workspace) -> None:
    actions.delete(ticket=opened(acme), by=Actor.system(acme.pk), at=minutes(1))
    assert opened(acme).number == 2
