"""What a message does to its conversation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts import clock
from accounts.errors import Conflict, Forbidden, Invalid, NotFound
from accounts.models import Event, Workspace
from conversations import actions
from conversations.models import Conversation, MessageKind, Status, Tally
from tests.conftest import Member
from tests.factories import ConversationFactory, receive, reply

pytestmark = pytest.mark.usefixtures("in_acme")


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def test_first_message_of_a_customer_is_unread_and_previewed(acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme, body="It says\n\n delivered.")
    row = fresh(conversation)
    assert (row.number, row.status, row.unread_count, row.preview) == (1, Status.OPEN, 1, "It says delivered.")
    assert row.last_message_at == row.created_at == row.waiting_since


def test_reply_waits_for_the_customer_and_marks_the_thread_read(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    at = clock.now() + timedelta(minutes=5)
    message = actions.reply(conversation=conversation, body="Try again now.", by=ben.actor, at=at)
    row = fresh(conversation)
    assert (row.status, row.unread_count, row.preview) == (Status.PENDING, 0, "Try again now.")
    assert row.first_response_at == row.last_outbound_at == row.waiting_since == at
    assert (message.sender_name, message.sender_user_id) == ("Ben Kimura", ben.user.pk)


@pytest.mark.parametrize(
    ("status", "after"), [("open", "open"), ("pending", "open"), ("resolved", "open"), ("closed", "closed")]
)
def test_customer_reopens_all_but_a_closed_conversation(acme: Workspace, ben: Member, status: str, after: str) -> None:
    conversation = ConversationFactory(workspace=acme)
    actions.set_status(conversation=conversation, status=status, by=ben.actor, at=clock.now())
    receive(conversation)
    row = fresh(conversation)
    assert row.status == after
    assert row.unread_count > 0
    assert (row.closed_at is None) == (after == "open")


def test_note_moves_neither_preview_nor_turn(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme, body="Help")
    at = clock.now() + timedelta(minutes=1)
    actions.note(conversation=conversation, body="Her key lacks the scope.", by=ben.actor, at=at)
    row = fresh(conversation)
    assert (row.preview, row.status, row.last_message_at) == ("Help", Status.OPEN, conversation.last_message_at)
    assert row.last_activity_at == at
    assert row.last_activity is not None
    assert row.last_activity.kind == MessageKind.NOTE


def test_reply_to_a_thread_that_moved_on_is_refused_and_sends_nothing(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    seen = fresh(conversation).last_message_id
    receive(conversation, "Never mind.")
    with pytest.raises(Conflict) as refused:
        actions.reply(conversation=conversation, body="Hello", by=ben.actor, at=clock.now(), expected_last=seen)
    assert refused.value.code == "thread_changed"
    assert fresh(conversation).message_count == 2


@pytest.mark.parametrize("body", ["", "  \n ", "nul \x00", "lone \ud800", "x" * 1_000_001])
def test_body_that_cannot_be_kept_is_refused(acme: Workspace, ben: Member, body: str) -> None:
    conversation = ConversationFactory(workspace=acme)
    with pytest.raises(Invalid) as refused:
        actions.reply(conversation=conversation, body=body, by=ben.actor, at=clock.now())
    assert refused.value.field == "body"


def test_viewer_cannot_write(acme: Workspace, vic: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    with pytest.raises(Forbidden):
        actions.note(conversation=conversation, body="Hm", by=vic.actor, at=clock.now())


def test_stranger_finds_no_conversation(acme: Workspace, cleo: Member) -> None:
    conversation = ConversationFactory(workspace=acme)
    with pytest.raises(NotFound):
        actions.reply(conversation=conversation, body="Hi", by=cleo.actor, at=clock.now())


def test_every_message_is_one_line_in_the_journal(acme: Workspace) -> None:
    conversation = ConversationFactory(workspace=acme)
    message = reply(conversation)
    event = Event.objects.filter(subject_type="conversation", subject_id=conversation.pk).latest("id")
    assert (event.type, event.data["message_id"]) == ("reply.sent", message.pk)


def test_tally_follows_every_status(acme: Workspace, ben: Member) -> None:
    conversations = [ConversationFactory(workspace=acme) for _ in range(3)]
    reply(conversations[0])
    actions.set_status(conversation=conversations[1], status="closed", by=ben.actor, at=clock.now())
    tally = Tally.objects.get()
    assert (tally.last_number, tally.open, tally.pending, tally.closed, tally.total) == (3, 1, 1, 1, 3)
