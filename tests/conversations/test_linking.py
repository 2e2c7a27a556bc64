"""A conversation and its ticket: escalating, opening both at once, linking, moving, unlinking, deleting."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import RestrictedError

from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.models import Channel, Contact, Conversation, Handler, Message, Tally
from conversations.queries import tickets as queries
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused, types
from tests.factories import ContactFactory, ConversationFactory, TeamFactory, TicketFactory, reply
from tickets.models import Ticket, TicketNumbers

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, subject="Outage", body="Down", at=MORNING)


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    return TicketFactory(workspace=acme, at=MORNING)


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def escalate(conversation: Conversation, **values: Any) -> Ticket:
    by = Actor.system(conversation.workspace_id)
    return actions.escalate(conversation=conversation, by=by, at=minutes(1), **values)


def link(conversation: Conversation, ticket: Ticket, minute: int = 2) -> Conversation:
    by = Actor.system(conversation.workspace_id)
    return actions.link(conversation=conversation, ticket=ticket, by=by, at=minutes(minute))


def unlink(conversation: Conversation, minute: int = 3) -> Conversation:
    by = Actor.system(conversation.workspace_id)
    return actions.unlink(conversation=conversation, by=by, at=minutes(minute))


def open_ticket(workspace: Workspace, **values: Any) -> Ticket:
    values.setdefault("door", Door(Channel.API, "test"))
    values.setdefault("by", Actor.system(workspace.pk))
    return actions.open_ticket(workspace=workspace, at=MORNING, **values).ticket


# --- Escalating ---------------------------------------------------------------------------------


def test_escalating_opens_and_links(conversation: Conversation) -> None:
    events = recorded(lambda: escalate(conversation, reason="Many customers"))
    assert [name for name, _ in events] == ["ticket.opened", "ticket.recounted", "conversation.linked"]
    row, ticket = fresh(conversation), Ticket.objects.get()
    assert (row.ticket, row.ticket_linked_at, row.updated_at) == (ticket, minutes(1), minutes(1))
    assert (ticket.escalation_reason, ticket.status, ticket.channel) == ("Many customers", "new", "api")
    assert (ticket.message_count, ticket.last_message_text, ticket.unread_team_count) == (1, "Down", 1)


@pytest.mark.parametrize(
    ("priority", "of_ticket"),
    [
        ("low", "low"), ("normal", "medium"), ("medium", "medium"), ("high", "high"), ("urgent", "critical"),
        ("critical", "critical"), (" Urgent ", "critical"), ("p1", None),
    ],
)  # fmt: skip
def test_priority_of_the_ticket_is_its_twin(acme: Workspace, priority: str, of_ticket: str | None) -> None:
    assert escalate(ConversationFactory(workspace=acme, priority=priority)).priority == of_ticket


@pytest.mark.parametrize(
    ("name", "email", "traits"),
    [
        ("Jane", "jane@example.com", {"name": "Jane", "email": "jane@example.com"}),
        ("", "jane@example.com", {"email": "jane@example.com"}),
        ("Jane", "", {"name": "Jane"}),
    ],
)
def test_ticket_knows_what_the_contact_is_called(
    acme: Workspace, name: str, email: str, traits: dict[str, str]
) -> None:
    contact = ContactFactory(workspace=acme, name=name, email=email)
    assert escalate(ConversationFactory(workspace=acme, contact=contact)).anonymous_traits == traits


def test_ticket_goes_to_the_assignee_or_else_to_the_team(acme: Workspace, ben: Member) -> None:
    team = TeamFactory(workspace=acme)
    both, alone = ConversationFactory(workspace=acme), ConversationFactory(workspace=acme)
    actions.assign(conversation=both, to=ben.user, team=team, by=ben.actor, at=MORNING)
    actions.assign(conversation=alone, team=team, by=ben.actor, at=MORNING)
    first, second = escalate(both), escalate(alone)
    assert (first.assignee, first.team, second.assignee, second.team) == (ben.user, None, None, team)


def test_each_side_has_its_own_from_then_on(conversation: Conversation, ben: Member) -> None:
    ticket = escalate(conversation)
    actions.set_priority(conversation=conversation, priority="urgent", by=ben.actor, at=minutes(2))
    actions.edit_subject(conversation=conversation, subject="Other", by=ben.actor, at=minutes(2))
    actions.set_tags(conversation=conversation, names=["late"], by=ben.actor, at=minutes(2))
    actions.set_status(conversation=conversation, status="resolved", by=ben.actor, at=minutes(2))
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.subject, ticket.tags, ticket.status) == ("medium", "Outage", [], "new")


def test_long_subject_is_cut_for_the_ticket(acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme, subject="x" * 600)
    assert escalate(conversation).subject == "x" * 500


def test_conversation_escalates_once(conversation: Conversation) -> None:
    escalate(conversation)
    with refused(Conflict, field="ticket"):
        escalate(conversation)
    assert TicketNumbers.objects.get().last == 1


# --- Linking ------------------------------------------------------------------------------------


def test_link_is_one_change_of_each_side(conversation: Conversation, ticket: Ticket) -> None:
    events = recorded(lambda: link(conversation, ticket))
    assert events == [
        ("ticket.recounted", {"message_count": 1, "linked_id": conversation.pk}),
        ("conversation.linked", {"ticket_id": ticket.pk}),
    ]
    ticket.refresh_from_db()
    assert (fresh(conversation).ticket_linked_at, ticket.updated_at) == (minutes(2), minutes(2))


def test_linking_to_the_same_ticket_does_nothing(conversation: Conversation, ticket: Ticket) -> None:
    link(conversation, ticket)
    with nothing_changes():
        link(conversation, ticket, 3)


def test_linking_moves_a_conversation_from_its_ticket(
    acme: Workspace, conversation: Conversation, ticket: Ticket
) -> None:
    old = escalate(conversation)
    events = types(lambda: link(conversation, ticket))
    assert events == ["ticket.recounted", "conversation.unlinked", "ticket.recounted", "conversation.linked"]
    old.refresh_from_db()
    ticket.refresh_from_db()
    assert (old.message_count, old.unread_team_count, ticket.message_count) == (0, 0, 1)
    assert fresh(conversation).ticket == ticket


def test_ticket_of_another_workspace_cannot_be_linked(
    conversation: Conversation, globex: Workspace, ben: Member
) -> None:
    theirs = TicketFactory(workspace=globex)
    with refused(NotFound):
        actions.link(conversation=conversation, ticket=theirs, by=ben.actor, at=minutes(1))


def test_linking_changes_nothing_of_the_thread(conversation: Conversation, ticket: Ticket) -> None:
    before = fresh(conversation)
    link(conversation, ticket)
    after = fresh(conversation)
    for name in ("status", "unread_count", "waiting_since", "message_count", "last_activity_at"):
        assert getattr(after, name) == getattr(before, name), name


def test_conversation_that_was_linked_first_is_the_primary_one(acme: Workspace, ticket: Ticket) -> None:
    older, newer = ConversationFactory(workspace=acme, at=MORNING), ConversationFactory(workspace=acme, at=minutes(1))
    link(newer, ticket, 2)
    link(older, ticket, 3)
    assert [*queries.linked(ticket)] == [newer, older]
    assert queries.primaries([ticket]) == {ticket.pk: newer}
    unlink(newer, 4)
    assert queries.primaries([ticket]) == {ticket.pk: older}
    link(newer, ticket, 5)
    assert queries.primaries([ticket]) == {ticket.pk: older}


def test_unlinked_conversation_and_ticket_both_stay(conversation: Conversation, ticket: Ticket) -> None:
    link(conversation, ticket)
    events = recorded(lambda: unlink(conversation))
    assert events == [
        ("ticket.recounted", {"message_count": 0, "unlinked_id": conversation.pk}),
        ("conversation.unlinked", {"ticket_id": ticket.pk}),
    ]
    row = fresh(conversation)
    assert (row.ticket, row.ticket_linked_at, row.message_count) == (None, None, 1)
    ticket.refresh_from_db()
    assert (ticket.message_count, ticket.last_message_at, ticket.last_message_text) == (0, None, None)


def test_unlinking_what_has_no_ticket_does_nothing(conversation: Conversation) -> None:
    with nothing_changes():
        unlink(conversation)


def test_unlinked_conversation_tells_its_ticket_nothing_more(conversation: Conversation, ticket: Ticket) -> None:
    link(conversation, ticket)
    unlink(conversation)
    assert types(lambda: reply(conversation, at=minutes(4))) == ["reply.sent"]
    ticket.refresh_from_db()
    assert ticket.message_count == 0


# --- Opening both -------------------------------------------------------------------------------


def test_opening_a_ticket_opens_the_conversation_in_which_it_is_answered(acme: Workspace) -> None:
    events = types(lambda: open_ticket(acme, name="Bo", email="bo@example.com", title="Broken", body="It is."))
    assert events == [
        "contact.created", "ticket.opened", "conversation.started", "ticket.recounted", "conversation.linked",
    ]  # fmt: skip
    row, ticket, contact = Conversation.objects.get(), Ticket.objects.get(), Contact.objects.get()
    assert (row.ticket, row.contact, row.subject, ticket.subject) == (ticket, contact, "Broken", "Broken")
    assert (contact.name, contact.email, Message.objects.get().body) == ("Bo", "bo@example.com", "It is.")
    assert (ticket.message_count, ticket.unread_team_count, row.unread_count) == (1, 1, 1)
    assert (Tally.objects.get().open, TicketNumbers.objects.get().new) == (1, 1)


@pytest.mark.parametrize(
    ("title", "reason", "subject", "of_ticket"),
    [
        ("Broken  \n screen", None, "Broken screen", "Broken screen"),
        ("", "Refund asked", "Refund asked", "Refund asked"),
        ("Title", "Reason", "Title", "Title"),
        ("", None, "Ticket #1", ""),
        ("x" * 600, None, "x" * 500, "x" * 500),
    ],
)
def test_title_is_the_reason_or_else_the_number(
    acme: Workspace, title: str, reason: str | None, subject: str, of_ticket: str
) -> None:
    ticket = open_ticket(acme, title=title, escalation_reason=reason)
    assert (Conversation.objects.get().subject, ticket.subject) == (subject, of_ticket)


def test_known_customer_is_found_for_the_ticket(acme: Workspace) -> None:
    known = ContactFactory(workspace=acme, external_id="cus_1", email="jane@example.com")
    open_ticket(acme, external_id="cus_1")
    open_ticket(acme, email="JANE@example.com")
    assert {*Conversation.objects.values_list("contact", flat=True)} == {known.pk}


def test_ticket_takes_its_own_values(acme: Workspace, ben: Member) -> None:
    ticket = open_ticket(
        acme, status="pending", priority="high", assignee=ben.user, tag_names=["VIP"], sla_due_at=minutes(90)
    )
    assert (ticket.status, ticket.priority, ticket.assignee, ticket.tags) == ("pending", "high", ben.user, ["vip"])
    assert (ticket.sla_due_at, ticket.channel) == (minutes(90), "api")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"status": "shut"}, "status"),
        ({"priority": "p1"}, "priority"),
        ({"tag_names": ["x" * 101]}, "tags"),
        ({"body": "  "}, "body"),
    ],
)
def test_refused_ticket_leaves_no_contact_no_conversation_and_no_number(
    acme: Workspace, values: dict[str, Any], field: str
) -> None:
    with refused(Invalid, field=field):
        open_ticket(acme, name="Bo", **values)


# --- Deleting -----------------------------------------------------------------------------------


def test_deleted_ticket_leaves_its_conversations(acme: Workspace, conversation: Conversation, ticket: Ticket) -> None:
    other = ConversationFactory(workspace=acme)
    link(conversation, ticket)
    link(other, ticket)
    number, pk = ticket.number, ticket.pk
    events = recorded(lambda: actions.delete_ticket(ticket=ticket, by=Actor.system(acme.pk), at=minutes(5)))
    assert [data for name, data in events if name == "conversation.unlinked"] == [{"ticket_id": pk}] * 2
    assert events[-1] == ("ticket.deleted", {"number": number})
    assert (fresh(conversation).ticket, fresh(other).ticket, Ticket.objects.count()) == (None, None, 0)
    assert TicketNumbers.objects.get().standing() == 0


def test_number_of_a_deleted_ticket_is_not_given_again(acme: Workspace, ticket: Ticket) -> None:
    actions.delete_ticket(ticket=ticket, by=Actor.system(acme.pk), at=minutes(1))
    assert open_ticket(acme).number == 2


def test_linked_ticket_cannot_vanish_beneath_its_conversation(conversation: Conversation, ticket: Ticket) -> None:
    link(conversation, ticket)
    with pytest.raises(RestrictedError):
        Ticket.objects.filter(pk=ticket.pk).delete()


def test_ticket_of_a_blocked_customer_is_counted_as_no_open_conversation(acme: Workspace) -> None:
    ada = ContactFactory(workspace=acme, external_id="ada")
    actions.block_contact(contact=ada, by=Actor.system(acme.pk), at=MORNING)
    ticket = open_ticket(acme, external_id="ada", title="Spam", body="Buy now")
    made = Conversation.objects.get(ticket=ticket)
    assert (made.handler, made.number, Tally.objects.get().open) == (Handler.NOBODY, 1, 0)
    open_ticket(acme, external_id="ada", title="Ours")
    assert Tally.objects.get().open == Conversation.objects.filter(handler=Handler.PEOPLE, status="open").count() == 1
