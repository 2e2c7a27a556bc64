"""Repairing threads: what moves takes along, what both conversations say afterwards, and taking it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts import clock
from accounts.errors import Conflict, Forbidden, Invalid, NotFound
from accounts.models import Event, Workspace
from conversations import actions
from conversations.actions import summaries
from conversations.models import (
    Attachment,
    Contact,
    Conversation,
    Delivery,
    DeliveryState,
    Handler,
    InboundMail,
    Mailbox,
    MailReference,
    MailSource,
    MailState,
    Message,
    MessageKind,
    Proof,
    SearchDocument,
    Status,
)
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory, receive, reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def contact(in_acme: Workspace) -> Contact:
    return ContactFactory(workspace=in_acme, email="eve@example.com")


def begun(contact: Contact, body: str | None = "The first words.", **values: Any) -> Conversation:
    return ConversationFactory(workspace=contact.workspace, contact=contact, body=body, **values)


def act(who: Member) -> dict[str, Any]:
    return {"by": who.actor, "at": clock.now()}


def bodies(conversation: Conversation) -> list[str | None]:
    return [entry.body for entry in queries.entries(conversation) if entry.kind != MessageKind.STATUS_CHANGE]


def row(conversation: Conversation) -> dict[str, Any]:
    """All that the row says, but for when it was changed."""
    conversation.refresh_from_db()
    return {
        field.attname: getattr(conversation, field.attname)
        for field in Conversation._meta.concrete_fields
        if field.name not in ("updated_at", "tokens")
    }


def follows_its_messages(conversation: Conversation) -> bool:
    conversation.refresh_from_db()
    found = summaries.recomputed(conversation)
    names = [name for name in summaries.Summary.__slots__ if name != "unread_count"]
    assert {n: getattr(conversation, n) for n in names} == {n: getattr(found, n) for n in names}
    assert conversation.unread_count <= found.unread_count
    return True


def counts() -> dict[str, int]:
    tally = queries.tally()
    return {status: getattr(tally, status) for status in Status.values}


def counted() -> dict[str, int]:
    rows = Conversation.objects.filter(handler=Handler.PEOPLE)
    return {status: rows.filter(status=status).count() for status in Status.values}


def mail_of(message: Message, mailbox: Mailbox, **values: Any) -> InboundMail:
    """The mail that a message was, and its Message-ID."""
    MailReference.objects.create(
        workspace=mailbox.workspace, key=f"key-{message.pk}", conversation=message.conversation, message=message
    )
    return InboundMail.objects.create(
        workspace=mailbox.workspace,
        mailbox=mailbox,
        source=MailSource.DOOR,
        raw="raw",
        size=1,
        digest="0" * 64,
        state=MailState.READ,
        conversation=message.conversation,
        message=message,
        from_address="eve@example.com",
        **values,
    )


@pytest.fixture
def mailbox(in_acme: Workspace) -> Mailbox:
    return Mailbox.objects.create(workspace=in_acme, address="help@acme.example")


# --- One message ----------------------------------------------------------------------------------


def test_moved_message_stands_where_it_was_written(contact: Contact, ben: Member) -> None:
    home, other = begun(contact, "One."), begun(contact, "Elsewhere.")
    two = receive(other, "Two.")
    receive(home, "Three.")
    actions.move_message(message=two, to=home, **act(ben))
    assert bodies(home) == ["One.", "Two.", "Three."]
    assert bodies(other) == ["Elsewhere."]
    assert [entry.body for entry in thread_queries.thread(home).messages] == ["One.", "Two.", "Three."]
    assert follows_its_messages(home)
    assert follows_its_messages(other)


def test_pages_of_a_thread_hold_each_message_once_however_high_its_id(contact: Contact, ben: Member) -> None:
    home, other = begun(contact, "0"), begun(contact, "other")
    at = clock.now()
    late = [receive(home, str(n), at=at + timedelta(minutes=n)) for n in range(1, 12)]
    early = [receive(other, f"{n}+", at=at + timedelta(minutes=n, seconds=30)) for n in range(11)]
    assert early[0].pk > late[-1].pk
    for message in early:
        actions.move_message(message=message, to=home, **act(ben))
    seen: list[str | None] = []
    before = None
    while True:
        page = thread_queries.thread(home, before=before, limit=5)
        seen = [message.body for message in page.messages] + seen
        if not page.has_older:
            break
        before = page.messages[0].pk
    assert seen == [name for n in range(12) for name in (str(n), f"{n}+") if name != "11+"]


def test_moved_message_takes_its_files_its_mail_and_its_id_along_so_that_the_next_mail_follows(
    contact: Contact, ben: Member, mailbox: Mailbox
) -> None:
    home, other = begun(contact), begun(ContactFactory(workspace=contact.workspace))
    message = receive(other, "Mine.")
    mail = mail_of(message, mailbox, proof=Proof.REFERENCES, is_stranger=True, suggested=home)
    file = Attachment.objects.create(
        workspace=contact.workspace, message=message, file="x", name="x.png", content_type="image/png", size=1
    )
    actions.move_message(message=message, to=home, **act(ben))
    mail.refresh_from_db()
    assert (mail.conversation, mail.proof, mail.is_stranger, mail.suggested) == (home, Proof.MOVED, False, None)
    assert MailReference.objects.get().conversation == home
    file.refresh_from_db()
    assert file.message.conversation == home

    event = Event.objects.get(type="conversation.messages_moved")
    actions.undo(conversation=other, event_id=event.pk, **act(ben))
    mail.refresh_from_db()
    assert (mail.conversation, mail.proof, mail.is_stranger, mail.suggested) == (other, Proof.REFERENCES, True, home)
    assert MailReference.objects.get().conversation == other


def test_message_that_waits_for_an_answer_reopens_where_it_comes_and_frees_where_it_was(
    contact: Contact, ben: Member
) -> None:
    home, other = begun(contact), begun(contact)
    reply(home, by=ben.actor)
    actions.snooze(conversation=home, until=clock.now() + timedelta(days=1), **act(ben))
    reply(other, by=ben.actor)
    actions.set_status(conversation=other, status=Status.RESOLVED, **act(ben))
    message = receive(other, "Still broken.")
    other.refresh_from_db()
    assert (other.status, other.unread_count) == (Status.OPEN, 1)
    actions.move_message(message=message, to=home, **act(ben))
    home.refresh_from_db()
    other.refresh_from_db()
    assert (home.status, home.unread_count, home.snoozed_until) == (Status.OPEN, 1, None)
    assert home.waiting_since == message.created_at
    assert (other.status, other.unread_count) == (Status.RESOLVED, 0)
    assert counts() == counted()


def test_message_that_was_answered_where_it_comes_changes_no_status(contact: Contact, ben: Member) -> None:
    home, other = begun(contact), begun(contact)
    message = receive(other, "Early.")
    reply(home, "Late.", by=ben.actor)
    home.refresh_from_db()
    before = home.status
    actions.move_message(message=message, to=home, **act(ben))
    home.refresh_from_db()
    assert home.status == before == Status.PENDING
    assert home.unread_count == 0


def test_closed_conversation_is_opened_by_what_was_moved_there_to_be_answered(contact: Contact, ben: Member) -> None:
    home, other = begun(contact), begun(contact)
    reply(home, by=ben.actor)
    actions.set_status(conversation=home, status=Status.CLOSED, **act(ben))
    message = receive(other, "After the end.")
    actions.move_message(message=message, to=home, **act(ben))
    home.refresh_from_db()
    assert (home.status, home.closed_at, home.unread_count) == (Status.OPEN, None, 1)
    assert home.waiting_since == message.created_at
    assert counts() == counted()


def test_conversation_whose_last_message_leaves_is_joined_into_the_other(contact: Contact, ben: Member) -> None:
    home, mistake = begun(contact), begun(contact, "Belongs to the other.")
    message = mistake.last_message
    assert message is not None
    actions.move_message(message=message, to=home, **act(ben))
    mistake.refresh_from_db()
    assert (mistake.status, mistake.joined_into, mistake.message_count) == (Status.CLOSED, home, 0)
    assert counts() == counted()


def test_note_leaves_a_conversation_without_messages_open(contact: Contact, ben: Member) -> None:
    home, quiet = begun(contact), begun(contact, body=None)
    note = actions.note(conversation=quiet, body="Hm.", **act(ben))
    actions.move_message(message=note, to=home, **act(ben))
    quiet.refresh_from_db()
    assert (quiet.status, quiet.joined_into, bodies(home)) == (Status.OPEN, None, ["The first words.", "Hm."])
    assert counts() == counted()


def test_search_finds_moved_words_where_they_are_now(contact: Contact, ben: Member) -> None:
    home, other = begun(contact), begun(contact)
    message = receive(other, "A zeppelin.")
    actions.move_message(message=message, to=home, **act(ben))
    holding = {
        pk for pk, tokens in SearchDocument.objects.values_list("conversation_id", "tokens") if "zeppelin" in tokens
    }
    assert holding == {home.pk}


def test_both_threads_say_what_happened_with_one_line_each(contact: Contact, ben: Member) -> None:
    home, other = begun(contact), begun(contact)
    message = receive(other)
    actions.move_message(message=message, to=home, **act(ben))
    lines = {row: [line.event.type for line in thread_queries.thread(row).lines] for row in (home, other)}
    assert lines == {home: ["conversation.messages_arrived"], other: ["conversation.messages_moved"]}
    moved = Event.objects.get(type="conversation.messages_moved")
    assert (moved.data["to_id"], moved.data["message_ids"]) == (home.pk, [message.pk])


def test_counts_of_both_tickets_follow(contact: Contact, ben: Member) -> None:
    home, other = begun(contact), begun(contact)
    first, second = (actions.escalate(conversation=row, **act(ben)) for row in (home, other))
    message = receive(other, "More.")
    actions.move_message(message=message, to=home, **act(ben))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.message_count, first.unread_team_count, first.last_message_text) == (2, 2, "More.")
    assert (second.message_count, second.unread_team_count) == (1, 1)


def test_nothing_moves_to_or_from_spam_the_assistant_or_another_workspace(
    contact: Contact, ben: Member, vic: Member, cleo: Member
) -> None:
    home, spam = begun(contact), begun(contact)
    helped = begun(contact, handler=Handler.ASSISTANT)
    actions.mark_spam(conversation=spam, **act(ben))
    foreign = ConversationFactory(workspace=cleo.membership.workspace)
    message = receive(home)
    for target, error, code in ((spam, Conflict, "spam"), (helped, Conflict, "assistant"), (foreign, NotFound, None)):
        with pytest.raises(error) as refused:
            actions.move_message(message=message, to=target, **act(ben))
        assert code is None or refused.value.code == code
        with pytest.raises(error):
            actions.join(conversation=home, into=target, **act(ben))
    with pytest.raises(Conflict):
        actions.move_message(message=spam.messages.get(), to=home, **act(ben))
    with pytest.raises(Forbidden):
        actions.move_message(message=message, to=begun(contact), **act(vic))
    with pytest.raises(Invalid):
        actions.move_message(message=message, to=home, **act(ben))
    message.refresh_from_db()
    assert message.conversation == home
    assert not Event.objects.filter(type="conversation.messages_moved").exists()


# --- Splitting ------------------------------------------------------------------------------------


def test_split_begins_a_conversation_of_the_same_customer_with_what_came_since(
    contact: Contact, ben: Member, mailbox: Mailbox
) -> None:
    home = begun(contact, "Invoice?")
    reply(home, "Sent.", by=ben.actor)
    message = receive(home, "By the way: the printer burns.")
    mail_of(message, mailbox, subject="Fire")
    receive(home, "Quickly, please.")
    made = actions.split(message=message, with_later=True, **act(ben))
    assert (made.contact, made.subject, made.status) == (contact, "Fire", Status.OPEN)
    assert bodies(made) == ["By the way: the printer burns.", "Quickly, please."]
    assert bodies(home) == ["Invoice?", "Sent."]
    home.refresh_from_db()
    made.refresh_from_db()
    assert (home.status, home.unread_count, made.unread_count) == (Status.PENDING, 0, 2)
    assert made.waiting_since == message.created_at
    assert follows_its_messages(home)
    assert follows_its_messages(made)
    assert counts() == counted()


def test_split_of_one_message_leaves_the_later_ones(contact: Contact, ben: Member) -> None:
    home = begun(contact, "One.")
    two = receive(home, "Two.")
    receive(home, "Three.")
    made = actions.split(message=two, subject="Two alone", **act(ben))
    assert (made.subject, bodies(made), bodies(home)) == ("Two alone", ["Two."], ["One.", "Three."])


def test_split_of_everything_is_refused(contact: Contact, ben: Member) -> None:
    home = begun(contact, "One.")
    receive(home, "Two.")
    first = home.messages.order_by("pk").first()
    assert first is not None
    with pytest.raises(Invalid):
        actions.split(message=first, with_later=True, **act(ben))
    assert Conversation.objects.count() == 1


def test_undone_split_leaves_an_empty_conversation_that_points_back(contact: Contact, ben: Member) -> None:
    home = begun(contact, "One.")
    two = receive(home, "Two.")
    before = row(home)
    made = actions.split(message=two, **act(ben))
    event = Event.objects.get(type="conversation.split")
    actions.undo(conversation=home, event_id=event.pk, **act(ben))
    assert row(home) == before
    made.refresh_from_db()
    assert (made.status, made.joined_into, bodies(made)) == (Status.CLOSED, home, [])
    assert counts() == counted()


# --- Joining --------------------------------------------------------------------------------------


def test_joined_conversation_is_closed_and_points_at_the_one_with_its_messages(contact: Contact, ben: Member) -> None:
    home, loser = begun(contact, "One."), begun(contact, "Two.")
    actions.note(conversation=loser, body="Hm.", **act(ben))
    receive(home, "Three.")
    assert actions.join(conversation=loser, into=home, **act(ben)) == home
    loser.refresh_from_db()
    home.refresh_from_db()
    assert bodies(home) == ["One.", "Two.", "Hm.", "Three."]
    assert (loser.joined_into, loser.status, loser.unread_count, bodies(loser)) == (home, Status.CLOSED, 0, [])
    assert home.unread_count == 3
    assert follows_its_messages(home)
    assert follows_its_messages(loser)
    assert counts() == counted()


def test_what_is_written_to_a_joined_conversation_lands_in_the_other(contact: Contact, ben: Member) -> None:
    home = begun(ContactFactory(workspace=contact.workspace), "One.")
    loser = begun(contact, "Two.")
    actions.join(conversation=loser, into=home, **act(ben))
    last = begun(contact, "Last.")
    actions.join(conversation=home, into=last, **act(ben))
    message = receive(loser, "Three.")
    assert (message.conversation, message.sender_contact) == (last, contact)
    answer = reply(loser, "Four.", by=ben.actor)
    note = actions.note(conversation=loser, body="Five.", **act(ben))
    assert answer.conversation == note.conversation == last
    assert bodies(last)[-3:] == ["Three.", "Four.", "Five."]
    loser.refresh_from_db()
    assert (loser.message_count, loser.status) == (0, Status.CLOSED)


def test_joined_conversation_is_not_reopened_escalated_or_joined_again(contact: Contact, ben: Member) -> None:
    home, loser, third = begun(contact), begun(contact), begun(contact)
    actions.join(conversation=loser, into=home, **act(ben))
    loser.refresh_from_db()
    for attempt in (
        lambda: actions.set_status(conversation=loser, status=Status.OPEN, **act(ben)),
        lambda: actions.escalate(conversation=loser, **act(ben)),
        lambda: actions.join(conversation=loser, into=third, **act(ben)),
    ):
        with pytest.raises(Conflict, match="was joined into"):
            attempt()


def test_joining_into_a_joined_one_joins_into_where_its_messages_are(contact: Contact, ben: Member) -> None:
    home, loser, third = begun(contact), begun(contact), begun(contact, "Third.")
    actions.join(conversation=loser, into=home, **act(ben))
    loser.refresh_from_db()
    assert actions.join(conversation=third, into=loser, **act(ben)) == home
    assert "Third." in bodies(home)
    with pytest.raises(Invalid):
        actions.join(conversation=home, into=loser, **act(ben))


def test_ticket_goes_along_and_two_tickets_are_refused(contact: Contact, ben: Member) -> None:
    home, loser = begun(contact, "One."), begun(contact, "Two.")
    ticket = actions.escalate(conversation=loser, **act(ben))
    actions.join(conversation=loser, into=home, **act(ben))
    home.refresh_from_db()
    loser.refresh_from_db()
    ticket.refresh_from_db()
    assert (home.ticket, loser.ticket, ticket.message_count) == (ticket, None, 2)
    message, _ = actions.reply_in_ticket(ticket=ticket, body="Both.", **act(ben))
    assert message.conversation == home
    third = begun(contact)
    actions.escalate(conversation=third, **act(ben))
    with pytest.raises(Conflict) as refused:
        actions.join(conversation=third, into=home, **act(ben))
    assert refused.value.code == "two_tickets"


def test_reply_that_has_not_left_goes_along_and_waits_for_its_writer(contact: Contact, ben: Member) -> None:
    home, loser = begun(contact), begun(contact)
    planned = Delivery.objects.create(
        workspace=contact.workspace, conversation=loser, channel="email", body="Later.", expected_last=1
    )
    before = row(loser)
    actions.join(conversation=loser, into=home, **act(ben))
    planned.refresh_from_db()
    assert (planned.conversation, planned.is_held) == (home, True)
    event = Event.objects.get(type="conversation.joined")
    actions.undo(conversation=loser, event_id=event.pk, **act(ben))
    planned.refresh_from_db()
    assert (planned.conversation, planned.state) == (loser, DeliveryState.SCHEDULED)
    assert row(loser) == before


def test_reply_that_has_not_left_waits_where_a_message_came_that_its_writer_has_not_seen(
    contact: Contact, ben: Member
) -> None:
    home, other = begun(contact), begun(contact)
    message = receive(other)
    planned = Delivery.objects.create(
        workspace=contact.workspace,
        conversation=home,
        channel="email",
        body="Later.",
        expected_last=home.last_message_id,
    )
    actions.move_message(message=message, to=home, **act(ben))
    planned.refresh_from_db()
    assert planned.is_held


# --- Taking it back -------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["move", "join"])
def test_undone_change_leaves_both_as_they_were(contact: Contact, ben: Member, change: str) -> None:
    home, other = begun(contact), begun(contact)
    ticket = actions.escalate(conversation=other, **act(ben))
    reply(home, by=ben.actor)
    actions.snooze(conversation=home, until=clock.now() + timedelta(days=1), **act(ben))
    message = receive(other, "Mine.")
    ticket.refresh_from_db()
    before = row(home), row(other), counts(), bodies(home), bodies(other), ticket.message_count
    if change == "move":
        actions.move_message(message=message, to=home, **act(ben))
    else:
        actions.join(conversation=other, into=home, **act(ben))
    assert (row(home), row(other)) != before[:2]
    since = thread_queries.change_to_undo(other, by=ben.actor, since=clock.now() - timedelta(minutes=1))
    assert since is not None
    actions.undo(conversation=other, event_id=since.pk, **act(ben))
    ticket.refresh_from_db()
    assert (row(home), row(other), counts(), bodies(home), bodies(other), ticket.message_count) == before
    assert counts() == counted()


def test_nothing_is_undone_once_somebody_wrote_or_moved_again(contact: Contact, ben: Member) -> None:
    home, other, third = begun(contact), begun(contact), begun(contact)
    message = receive(other)
    actions.move_message(message=message, to=home, **act(ben))
    event = Event.objects.get(type="conversation.messages_moved")
    message.refresh_from_db()
    actions.move_message(message=message, to=third, **act(ben))
    with pytest.raises(Conflict) as refused:
        actions.undo(conversation=other, event_id=event.pk, **act(ben))
    assert refused.value.code == "changed_since"
    again = Event.objects.filter(type="conversation.messages_moved").latest("pk")
    receive(third, "More.")
    with pytest.raises(Conflict):
        actions.undo(conversation=home, event_id=again.pk, **act(ben))
    with pytest.raises(NotFound):
        actions.undo(conversation=third, event_id=again.pk, **act(ben))


def test_what_was_read_since_stays_read_when_the_move_is_undone(contact: Contact, ben: Member) -> None:
    home, other = begun(contact), begun(contact)
    actions.mark_read(conversation=home, **act(ben))
    message = receive(other)
    actions.move_message(message=message, to=home, **act(ben))
    home.refresh_from_db()
    assert home.unread_count == 1
    actions.mark_read(conversation=home, **act(ben))
    event = Event.objects.get(type="conversation.messages_moved")
    actions.undo(conversation=other, event_id=event.pk, **act(ben))
    home.refresh_from_db()
    assert home.unread_count == 0
