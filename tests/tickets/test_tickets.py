"""The verbs of a ticket: state, snooze, labels, counts, and who may use them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts import clock, tenancy
from accounts.errors import Forbidden, Invalid, NotFound
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Conversation
from tests.conftest import Member
from tests.factories import ConversationFactory
from tickets import actions as ticket_actions
from tickets import lifecycle, queries, tasks
from tickets.lifecycle import Standing
from tickets.models import Ticket, TicketNumbers, TicketStatus

pytestmark = pytest.mark.django_db


def opened(workspace: Workspace, **values: object) -> Ticket:
    return ticket_actions.open_ticket(
        workspace=workspace,
        by=Actor.system(workspace.pk),
        at=clock.now(),
        **values,  # type: ignore[arg-type]
    )


def test_counts_by_status_are_exact_through_every_change(acme: Workspace, globex: Workspace, ben: Member) -> None:
    opened(globex)
    first, second, third = opened(acme), opened(acme, status="open"), opened(acme, status="resolved")
    ticket_actions.set_status(ticket=first, status="pending", by=ben.actor, at=clock.now())
    ticket_actions.snooze(ticket=second, until=clock.now() + timedelta(hours=1), by=ben.actor, at=clock.now())
    with tenancy.scope(acme):
        tally = queries.tally()
        counted = {status: tally.standing([status]) for status in TicketStatus.values}
        assert counted == {"new": 0, "open": 0, "pending": 1, "on_hold": 1, "resolved": 1}
        ticket_actions.delete(ticket=third, by=ben.actor, at=clock.now())
        assert (queries.tally().standing(), queries.tally().resolved) == (2, 0)
    for status in TicketStatus.values:
        kept = sum(getattr(row, status) for row in TicketNumbers.all_workspaces.all())
        assert kept == Ticket.all_workspaces.filter(status=status).count()


def test_workspace_without_tickets_counts_none(in_acme: Workspace) -> None:
    assert queries.tally().standing() == 0


def test_numbers_count_up_in_each_workspace(acme: Workspace, globex: Workspace) -> None:
    assert [opened(acme).number, opened(globex).number, opened(acme).number] == [1, 1, 2]


def test_labels_are_trimmed_lowered_and_kept_once(acme: Workspace, ben: Member) -> None:
    ticket = opened(acme, tag_names=[" VIP", "vip", "", "Billing"])
    assert ticket.tags == ["vip", "billing"]
    before = Event.objects.count()
    ticket_actions.set_tags(ticket=ticket, names=["VIP ", "billing"], by=ben.actor, at=clock.now())
    assert Event.objects.count() == before
    with pytest.raises(Invalid):
        ticket_actions.set_tags(ticket=ticket, names=["x" * 101], by=ben.actor, at=clock.now())


@pytest.mark.parametrize(
    ("now", "until", "status", "after"),
    [
        ("new", 5, None, ("on_hold", 5)),
        ("resolved", 5, None, ("on_hold", 5)),
        ("new", 5, "open", ("open", 5)),
        ("new", 5, "resolved", ("resolved", 5)),
        ("new", None, None, ("new", None)),
        ("new", None, "pending", ("pending", None)),
    ],
)
def test_snooze_rule(now: str, until: int | None, status: str | None, after: tuple[str, int | None]) -> None:
    at = clock.now()
    moment = at + timedelta(hours=until) if until else None
    standing = lifecycle.snooze(Standing(now, None, None), moment, at, status)
    assert (standing.status, standing.snoozed_until) == (after[0], at + timedelta(hours=after[1]) if after[1] else None)
    assert (standing.resolved_at == at) == (standing.status == "resolved")


def test_ended_snooze_opens_what_was_on_hold_and_nothing_else(acme: Workspace, ben: Member) -> None:
    past, future = clock.now() - timedelta(minutes=1), clock.now() + timedelta(hours=1)
    snoozed, resolved, later = opened(acme), opened(acme), opened(acme)
    ticket_actions.snooze(ticket=snoozed, until=past, by=ben.actor, at=clock.now())
    ticket_actions.snooze(ticket=resolved, until=past, status="resolved", by=ben.actor, at=clock.now())
    ticket_actions.snooze(ticket=later, until=future, by=ben.actor, at=clock.now())
    tasks.unsnooze_due_tickets(timestamp=0)
    tasks.unsnooze_due_tickets(timestamp=0)
    rows = Ticket.all_workspaces.order_by("number").values_list("status", "snoozed_until")
    assert list(rows) == [("open", None), ("resolved", None), ("on_hold", future)]


def test_viewer_reads_tickets_and_changes_none(acme: Workspace, vic: Member) -> None:
    ticket = opened(acme)
    for change in (
        lambda: ticket_actions.mark_read(ticket=ticket, by=vic.actor, at=clock.now()),
        lambda: ticket_actions.set_status(ticket=ticket, status="open", by=vic.actor, at=clock.now()),
        lambda: ticket_actions.unsnooze(ticket=ticket, by=vic.actor, at=clock.now()),
        lambda: actions.delete_ticket(ticket=ticket, by=vic.actor, at=clock.now()),
        lambda: actions.reply_in_ticket(ticket=ticket, body="x", by=vic.actor, at=clock.now()),
        lambda: actions.broadcast(ticket=ticket, body="x", by=vic.actor, at=clock.now()),
        lambda: actions.create_view(workspace=acme, name="x", by=vic.actor, at=clock.now()),
    ):
        with pytest.raises(Forbidden):
            change()


def test_stranger_finds_no_ticket(acme: Workspace, cleo: Member) -> None:
    ticket = opened(acme)
    for change in (
        lambda: ticket_actions.set_status(ticket=ticket, status="open", by=cleo.actor, at=clock.now()),
        lambda: actions.delete_ticket(ticket=ticket, by=cleo.actor, at=clock.now()),
        lambda: actions.reply_in_ticket(ticket=ticket, body="x", by=cleo.actor, at=clock.now()),
        lambda: actions.note_in_ticket(ticket=ticket, body="x", by=cleo.actor, at=clock.now()),
    ):
        with pytest.raises(NotFound):
            change()
    with tenancy.scope(cleo.membership.workspace), pytest.raises(NotFound):
        queries.by_reference(str(ticket.public_id))


def test_opening_a_ticket_makes_its_conversation(acme: Workspace, ben: Member) -> None:
    from conversations.actions.entries import Door
    from conversations.models import Channel

    ticket, _ = actions.open_ticket(
        workspace=acme, name="Bo", email="bo@example.com", door=Door(Channel.API, "test"), by=ben.actor, at=clock.now()
    )
    row = Conversation.all_workspaces.get()
    assert (row.ticket_id, row.subject, row.contact.email) == (ticket.pk, "Ticket #1", "bo@example.com")


def test_same_reply_by_another_author_is_no_repeat(acme: Workspace, ada: Member, ben: Member) -> None:
    row = ConversationFactory(workspace=acme)
    ticket = actions.escalate(conversation=row, by=ben.actor, at=clock.now())
    first, is_new = actions.reply_in_ticket(ticket=ticket, body="Done", by=ben.actor, at=clock.now())
    again, is_new_again = actions.reply_in_ticket(ticket=ticket, body="Done", by=ben.actor, at=clock.now())
    _, is_adas_new = actions.reply_in_ticket(ticket=ticket, body="Done", by=ada.actor, at=clock.now())
    assert (is_new, is_new_again, is_adas_new) == (True, False, True)
    assert first == again
