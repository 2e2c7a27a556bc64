"""Questions about tickets: by reference, exact counts, what is unread, and the colours of tags."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from accounts.errors import NotFound
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions as conversation_actions
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, recorded
from tests.factories import ConversationFactory, TicketFactory, receive
from tickets import actions, queries, unread
from tickets.models import Tag, Ticket, TicketStatus

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    return TicketFactory(workspace=acme, at=MORNING)


def test_ticket_is_found_by_number_or_by_id(ticket: Ticket) -> None:
    for reference in ("1", str(ticket.public_id), str(ticket.public_id).upper(), ticket.public_id.hex):
        assert queries.by_reference(reference) == ticket


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "0",
        "2",
        "-1",
        "1.0",
        "#1",
        "٣",
        "9" * 30,
        "2147483648",
        "x",
        "7d1f9f5e-3c7b-4b55-9f13-0d8c5f5b7a10",
        "nul\x00",
    ],
)
def test_ticket_that_is_not_there_is_not_found(ticket: Ticket, reference: str) -> None:
    with pytest.raises(NotFound):
        queries.by_reference(reference)


def test_ticket_of_another_workspace_is_not_there(globex: Workspace) -> None:
    theirs = TicketFactory(workspace=globex)
    for reference in ("1", str(theirs.public_id)):
        with pytest.raises(NotFound):
            queries.by_reference(reference)
    assert not queries.tickets().exists()


def test_list_has_its_people_in_the_same_query(acme: Workspace, ben: Member, django_assert_num_queries: Any) -> None:
    for _ in range(3):
        TicketFactory(workspace=acme, assignee=ben.user)
    with django_assert_num_queries(1):
        assert [ticket.assignee.name for ticket in queries.tickets() if ticket.assignee] == ["Ben Kimura"] * 3


def test_counts_are_exact_by_state(acme: Workspace) -> None:
    for count, status in enumerate(TicketStatus.values, 1):
        for _ in range(count):
            TicketFactory(workspace=acme, status=status)
    tally = queries.tally()
    assert {status: tally.standing([status]) for status in TicketStatus.values} == {
        "new": 1, "open": 2, "pending": 3, "on_hold": 4, "resolved": 5,
    }  # fmt: skip
    assert (tally.standing(), tally.standing(["new", "new", "open"]), tally.standing([])) == (15, 3, 0)


def test_colours_are_known_by_any_spelling(acme: Workspace) -> None:
    actions.open_ticket(workspace=acme, tag_names=["VIP"], by=Actor.system(acme.pk), at=MORNING)
    Tag.objects.update(hue=120)
    assert queries.tag_hues() == {"vip": 120}


# --- What is unread -----------------------------------------------------------------------------


def message(ticket: Ticket, minute: int, *, from_customer: bool = True) -> None:
    by = Actor.system(ticket.workspace_id)
    actions.note_message(ticket_id=ticket.pk, text="x", from_customer=from_customer, by=by, at=minutes(minute))


def mark_read(ticket: Ticket, minute: int) -> Ticket:
    return actions.mark_read(ticket=ticket, by=Actor.system(ticket.workspace_id), at=minutes(minute))


def test_reading_is_one_event_and_leaves_the_moment_of_change(ticket: Ticket) -> None:
    message(ticket, 1)
    assert recorded(lambda: mark_read(ticket, 2)) == [("ticket.read", {})]
    row = Ticket.objects.get()
    assert (row.unread_team_count, row.team_read_at, row.updated_at) == (0, minutes(2), minutes(1))
    with nothing_changes():
        mark_read(ticket, 3)


def test_reading_leaves_what_the_customer_has_not_seen(ticket: Ticket) -> None:
    message(ticket, 1, from_customer=False)
    message(ticket, 2)
    mark_read(ticket, 3)
    row = Ticket.objects.get()
    assert (row.unread_team_count, row.unread_customer_count) == (0, 1)


def total() -> int:
    cache.clear()
    return unread.total()


def test_sum_is_over_all_that_is_not_resolved_in_this_workspace(
    acme: Workspace, globex: Workspace, ticket: Ticket
) -> None:
    other, resolved, theirs = (
        TicketFactory(workspace=acme),
        TicketFactory(workspace=acme),
        TicketFactory(workspace=globex),
    )
    message(ticket, 1)
    message(ticket, 2)
    message(other, 3)
    message(resolved, 4)
    message(theirs, 5)
    actions.set_status(ticket=resolved, status="resolved", by=Actor.system(acme.pk), at=minutes(6))
    assert total() == 3


def test_sum_is_kept_until_a_verb_changes_it(
    ticket: Ticket, django_assert_num_queries: Any, django_capture_on_commit_callbacks: Any
) -> None:
    cache.clear()
    by = Actor.system(ticket.workspace_id)
    assert unread.total() == 0
    for change, expected in (
        (lambda: message(ticket, 1), 1),
        (lambda: message(ticket, 2), 2),
        (lambda: actions.set_status(ticket=ticket, status="resolved", by=by, at=minutes(3)), 0),
        (lambda: actions.set_status(ticket=ticket, status="open", by=by, at=minutes(4)), 2),
        (lambda: mark_read(ticket, 5), 0),
    ):
        before = unread.total()
        with django_capture_on_commit_callbacks(execute=True):
            change()
            assert unread.total() == before, "known until the transaction is committed"
        assert unread.total() == expected


def test_linked_conversations_are_unread_on_their_ticket(acme: Workspace, ticket: Ticket) -> None:
    by = Actor.system(acme.pk)
    row = ConversationFactory(workspace=acme, at=MORNING)
    conversation_actions.link(conversation=row, ticket=ticket, by=by, at=minutes(1))
    receive(row, at=minutes(2))
    assert total() == 2
    conversation_actions.unlink(conversation=row, by=by, at=minutes(3))
    assert total() == 0
