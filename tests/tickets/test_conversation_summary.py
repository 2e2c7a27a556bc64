"""A ticket's summary follows its conversations: messages, what is unread, and what is linked or unlinked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from accounts import clock
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import ConversationFactory, receive, reply
from tickets import actions as ticket_actions
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def moments() -> Iterator[datetime]:
    """Moments that follow each other."""
    start = clock.now()
    return (start + timedelta(minutes=n) for n in range(1, 100))


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    return ticket_actions.open_ticket(workspace=acme, by=Actor.system(acme.pk), at=clock.now())


def summary(ticket: Ticket) -> tuple[int, str | None, int, int]:
    row = Ticket.all_workspaces.get(pk=ticket.pk)
    return row.message_count, row.last_message_text, row.unread_team_count, row.unread_customer_count


def fresh(row: Conversation) -> Conversation:
    return Conversation.all_workspaces.get(pk=row.pk)


def test_linking_counts_a_conversation_in_and_unlinking_out(
    acme: Workspace, ben: Member, ticket: Ticket, moments: Iterator[datetime]
) -> None:
    first = ConversationFactory(workspace=acme, body="One", at=next(moments))
    second = ConversationFactory(workspace=acme, body="Two", at=next(moments))
    reply(second, "Three", at=next(moments))
    reply(second, "Four", at=next(moments))
    actions.link(conversation=first, ticket=ticket, by=ben.actor, at=next(moments))
    assert summary(ticket) == (1, "One", 1, 0)
    actions.link(conversation=second, ticket=ticket, by=ben.actor, at=next(moments))
    assert summary(ticket) == (4, "Four", 1, 2)
    actions.unlink(conversation=second, by=ben.actor, at=next(moments))
    assert summary(ticket) == (1, "One", 1, 0)
    actions.unlink(conversation=first, by=ben.actor, at=next(moments))
    assert summary(ticket) == (0, None, 0, 0)


def test_moving_a_conversation_leaves_both_tickets_right(
    acme: Workspace, ben: Member, ticket: Ticket, moments: Iterator[datetime]
) -> None:
    row = ConversationFactory(workspace=acme, body="One", at=next(moments))
    before = actions.escalate(conversation=row, by=ben.actor, at=next(moments))
    assert summary(before) == (1, "One", 1, 0)
    actions.link(conversation=fresh(row), ticket=ticket, by=ben.actor, at=next(moments))
    assert (summary(before), summary(ticket)) == ((0, None, 0, 0), (1, "One", 1, 0))
    links = Event.objects.filter(subject_type="conversation", subject_id=row.pk, type__endswith="linked")
    assert [event.data["ticket_id"] for event in links.order_by("id")] == [before.pk, before.pk, ticket.pk]


def test_linking_again_changes_nothing(acme: Workspace, ben: Member, ticket: Ticket) -> None:
    row = ConversationFactory(workspace=acme)
    actions.link(conversation=row, ticket=ticket, by=ben.actor, at=clock.now())
    before = Event.objects.count()
    actions.link(conversation=fresh(row), ticket=ticket, by=ben.actor, at=clock.now())
    assert Event.objects.count() == before


def test_reading_a_conversation_reads_its_share_of_the_ticket(
    acme: Workspace, ben: Member, ticket: Ticket, moments: Iterator[datetime]
) -> None:
    first, second = (ConversationFactory(workspace=acme, at=next(moments)) for _ in range(2))
    for row in (first, second):
        actions.link(conversation=row, ticket=ticket, by=ben.actor, at=next(moments))
    updated = Ticket.all_workspaces.get().updated_at
    actions.mark_read(conversation=fresh(first), by=ben.actor, at=next(moments))
    assert summary(ticket)[2] == 1
    assert Ticket.all_workspaces.get().updated_at == updated
    actions.set_status(conversation=fresh(second), status="resolved", by=ben.actor, at=next(moments))
    assert summary(ticket)[2] == 0


def test_reading_the_ticket_leaves_the_inbox_alone_and_counts_from_there(
    acme: Workspace, ben: Member, ticket: Ticket, moments: Iterator[datetime]
) -> None:
    row = ConversationFactory(workspace=acme, at=next(moments))
    actions.link(conversation=row, ticket=ticket, by=ben.actor, at=next(moments))
    ticket_actions.mark_read(ticket=ticket, by=ben.actor, at=next(moments))
    assert (summary(ticket)[2], fresh(row).unread_count) == (0, 1)
    receive(fresh(row), at=next(moments))
    assert (summary(ticket)[2], fresh(row).unread_count) == (1, 2)
    other = ConversationFactory(workspace=acme, at=next(moments))
    actions.link(conversation=other, ticket=ticket, by=ben.actor, at=next(moments))
    assert summary(ticket)[2] == 2
    actions.mark_read(conversation=fresh(other), by=ben.actor, at=next(moments))
    assert summary(ticket)[2] == 1


def test_old_unread_conversation_is_new_to_a_ticket_that_was_read(
    acme: Workspace, ben: Member, ticket: Ticket, moments: Iterator[datetime]
) -> None:
    row = ConversationFactory(workspace=acme, at=next(moments))
    waiting = ConversationFactory(workspace=acme, at=next(moments))
    actions.link(conversation=row, ticket=ticket, by=ben.actor, at=next(moments))
    ticket_actions.mark_read(ticket=ticket, by=ben.actor, at=next(moments))
    actions.link(conversation=waiting, ticket=ticket, by=ben.actor, at=next(moments))
    assert summary(ticket)[2] == 1


def test_answering_has_read_what_was_new(acme: Workspace, ben: Member, moments: Iterator[datetime]) -> None:
    row = ConversationFactory(workspace=acme, at=next(moments))
    ticket = actions.escalate(conversation=row, by=ben.actor, at=next(moments))
    reply(fresh(row), "Here", at=next(moments), by=ben.actor)
    assert summary(ticket) == (2, "Here", 0, 1)


def test_note_moves_nothing(acme: Workspace, ben: Member, moments: Iterator[datetime]) -> None:
    row = ConversationFactory(workspace=acme, body="One", at=next(moments))
    ticket = actions.escalate(conversation=row, by=ben.actor, at=next(moments))
    before = Ticket.all_workspaces.get().updated_at
    actions.note(conversation=fresh(row), body="Inside", by=ben.actor, at=next(moments))
    assert summary(ticket) == (1, "One", 1, 0)
    assert Ticket.all_workspaces.get().updated_at == before


def test_customers_reply_reopens_a_resolved_ticket(acme: Workspace, ben: Member, moments: Iterator[datetime]) -> None:
    row = ConversationFactory(workspace=acme, at=next(moments))
    ticket = actions.escalate(conversation=row, by=ben.actor, at=next(moments))
    ticket_actions.set_status(ticket=ticket, status="resolved", by=ben.actor, at=next(moments))
    receive(fresh(row), "Again", at=next(moments))
    assert Ticket.all_workspaces.get().status == "open"
