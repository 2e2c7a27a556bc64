"""Questions about conversations and their tickets: queues, threads, people, and what a search finds."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from accounts.errors import NotFound
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.dialects.hexclave import reads
from conversations.models import Channel, Conversation, Handler, Status
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from conversations.queries import tickets as ticket_queries
from conversations.screens.inbox import queries as inbox_queries
from tests.conftest import Member
from tests.effects import MORNING, minutes
from tests.factories import ContactFactory, ConversationFactory, TeamFactory, TicketFactory, receive, reply
from tickets import queries as all_tickets
from tickets.models import Ticket

pytestmark = pytest.mark.usefixtures("in_acme")

# Status, snoozed, unread, assigned to the reader: which queues of the inbox hold it.
QUEUES = {
    (status, snoozed, unread, mine): {
        *(["mine"] if status == "open" and not snoozed and mine else []),
        *(["unassigned"] if status == "open" and not snoozed and not mine else []),
        *(["open"] if status == "open" and not snoozed else []),
        *(["waiting"] if status == "pending" and not snoozed else []),
        *(["snoozed"] if snoozed else []),
        *(["news"] if status == "closed" and unread else []),
        *(["solved"] if status in ("resolved", "closed") else []),
    }
    for status, snoozed, unread, mine in product(Status.values, (False, True), (False, True), (False, True))
    if not (snoozed and status in ("resolved", "closed")) and (not unread or status in ("open", "closed"))
}


@pytest.mark.parametrize(("status", "snoozed", "unread", "mine"), QUEUES)
def test_conversation_is_in_the_queues_of_its_state(
    acme: Workspace, ben: Member, status: str, snoozed: bool, unread: bool, mine: bool
) -> None:
    by = ben.actor
    row = ConversationFactory(workspace=acme, body=None, at=MORNING)
    if mine:
        actions.assign(conversation=row, to=ben.user, by=by, at=MORNING)
    actions.set_status(conversation=row, status=status, by=by, at=MORNING)
    if unread:
        receive(row, at=minutes(1))
    if snoozed:
        actions.snooze(conversation=row, until=minutes(60), by=by, at=minutes(2))
    held = {key for key, view in inbox_queries.INBOX_VIEWS.items() if inbox_queries.inbox_rows(view, ben.user)}
    assert held == QUEUES[status, snoozed, unread, mine]
    counts = inbox_queries.inbox_counts(ben.user)
    assert {key for key, count in counts.items() if count} == held - {"solved"}


@pytest.mark.parametrize("status", Status.values)
def test_what_the_assistant_handles_is_in_no_queue_of_people(acme: Workspace, ben: Member, status: str) -> None:
    row = ConversationFactory(workspace=acme, handler=Handler.ASSISTANT)
    actions.set_status(conversation=row, status=status, by=ben.actor, at=MORNING)
    held = {key for key, view in inbox_queries.INBOX_VIEWS.items() if inbox_queries.inbox_rows(view, ben.user)}
    assert held <= {"assistant"}
    assert not any(inbox_queries.inbox_counts(ben.user).values())


def test_conversation_comes_with_its_people_in_one_query(
    acme: Workspace, ben: Member, django_assert_num_queries: Any
) -> None:
    row = ConversationFactory(workspace=acme)
    actions.assign(conversation=row, to=ben.user, team=TeamFactory(workspace=acme), by=ben.actor, at=MORNING)
    actions.escalate(conversation=row, by=ben.actor, at=MORNING)
    with django_assert_num_queries(1):
        found = queries.by_number(row.number)
        assert all((found.contact.name, found.assignee, found.team, found.ticket))


def test_tally_of_a_new_workspace_is_zero(acme: Workspace) -> None:
    tally = queries.tally()
    assert (tally.total, tally.open, tally.workspace) == (0, 0, acme)


def test_journal_stands_at_its_newest_event_of_this_workspace(acme: Workspace, globex: Workspace, ben: Member) -> None:
    ConversationFactory(workspace=acme)
    newest = Event.objects.filter(workspace=acme).latest("id").pk
    ConversationFactory(workspace=globex)
    counts, event = inbox_queries.inbox_counts_and_event(ben.user)
    assert (counts, event) == (inbox_queries.inbox_counts(ben.user), newest)


def test_customers_other_conversations_are_the_newest_first(acme: Workspace) -> None:
    contact = ContactFactory(workspace=acme)
    rows = [ConversationFactory(workspace=acme, contact=contact, at=minutes(n)) for n in range(7)]
    ConversationFactory(workspace=acme)
    ConversationFactory(workspace=acme, contact=contact, handler=Handler.ASSISTANT)
    assert queries.other_conversations(rows[0]) == rows[:1:-1]
    assert queries.other_conversations(rows[0], limit=1) == rows[-1:]


def test_message_is_found_in_its_own_thread_alone(acme: Workspace) -> None:
    first, second = ConversationFactory(workspace=acme), ConversationFactory(workspace=acme)
    message = receive(first)
    assert queries.message(first, message.pk) == message
    for conversation, pk in ((second, message.pk), (first, message.pk + 99)):
        with pytest.raises(NotFound):
            queries.message(conversation, pk)


def test_doors_are_listed_in_the_order_of_their_use(acme: Workspace) -> None:
    row = ConversationFactory(workspace=acme)
    for channel in (Channel.EMAIL, Channel.CHAT, Channel.EMAIL):
        receive(row, door=Door(channel, "test"))
    assert [door.channel for door in reads.entry_points(row)] == ["api", "email", "chat"]


# --- The thread ---------------------------------------------------------------------------------


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, body="0", at=MORNING)


def kinds(thread: thread_queries.Thread) -> list[str]:
    return [item.event.type if isinstance(item, thread_queries.Line) else item.kind for item in thread.items]


def test_every_change_that_people_follow_is_a_line_among_the_messages(
    acme: Workspace, conversation: Conversation, ben: Member
) -> None:
    how: dict[str, Any] = {"conversation": conversation, "by": ben.actor}
    ticket = TicketFactory(workspace=acme)
    actions.assign(**how, to=ben.user, at=minutes(1))
    actions.note(**how, body="x", at=minutes(2))
    actions.set_priority(**how, priority="high", at=minutes(3))
    actions.set_tags(**how, names=["vip"], at=minutes(4))
    actions.edit_subject(**how, subject="New", at=minutes(5))
    actions.snooze(**how, until=minutes(60), at=minutes(6))
    actions.link(**how, ticket=ticket, at=minutes(7))
    actions.unlink(**how, at=minutes(8))
    actions.set_status(**how, status="resolved", at=minutes(9))
    actions.mark_read(**how, at=minutes(10))
    assert kinds(thread_queries.thread(conversation)) == [
        "message", "conversation.assigned", "internal-note", "conversation.priority_changed", "conversation.tagged",
        "conversation.subject_changed", "conversation.snoozed", "conversation.linked", "conversation.unlinked",
        "status-change",
    ]  # fmt: skip


def test_line_names_who_did_it_and_whom_and_what_it_names(
    acme: Workspace, conversation: Conversation, ada: Member, ben: Member
) -> None:
    team, ticket = TeamFactory(workspace=acme), TicketFactory(workspace=acme)
    actions.assign(conversation=conversation, to=ada.user, team=team, by=ben.actor, at=minutes(1))
    actions.link(conversation=conversation, ticket=ticket, by=Actor.system(acme.pk), at=minutes(2))
    assigned, linked = thread_queries.thread(conversation).lines
    assert (assigned.actor, assigned.to, assigned.team, assigned.at) == (ben.user, ada.user, team, minutes(1))
    assert (linked.actor, linked.to, linked.ticket) == (None, None, ticket)


@pytest.mark.parametrize("count", [1, 29, 30, 31, 60, 61])
def test_pages_of_a_thread_hold_every_message_once(conversation: Conversation, count: int) -> None:
    for n in range(1, count):
        receive(conversation, str(n), at=minutes(n))
    page = thread_queries.thread(conversation, limit=30)
    bodies = [message.body for message in page.messages]
    while page.has_older:
        page = thread_queries.thread(conversation, before=page.messages[0].pk, limit=30)
        bodies = [*(message.body for message in page.messages), *bodies]
    assert bodies == [str(n) for n in range(count)]


def test_line_is_on_the_page_of_its_moment(conversation: Conversation, ben: Member) -> None:
    for n in range(1, 5):
        receive(conversation, str(n), at=minutes(n * 10))
    actions.set_priority(conversation=conversation, priority="low", by=ben.actor, at=minutes(15))
    actions.set_priority(conversation=conversation, priority="high", by=ben.actor, at=minutes(35))
    last = thread_queries.thread(conversation, limit=2)
    assert kinds(last) == ["message", "conversation.priority_changed", "message"]
    older = thread_queries.thread(conversation, before=last.messages[0].pk, limit=3)
    assert kinds(older) == ["message", "message", "conversation.priority_changed", "message"]


def test_what_is_new_in_a_thread_begins_with_the_last_message_known(conversation: Conversation, ben: Member) -> None:
    known, event = receive(conversation, "known", at=minutes(1)), Event.objects.latest("id").pk
    assert kinds(thread_queries.thread_since(conversation, message=known.pk, event=event)) == ["message"]
    actions.set_priority(conversation=conversation, priority="low", by=ben.actor, at=minutes(2))
    reply(conversation, "new", at=minutes(3))
    since = thread_queries.thread_since(conversation, message=known.pk, event=event)
    assert kinds(since) == ["message", "conversation.priority_changed", "message"]
    assert [message.body for message in since.messages] == ["known", "new"]


# --- Tickets and their people -------------------------------------------------------------------


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    contact = ContactFactory(workspace=acme, name="Jane Doe", email="jane@example.com", external_id="cus_1")
    row = ConversationFactory(workspace=acme, contact=contact, subject="Wrong invoice", body="It says forty euros.")
    ticket = actions.escalate(conversation=row, by=Actor.system(acme.pk), at=minutes(1))
    actions.note(conversation=row, body="Tax was added twice.", by=Actor.system(acme.pk), at=minutes(2))
    TicketFactory(workspace=acme, subject="Something else")
    return ticket


@pytest.mark.parametrize(
    "search",
    ["1", "#1", " 1 ", "wrong", "INVOICE", "voic", "jane", "Jane D", "jane@", "euros forty", "orty eu", "tax", "twice"],
)
def test_search_finds_a_ticket_by_number_person_title_or_text(ticket: Ticket, search: str) -> None:
    assert [*ticket_queries.matching(all_tickets.tickets(), search)] == [ticket]


@pytest.mark.parametrize("search", ["9", "99999999999999999999", "nowhere", "jane nowhere", "' OR 1=1 --", "nul\x00"])
def test_search_for_what_is_not_there_finds_nothing(ticket: Ticket, search: str) -> None:
    assert not ticket_queries.matching(all_tickets.tickets(), search).exists()


@pytest.mark.parametrize(
    ("references", "emails", "finds"),
    [
        (["cus_1"], [], True), ([], ["jane@example.com"], True), (["cus_9", "cus_1"], [], True),
        (["cus_9"], [], False), ([], ["max@example.com"], False), ([], [], False), (["not-a-uuid"], [""], False),
    ],
)  # fmt: skip
def test_tickets_of_people_by_their_ids_or_addresses(
    ticket: Ticket, references: list[str], emails: list[str], finds: bool
) -> None:
    found = ticket_queries.of_people(all_tickets.tickets(), references=references, emails=emails)
    assert [*found] == ([ticket] if finds else [])


def test_customer_without_an_id_of_their_own_is_known_by_the_desks(acme: Workspace) -> None:
    contact = ContactFactory(workspace=acme, external_id=None)
    ticket = actions.escalate(
        conversation=ConversationFactory(workspace=acme, contact=contact), by=Actor.system(acme.pk), at=minutes(1)
    )
    found = ticket_queries.of_people(all_tickets.tickets(), references=[str(contact.public_id)])
    assert [*found] == [ticket]


def test_entry_is_found_on_its_own_ticket_alone(acme: Workspace, ticket: Ticket) -> None:
    note = ticket_queries.entries(ticket).last()
    assert note is not None
    assert ticket_queries.entry(ticket, note.public_id) == note
    with pytest.raises(NotFound):
        ticket_queries.entry(TicketFactory(workspace=acme), note.public_id)


def test_primaries_of_any_number_of_tickets_are_one_query(
    acme: Workspace, ticket: Ticket, django_assert_num_queries: Any
) -> None:
    others = [
        actions.escalate(conversation=ConversationFactory(workspace=acme), by=Actor.system(acme.pk), at=minutes(1))
        for _ in range(3)
    ]
    with django_assert_num_queries(1):
        primaries = ticket_queries.primaries([ticket, *others])
        assert all(row.contact.name for row in primaries.values())
    assert {*primaries} == {row.pk for row in (ticket, *others)}
