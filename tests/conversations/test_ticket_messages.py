"""Answering through a ticket: into its primary conversation, beside it, or into all of its conversations at once."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.errors import Forbidden, Invalid
from accounts.models import Event, Workspace
from accounts.permissions import Actor, Visibility
from conversations import actions
from conversations.actions.senders import Sender
from conversations.assistant import actions as assistant_actions
from conversations.models import Conversation, Delivery, Message, Status, Tally
from conversations.queries import tickets as queries
from tests.conftest import Key, Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused, types
from tests.factories import ConversationFactory, TicketFactory, api_key
from tickets import actions as ticket_actions
from tickets.actions import REPEAT_WITHIN
from tickets.models import Ticket, TicketNote
from tickets.permissions import TicketScope

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def ticket(acme: Workspace) -> Ticket:
    return TicketFactory(workspace=acme, at=MORNING)


@pytest.fixture
def conversations(acme: Workspace, ticket: Ticket) -> list[Conversation]:
    rows = [ConversationFactory(workspace=acme, at=MORNING) for _ in range(3)]
    for minute, row in enumerate(rows, 1):
        actions.link(conversation=row, ticket=ticket, by=Actor.system(acme.pk), at=minutes(minute))
    return rows


def reply(ticket: Ticket, body: str = "Fixed.", **values: Any) -> tuple[Message, bool]:
    return actions.reply_in_ticket(ticket=ticket, body=body, **values)


def test_reply_goes_to_the_primary_conversation(ticket: Ticket, conversations: list[Conversation], ben: Member) -> None:
    message, is_new = reply(ticket, by=ben.actor, at=minutes(10))
    assert (message.conversation, message.sender_user, is_new) == (conversations[0], ben.user, True)
    assert [row.message_count for row in queries.linked(ticket)] == [2, 1, 1]
    ticket.refresh_from_db()
    assert (ticket.last_message_text, ticket.unread_customer_count, ticket.unread_team_count) == ("Fixed.", 1, 2)


def test_reply_is_one_message_of_the_ticket_and_one_of_the_conversation(
    ticket: Ticket, conversations: list[Conversation], ben: Member
) -> None:
    events = types(lambda: reply(ticket, by=ben.actor, at=minutes(10)))
    assert events == ["ticket.messaged", "ticket.recounted", "reply.sent"]


def test_teams_answer_leaves_the_tickets_state_to_the_team(
    ticket: Ticket, conversations: list[Conversation], ben: Member
) -> None:
    reply(ticket, by=ben.actor, at=minutes(10))
    ticket.refresh_from_db()
    assert ticket.status == "new"


def test_key_that_may_change_tickets_may_answer_through_them(ticket: Ticket, conversations: list[Conversation]) -> None:
    row, _ = api_key(ticket.workspace, scopes=[TicketScope.WRITE])
    message, _ = reply(ticket, metadata={"from": "zap"}, by=Actor.key(row), at=minutes(10))
    assert (message.metadata, message.sender_kind) == ({"from": "zap"}, "agent")


@pytest.mark.parametrize(("seconds", "is_new"), [(0, False), (59, False), (60, False), (61, True)])
def test_same_reply_within_a_minute_is_the_same_message(
    ticket: Ticket, conversations: list[Conversation], ben: Member, seconds: int, is_new: bool
) -> None:
    assert timedelta(seconds=60) == REPEAT_WITHIN
    first, _ = reply(ticket, by=ben.actor, at=minutes(10))
    again, was_new = reply(ticket, by=ben.actor, at=minutes(10) + timedelta(seconds=seconds))
    assert (was_new, again == first) == (is_new, not is_new)


def test_repeat_changes_nothing(ticket: Ticket, conversations: list[Conversation], ben: Member) -> None:
    reply(ticket, by=ben.actor, at=minutes(10))
    with nothing_changes():
        reply(ticket, by=ben.actor, at=minutes(10))


def test_another_text_another_author_or_a_note_is_no_repeat(
    ticket: Ticket, conversations: list[Conversation], ada: Member, ben: Member, acme_key: Key
) -> None:
    reply(ticket, by=ben.actor, at=minutes(10))
    assert reply(ticket, "Fixed!", by=ben.actor, at=minutes(10))[1]
    assert reply(ticket, by=ada.actor, at=minutes(10))[1]
    assert reply(ticket, by=Actor.key(acme_key.row), at=minutes(10))[1]
    assert actions.note_in_ticket(ticket=ticket, body="Fixed.", by=ben.actor, at=minutes(10))[1]


def test_note_stands_beside_the_primary_conversation_and_is_in_no_figure(
    ticket: Ticket, conversations: list[Conversation], ada: Member, ben: Member
) -> None:
    def note() -> tuple[Message, bool]:
        return actions.note_in_ticket(
            ticket=ticket, body="Known.", sender=Sender.agent(ada.user), by=ben.actor, at=minutes(10)
        )

    ticket.refresh_from_db()
    before = (ticket.message_count, ticket.updated_at, ticket.last_message_text)
    assert types(note) == ["note.added"]
    message, is_new = note()
    assert (message.conversation, message.kind, message.sender_user) == (conversations[0], "internal-note", ada.user)
    assert not is_new
    ticket.refresh_from_db()
    assert (ticket.message_count, ticket.updated_at, ticket.last_message_text) == before


def test_journal_knows_who_wrote_a_note(
    ticket: Ticket, conversations: list[Conversation], ada: Member, ben: Member
) -> None:
    note, _ = actions.note_in_ticket(ticket=ticket, body="Mine", by=ben.actor, at=minutes(10))
    assert queries.wrote(ben.actor, note)
    assert not queries.wrote(ada.actor, note)


def test_ticket_without_a_conversation_cannot_be_answered(ticket: Ticket, ben: Member) -> None:
    for call in (
        lambda: reply(ticket, by=ben.actor, at=MORNING),
        lambda: actions.note_in_ticket(ticket=ticket, body="x", by=ben.actor, at=MORNING),
        lambda: actions.broadcast(ticket=ticket, body="x", by=ben.actor, at=MORNING),
    ):
        with refused(Invalid, code="no_conversation"):
            call()


def test_ticket_without_a_conversation_has_notes_of_its_own(ticket: Ticket, ben: Member) -> None:
    def note() -> object:
        return actions.note_on_ticket(ticket=ticket, body="Ask finance", by=ben.actor, at=minutes(10))

    ticket.refresh_from_db()
    before = ticket.updated_at
    assert types(note) == ["ticket.note_added"]
    assert types(note) == [], "a repeat"
    row = TicketNote.objects.get()
    assert (row.ticket, row.body, row.author, row.author_name) == (ticket, "Ask finance", ben.user, ben.user.name)
    ticket.refresh_from_db()
    assert ticket.updated_at == before
    for body in ("", " ", "nul\x00", "x" * 20_001):
        with refused(Invalid, field="body"):
            actions.note_on_ticket(ticket=ticket, body=body, by=ben.actor, at=minutes(10))


def test_ones_own_notes_are_changed_and_deleted_and_those_of_others_by_admins(
    ticket: Ticket, ada: Member, ben: Member, acme_key: Key
) -> None:
    note, _ = ticket_actions.add_note(ticket=ticket, body="Ask finance", by=ben.actor, at=minutes(10))
    assert types(lambda: ticket_actions.edit_note(note=note, body="Ask finance", by=ben.actor, at=minutes(11))) == []
    assert recorded(lambda: ticket_actions.edit_note(note=note, body="Ask legal", by=ben.actor, at=minutes(11))) == [
        ("ticket.note_edited", {"note_id": note.pk})
    ]
    with refused(Forbidden):
        ticket_actions.edit_note(note=note, body="x", by=ada.actor, at=minutes(12))
    programs, _ = ticket_actions.add_note(ticket=ticket, body="Sent", by=Actor.key(acme_key.row), at=minutes(13))
    ticket_actions.edit_note(note=programs, body="Sent twice", by=ben.actor, at=minutes(14))
    assert types(lambda: ticket_actions.delete_note(note=note, by=ada.actor, at=minutes(15))) == ["ticket.note_deleted"]
    actions.delete_ticket(ticket=ticket, by=ben.actor, at=minutes(16))
    assert not TicketNote.objects.exists()


def test_a_member_who_does_not_see_the_conversation_writes_beside_the_ticket(
    ticket: Ticket, conversations: list[Conversation], ada: Member, ben: Member
) -> None:
    ticket_actions.assign(ticket=ticket, to=ben.user, by=ada.actor, at=minutes(5))
    for row in conversations:
        actions.assign(conversation=row, to=ada.user, by=ada.actor, at=minutes(5))
    ben.membership.visibility = Visibility.TEAMS
    ben.membership.save(update_fields=["visibility"])
    note, _ = actions.note_on_ticket(ticket=ticket, body="Ask finance", by=ben.actor, at=minutes(10))
    assert isinstance(note, TicketNote)


@pytest.mark.parametrize("body", ["", " ", "nul\x00"])
def test_text_that_cannot_be_kept_is_sent_to_no_one(
    ticket: Ticket, conversations: list[Conversation], ben: Member, body: str
) -> None:
    with refused(Invalid, field="body"):
        reply(ticket, body, by=ben.actor, at=minutes(10))
    with refused(Invalid, field="body"):
        actions.broadcast(ticket=ticket, body=body, by=ben.actor, at=minutes(10))


def test_broadcast_answers_every_conversation_once(
    ticket: Ticket, conversations: list[Conversation], ben: Member
) -> None:
    events = recorded(lambda: actions.broadcast(ticket=ticket, body="All fixed.", by=ben.actor, at=minutes(10)))
    sent = Message.objects.filter(body="All fixed.").order_by("pk")
    assert [message.conversation for message in sent] == conversations
    assert [name for name, _ in events].count("reply.sent") == 3
    assert events[-1] == ("ticket.broadcast", {"message_ids": [message.pk for message in sent]})
    assert [row.status for row in queries.linked(ticket)] == ["pending"] * 3
    ticket.refresh_from_db()
    assert (ticket.message_count, ticket.unread_team_count, ticket.unread_customer_count) == (6, 0, 3)


@pytest.mark.parametrize("status", Status.values)
def test_broadcast_may_move_all_conversations_and_leaves_the_ticket(
    ticket: Ticket, conversations: list[Conversation], ben: Member, status: str
) -> None:
    actions.broadcast(ticket=ticket, body="Done.", move_to=status, by=ben.actor, at=minutes(10))
    assert [row.status for row in queries.linked(ticket)] == [status] * 3
    assert getattr(Tally.objects.get(), status) == 3
    ticket.refresh_from_db()
    assert ticket.status == "new"


def test_broadcast_that_comes_again_sends_to_those_alone_that_have_not_got_it(
    acme: Workspace, ticket: Ticket, conversations: list[Conversation], ben: Member
) -> None:
    first = actions.broadcast(ticket=ticket, body="All fixed.", by=ben.actor, at=minutes(10))
    with nothing_changes():
        again = actions.broadcast(ticket=ticket, body="All fixed.", by=ben.actor, at=minutes(10))
    assert [message.pk for message in again] == [message.pk for message in first]
    late = ConversationFactory(workspace=acme, at=MORNING)
    actions.link(conversation=late, ticket=ticket, by=Actor.system(acme.pk), at=minutes(10))
    events = recorded(lambda: actions.broadcast(ticket=ticket, body="All fixed.", by=ben.actor, at=minutes(10)))
    assert [name for name, _ in events].count("reply.sent") == 1
    assert len(actions.broadcast(ticket=ticket, body="All fixed.", by=ben.actor, at=minutes(20))) == 4
    assert Message.objects.filter(body="All fixed.").count() == 8, "later it is meant"


def test_broadcast_to_an_unknown_status_sends_nothing(
    ticket: Ticket, conversations: list[Conversation], ben: Member
) -> None:
    with refused(Invalid, field="status"):
        actions.broadcast(ticket=ticket, body="Done.", move_to="solved", by=ben.actor, at=minutes(10))


def test_broadcast_reaches_only_what_is_linked(
    acme: Workspace, ticket: Ticket, conversations: list[Conversation], ben: Member
) -> None:
    actions.unlink(conversation=conversations[1], by=ben.actor, at=minutes(9))
    other = ConversationFactory(workspace=acme)
    sent = actions.broadcast(ticket=ticket, body="Done.", by=ben.actor, at=minutes(10))
    assert [message.conversation for message in sent] == [conversations[0], conversations[2]]
    assert Message.objects.filter(conversation=other).count() == 1


def test_entries_of_a_ticket_are_those_of_all_its_conversations(
    ticket: Ticket, conversations: list[Conversation], ben: Member
) -> None:
    note, _ = actions.note_in_ticket(ticket=ticket, body="Inside", by=ben.actor, at=minutes(10))
    actions.set_status(conversation=conversations[0], status="closed", by=ben.actor, at=minutes(11))
    assert queries.public_messages(ticket).count() == 3
    assert [*queries.entries(ticket)][-1] == note
    assert queries.entries(ticket).count() == 4


# --- The reply to all that leaves later -------------------------------------------------------------


def later(ticket: Ticket, rows: list[Conversation], by: Member, minute: int = 10, **values: Any) -> tuple[Event, bool]:
    bodies = {row.pk: "All fixed." for row in rows}
    return actions.broadcast_later(ticket=ticket, bodies=bodies, by=by.actor, at=minutes(minute), **values)


def test_reply_to_all_that_is_sent_again_is_scheduled_once(
    ticket: Ticket, conversations: list[Conversation], ben: Member, ada: Member
) -> None:
    send_id = uuid.uuid4()
    first, is_new = later(ticket, conversations, ben, send_id=send_id)
    assert is_new
    assert later(ticket, conversations, ben, 30, send_id=send_id) == (first, False), "the answer was lost, much later"
    assert later(ticket, conversations, ben, send_id=uuid.uuid4()) == (first, False), "another tab at the same time"
    assert Delivery.objects.count() == 3
    assert later(ticket, conversations, ada)[1], "another member means it"
    assert later(ticket, conversations[:1], ben)[1], "other conversations were chosen"
    assert later(ticket, conversations, ben, 12, send_id=uuid.uuid4())[1], "the same text again, later"


def test_taking_back_says_how_many_had_left_already_and_may_be_repeated(
    ticket: Ticket, conversations: list[Conversation], ben: Member
) -> None:
    event, _ = later(ticket, conversations, ben)
    first = Delivery.objects.get(conversation=conversations[0])
    assistant_actions.leave(delivery=first, by=Actor.system(ticket.workspace_id), at=minutes(11))
    events = recorded(lambda: actions.cancel_broadcast(ticket=ticket, event=event, by=ben.actor, at=minutes(12)))
    assert [name for name, _ in events] == ["reply.cancelled"] * 2
    assert [*Delivery.objects.order_by("pk").values_list("state", flat=True)] == ["sent", "cancelled", "cancelled"]
    assert actions.cancel_broadcast(ticket=ticket, event=event, by=ben.actor, at=minutes(13)) == (0, 1)
    assert later(ticket, conversations, ben, 13)[1], "what was taken back may be sent again"


def test_taking_back_leaves_alone_what_the_member_does_not_see(
    ticket: Ticket, conversations: list[Conversation], ben: Member, ada: Member
) -> None:
    event, _ = later(ticket, conversations, ada)
    actions.assign(conversation=conversations[1], to=ben.user, by=ada.actor, at=minutes(11))
    Conversation.objects.exclude(pk=conversations[1].pk).update(assignee=ada.user)
    limited = replace(ben.actor, visibility=Visibility.TEAMS)
    assert actions.cancel_broadcast(ticket=ticket, event=event, by=limited, at=minutes(12)) == (1, 0)
    cancelled = Delivery.objects.filter(state="cancelled")
    assert [row.conversation_id for row in cancelled] == [conversations[1].pk]
    assert actions.cancel_broadcast(ticket=ticket, event=event, by=ada.actor, at=minutes(13)) == (2, 0)


def test_taking_back_asks_the_same_for_one_reply_and_for_many(
    acme: Workspace, ticket: Ticket, conversations: list[Conversation], ben: Member
) -> None:
    counts = []
    for rows in (conversations[:1], conversations):
        event, _ = later(ticket, rows, ben)
        with CaptureQueriesContext(connection) as asked:
            taken, _ = actions.cancel_broadcast(ticket=ticket, event=event, by=ben.actor, at=minutes(10))
        counts.append((taken, len(asked)))
    assert [taken for taken, _ in counts] == [1, 3]
    assert counts[0][1] == counts[1][1]
