"""Sorting conversations: who answers, how pressing, what about, until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts import clock
from accounts.errors import Conflict, Invalid
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions, effects, maintenance
from conversations.models import Conversation, Message, MessageKind, Status
from conversations.priorities import printed
from tests.conftest import Member
from tests.factories import ConversationFactory, TeamFactory, receive
from tickets.models import Tag, Ticket

pytestmark = pytest.mark.usefixtures("in_acme")
WIRE = ("low", "normal", "high", "urgent")


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def test_assigning_to_a_stranger_or_a_viewer_is_refused(
    acme: Workspace, ben: Member, vic: Member, cleo: Member
) -> None:
    conversation = ConversationFactory(workspace=acme)
    for person in (vic, cleo):
        with pytest.raises(Invalid):
            actions.assign(conversation=conversation, to=person.user, by=ben.actor, at=clock.now())
    actions.assign(conversation=conversation, to=ben.user, by=ben.actor, at=clock.now())
    assert fresh(conversation).assignee == ben.user


def test_doing_what_is_done_records_nothing(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    do = [
        lambda: actions.assign(conversation=conversation, to=ben.user, by=ben.actor, at=clock.now()),
        lambda: actions.set_priority(conversation=conversation, priority="high", by=ben.actor, at=clock.now()),
        lambda: actions.set_tags(conversation=conversation, names=["vip"], by=ben.actor, at=clock.now()),
        lambda: actions.edit_subject(conversation=conversation, subject="New", by=ben.actor, at=clock.now()),
        lambda: actions.set_status(conversation=conversation, status="resolved", by=ben.actor, at=clock.now()),
    ]
    for verb in do:
        verb()
        count = Event.objects.count()
        updated_at = fresh(conversation).updated_at
        verb()
        assert (Event.objects.count(), fresh(conversation).updated_at) == (count, updated_at)


def test_status_change_is_an_entry_of_the_thread(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    actions.set_status(conversation=conversation, status="closed", by=ben.actor, at=clock.now())
    entry = Message.objects.latest("pk")
    assert (entry.kind, entry.body, entry.metadata) == (MessageKind.STATUS_CHANGE, None, {"status": "closed"})
    row = fresh(conversation)
    assert row.closed_at is not None
    assert row.last_visible == entry
    assert row.last_message != entry


def test_tags_are_kept_as_given_and_enter_the_catalogue(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    actions.set_tags(conversation=conversation, names=["VIP", "billing", ""], by=ben.actor, at=clock.now())
    assert fresh(conversation).tags == ["VIP", "billing", ""]
    assert set(Tag.objects.values_list("name", flat=True)) == {"VIP", "billing"}


def test_snooze_ends_by_the_clock_or_by_the_customer(acme: Workspace, ben: Member) -> None:
    slept, called = ConversationFactory(workspace=acme), ConversationFactory(workspace=acme)
    past = clock.now() - timedelta(hours=2)
    for conversation in (slept, called):
        actions.snooze(conversation=conversation, until=past + timedelta(hours=1), by=ben.actor, at=past)
    receive(called)
    assert fresh(called).snoozed_until is None
    maintenance.unsnooze_due(0)
    row = fresh(slept)
    assert (row.status, row.snoozed_until) == (Status.OPEN, None)


def test_escalating_copies_once_and_links(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme, subject="Outage", priority="urgent", tags=["API", "api"])
    actions.assign(conversation=conversation, to=ben.user, by=ben.actor, at=clock.now())
    ticket = actions.escalate(conversation=fresh(conversation), reason="Down", by=ben.actor, at=clock.now())
    assert (ticket.number, ticket.subject, ticket.priority, ticket.assignee) == (1, "Outage", "critical", ben.user)
    assert ticket.tags == ["api"]
    with pytest.raises(Conflict):
        actions.escalate(conversation=fresh(conversation), by=ben.actor, at=clock.now())


def test_customer_reply_reopens_a_resolved_ticket(acme: Workspace, ben: Member) -> None:
    from tickets import actions as ticket_actions

    conversation = ConversationFactory(workspace=acme)
    ticket = actions.escalate(conversation=conversation, by=ben.actor, at=clock.now())
    ticket_actions.set_status(ticket=ticket, status="resolved", by=ben.actor, at=clock.now())
    receive(fresh(conversation), "Still broken")
    ticket = Ticket.objects.get()
    assert (ticket.status, ticket.resolved_at, ticket.last_message_text) == ("open", None, "Still broken")
    assert ticket.unread_team_count >= 1


@pytest.mark.parametrize(
    ("label", "prints"),
    [
        ("low", "low"),
        ("medium", "normal"),
        ("critical", "urgent"),
        ("p2", "normal"),
        ("HIGH", "high"),
        ("urgent", "urgent"),
    ],
)
def test_priority_label_prints_its_twin_in_an_enum(label: str, prints: str) -> None:
    assert printed(label, WIRE) == prints


def test_viewer_changes_nothing(acme: Workspace, vic: Member) -> None:
    from accounts.errors import Forbidden

    conversation = ConversationFactory(workspace=acme)
    with pytest.raises(Forbidden):
        actions.set_status(conversation=conversation, status="closed", by=vic.actor, at=clock.now())
    assert Actor.member(vic.membership).role == "viewer"


def test_member_is_given_what_their_team_has_and_the_team_keeps_it(acme: Workspace, ben: Member, ada: Member) -> None:
    team, other = TeamFactory(workspace=acme), TeamFactory(workspace=acme)
    conversation = ConversationFactory(workspace=acme)
    act: dict[str, Any] = {"conversation": conversation, "keeps_team": True, "by": ben.actor, "at": clock.now()}
    actions.assign(team=team, **act)
    actions.assign(to=ben.user, **act)
    assert (fresh(conversation).assignee, fresh(conversation).team) == (ben.user, team)
    count = Event.objects.count()
    actions.assign(to=ben.user, **act)  # who has it already
    assert Event.objects.count() == count
    actions.assign(team=other, **act)
    assert (fresh(conversation).assignee, fresh(conversation).team) == (None, other)
    actions.assign(to=ada.user, **{**act, "keeps_team": False})
    assert (fresh(conversation).assignee, fresh(conversation).team) == (ada.user, None)
    actions.assign(team=other, **act)
    actions.assign(**act)
    assert (fresh(conversation).assignee, fresh(conversation).team) == (None, None)


def test_effect_that_assigns_a_member_leaves_the_team_in_word_and_deed(
    acme: Workspace, ben: Member, ada: Member
) -> None:
    team, conversation = TeamFactory(workspace=acme), ConversationFactory(workspace=acme)
    actions.assign(conversation=conversation, to=ben.user, team=team, by=ben.actor, at=clock.now())
    for to, who, changes in (("me", ben, False), (f"member:{ada.user.pk}", ada, True)):
        wanted = effects.parse([{"do": "assign", "to": to}])
        (plan,) = effects.planned(wanted, conversation=fresh(conversation), by=ben.actor, at=clock.now())
        assert plan.changes == changes
        effects.apply(wanted, conversation=fresh(conversation), by=ben.actor, at=clock.now())
        assert (fresh(conversation).assignee, fresh(conversation).team) == (who.user, team)
