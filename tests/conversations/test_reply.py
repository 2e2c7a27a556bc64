"""What the team's reply does: it answers, reads, waits for the customer, and is sent once."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.base import ContentFile

from accounts.errors import Conflict, Invalid
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.lifecycle import ASIDE, ReplyPolicy
from conversations.actions.senders import Sender
from conversations.models import Channel, Conversation, DeliveryStatus, Message, Status, Tally
from tests.conftest import Key, Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused, types
from tests.factories import ConversationFactory, receive, reply

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, body="Help", at=MORNING)


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def test_reply_is_one_event(conversation: Conversation, ben: Member) -> None:
    events = recorded(lambda: reply(conversation, by=ben.actor, at=minutes(1)))
    assert events == [("reply.sent", {"message_id": Message.objects.latest("pk").pk, "status": "pending"})]


def test_reply_becomes_the_preview_and_the_last_of_everything(conversation: Conversation, ben: Member) -> None:
    message = reply(conversation, "Try\nagain.", by=ben.actor, at=minutes(1))
    row = fresh(conversation)
    assert (row.preview, row.message_count) == ("Try again.", 2)
    assert row.last_message == row.last_visible == row.last_activity == message
    assert (row.last_outbound_at, row.last_inbound_at, row.updated_at) == (minutes(1), MORNING, minutes(1))


@pytest.mark.parametrize(
    ("status", "after"), [("open", "pending"), ("pending", "pending"), ("resolved", "resolved"), ("closed", "closed")]
)
def test_reply_waits_for_the_customer_unless_it_is_done(
    conversation: Conversation, ben: Member, status: str, after: str
) -> None:
    actions.set_status(conversation=conversation, status=status, by=ben.actor, at=minutes(1))
    reply(conversation, by=ben.actor, at=minutes(2))
    row = fresh(conversation)
    assert (row.status, row.unread_count, row.waiting_since) == (after, 0, minutes(2))
    assert getattr(Tally.objects.get(), after) == 1


def test_only_the_first_reply_is_the_first_response(conversation: Conversation, ben: Member) -> None:
    reply(conversation, by=ben.actor, at=minutes(1))
    receive(conversation, at=minutes(2))
    reply(conversation, by=ben.actor, at=minutes(3))
    row = fresh(conversation)
    assert (row.first_response_at, row.last_outbound_at) == (minutes(1), minutes(3))


def test_reply_before_the_customer_has_written_is_no_response(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme, body=None, at=MORNING)
    reply(conversation, by=ben.actor, at=minutes(1))
    assert fresh(conversation).first_response_at is None
    receive(conversation, at=minutes(2))
    reply(conversation, by=ben.actor, at=minutes(3))
    assert fresh(conversation).first_response_at == minutes(3)


def test_reply_leaves_a_snooze_and_its_assignee_alone(conversation: Conversation, ben: Member) -> None:
    actions.snooze(conversation=conversation, until=minutes(600), by=ben.actor, at=minutes(1))
    reply(conversation, by=ben.actor, at=minutes(2))
    row = fresh(conversation)
    assert (row.snoozed_until, row.assignee) == (minutes(600), None)


def test_reply_aside_answers_nothing(conversation: Conversation) -> None:
    message = reply(conversation, "An article may help.", policy=ASIDE, at=minutes(1))
    row = fresh(conversation)
    assert (row.status, row.unread_count, row.waiting_since) == ("open", 1, MORNING)
    assert (row.first_response_at, row.last_outbound_at) == (None, None)
    assert (row.last_message, row.message_count) == (message, 2)


def test_policy_decides_which_status_follows(conversation: Conversation, ben: Member) -> None:
    policy = ReplyPolicy(name="done at once", on_agent={"open": Status.RESOLVED})
    reply(conversation, policy=policy, by=ben.actor, at=minutes(1))
    row = fresh(conversation)
    assert (row.status, row.closed_at) == ("resolved", minutes(1))


@pytest.mark.parametrize("door", [None, Door(Channel.EMAIL, "outbound")])
def test_door_is_kept_where_one_is_stated(conversation: Conversation, ben: Member, door: Door | None) -> None:
    message = reply(conversation, door=door, by=ben.actor, at=minutes(1))
    assert (message.entry_point.channel if message.entry_point else None) == (door.channel if door else None)


def test_reply_of_a_key_is_the_teams_without_a_person(conversation: Conversation, acme_key: Key) -> None:
    message = reply(conversation, by=Actor.key(acme_key.row), at=minutes(1))
    assert (message.sender_kind, message.sender_user, message.sender_name) == ("agent", None, "Test key")


def test_reply_of_the_desk_itself_is_the_systems(conversation: Conversation) -> None:
    message = reply(conversation, at=minutes(1))
    assert (message.sender_kind, message.sender_name) == ("system", "Parley")
    assert fresh(conversation).last_outbound_at is None


def test_another_member_may_be_named_as_the_sender(conversation: Conversation, ada: Member, ben: Member) -> None:
    message = reply(conversation, sender=Sender.agent(ada.user), by=ben.actor, at=minutes(1))
    assert (message.sender_user, message.sender_reference) == (ada.user, str(ada.user.public_id))


def test_metadata_and_files_are_kept_with_the_reply(conversation: Conversation, ben: Member) -> None:
    upload = ContentFile(b"x", name="log.txt")
    message = reply(conversation, metadata={"source": "macro"}, uploads=[upload], by=ben.actor, at=minutes(1))
    assert (message.metadata, message.attachments.get().name) == ({"source": "macro"}, "log.txt")


def test_reply_to_what_the_writer_saw_last_is_sent(conversation: Conversation, ben: Member) -> None:
    seen = fresh(conversation).last_message_id
    assert reply(conversation, expected_last=seen, by=ben.actor, at=minutes(1)).pk


def test_empty_thread_is_expected_as_zero(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme, body=None, at=MORNING)
    reply(conversation, expected_last=0, by=ben.actor, at=minutes(1))
    with refused(Conflict, code="thread_changed"):
        reply(conversation, expected_last=0, by=ben.actor, at=minutes(2))


def test_note_and_status_do_not_move_the_thread_on(conversation: Conversation, ben: Member) -> None:
    seen = fresh(conversation).last_message_id
    actions.note(conversation=conversation, body="Hm", by=ben.actor, at=minutes(1))
    actions.set_status(conversation=conversation, status="pending", by=ben.actor, at=minutes(2))
    assert reply(conversation, expected_last=seen, by=ben.actor, at=minutes(3)).pk


def test_reply_under_a_chosen_id_is_sent_once(conversation: Conversation, ben: Member) -> None:
    chosen = uuid.uuid4()
    first = reply(conversation, "Done.", public_id=chosen, by=ben.actor, at=minutes(1))
    with nothing_changes():
        again = reply(conversation, "Done.", public_id=chosen, by=ben.actor, at=minutes(2))
    assert (again, first.public_id) == (first, chosen)


def test_repeat_finds_its_message_even_when_the_thread_has_moved_on(conversation: Conversation, ben: Member) -> None:
    chosen, seen = uuid.uuid4(), fresh(conversation).last_message_id
    first = reply(conversation, "Done.", public_id=chosen, expected_last=seen, by=ben.actor, at=minutes(1))
    receive(conversation, at=minutes(2))
    with nothing_changes():
        assert reply(conversation, "Done.", public_id=chosen, expected_last=seen, by=ben.actor, at=minutes(3)) == first


def test_chosen_id_of_another_message_is_refused(conversation: Conversation, ada: Member, ben: Member) -> None:
    chosen = uuid.uuid4()
    reply(conversation, "Done.", public_id=chosen, by=ben.actor, at=minutes(1))
    other = ConversationFactory(workspace=conversation.workspace)
    upload = ContentFile(b"x", name="log.txt")
    for call in (
        lambda: reply(conversation, "Not done.", public_id=chosen, by=ben.actor, at=minutes(2)),
        lambda: reply(conversation, "Done.", public_id=chosen, by=ada.actor, at=minutes(2)),
        lambda: reply(conversation, "Done.", public_id=chosen, uploads=[upload], by=ben.actor, at=minutes(2)),
        lambda: reply(other, "Done.", public_id=chosen, by=ben.actor, at=minutes(2)),
        lambda: actions.note(conversation=conversation, body="Done.", public_id=chosen, by=ben.actor, at=minutes(2)),
    ):
        with refused(Conflict, code="sent_already"):
            call()


@pytest.mark.parametrize("body", ["", "\n", "\u200b", "half \udc00"])
def test_reply_that_cannot_be_kept_changes_nothing(conversation: Conversation, ben: Member, body: str) -> None:
    with refused(Invalid, field="body"):
        reply(conversation, body, by=ben.actor, at=minutes(1))


def test_delivery_of_a_reply_is_recorded_once(conversation: Conversation, ben: Member) -> None:
    message = reply(conversation, by=ben.actor, at=minutes(1))
    system = Actor.system(conversation.workspace_id)

    def set_delivery(status: DeliveryStatus) -> Message:
        return actions.set_delivery(message=message, status=status, by=system, at=minutes(2))

    with nothing_changes():
        set_delivery(DeliveryStatus.DELIVERED)
    events = recorded(lambda: set_delivery(DeliveryStatus.FAILED))
    assert events == [("message.delivery_changed", {"message_id": message.pk, "delivery": "failed"})]
    with nothing_changes():
        set_delivery(DeliveryStatus.FAILED)
    assert types(lambda: set_delivery(DeliveryStatus.DELIVERED)) == ["message.delivery_changed"]
    assert fresh(conversation).updated_at == minutes(1)
