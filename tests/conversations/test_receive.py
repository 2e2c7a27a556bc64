"""What a customer's message does: it reopens, unsnoozes, counts as unread, and waits since the first unanswered one."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from accounts.errors import Invalid, NotFound
from accounts.models import Workspace
from conversations import actions
from conversations.actions.entries import Door
from conversations.actions.lifecycle import ASIDE, DESK, ReplyPolicy
from conversations.actions.senders import Sender
from conversations.models import Attachment, Channel, Conversation, EntryPoint, Message, Status, Tally
from tests.conftest import Member
from tests.effects import MORNING, minutes, recorded, refused
from tests.factories import ContactFactory, ConversationFactory, receive, reply

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, body="Help", at=MORNING)


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def test_message_is_the_contacts_and_becomes_the_preview(conversation: Conversation) -> None:
    message = receive(conversation, "And now\nthis.", at=minutes(1))
    row = fresh(conversation)
    assert (message.sender_contact, message.sender_kind, message.kind) == (conversation.contact, "customer", "message")
    assert (row.preview, row.message_count, row.unread_count) == ("And now this.", 2, 2)
    assert row.last_message == row.last_visible == row.last_activity == message
    moments = {row.last_message_at, row.last_visible_at, row.last_activity_at, row.last_inbound_at, row.updated_at}
    assert moments == {minutes(1)}


def test_message_is_one_event(conversation: Conversation) -> None:
    events = recorded(lambda: receive(conversation, at=minutes(1)))
    assert events == [("message.received", {"message_id": Message.objects.latest("pk").pk, "status": "open"})]


def test_customer_who_writes_twice_has_waited_since_the_first_time(conversation: Conversation) -> None:
    receive(conversation, at=minutes(1))
    receive(conversation, at=minutes(2))
    assert fresh(conversation).waiting_since == MORNING


def test_customer_who_was_answered_waits_since_writing_again(conversation: Conversation) -> None:
    reply(conversation, at=minutes(1))
    receive(conversation, at=minutes(2))
    receive(conversation, at=minutes(3))
    row = fresh(conversation)
    assert (row.waiting_since, row.unread_count, row.status) == (minutes(2), 2, "open")


def test_customers_message_ends_a_snooze(conversation: Conversation, ben: Member) -> None:
    actions.snooze(conversation=conversation, until=minutes(600), by=ben.actor, at=minutes(1))
    receive(conversation, at=minutes(2))
    row = fresh(conversation)
    assert (row.snoozed_until, row.status) == (None, "open")


def test_reopened_conversation_is_counted_as_open(conversation: Conversation, ben: Member) -> None:
    actions.set_status(conversation=conversation, status="resolved", by=ben.actor, at=minutes(1))
    receive(conversation, at=minutes(2))
    tally = Tally.objects.get()
    assert (tally.open, tally.resolved, fresh(conversation).closed_at) == (1, 0, None)


def test_closed_conversation_stays_closed_and_is_unread(conversation: Conversation, ben: Member) -> None:
    actions.set_status(conversation=conversation, status="closed", by=ben.actor, at=minutes(1))
    receive(conversation, at=minutes(2))
    row = fresh(conversation)
    assert (row.status, row.closed_at, row.unread_count) == ("closed", minutes(1), 1)
    assert list(Conversation.objects.closed_with_unread()) == [row]


@pytest.mark.parametrize("status", Status.values)
def test_policy_decides_what_reopens(conversation: Conversation, ben: Member, status: str) -> None:
    actions.set_status(conversation=conversation, status=status, by=ben.actor, at=minutes(1))
    receive(conversation, at=minutes(2), policy=ReplyPolicy(name="never"))
    assert fresh(conversation).status == status


def test_member_who_writes_for_the_customer_is_not_the_sender(conversation: Conversation, ben: Member) -> None:
    message = receive(conversation, "She called: still broken.", by=ben.actor, at=minutes(1))
    assert (message.sender_kind, message.sender_user) == ("customer", None)


def test_another_person_on_the_customers_side_is_kept_by_name(conversation: Conversation, acme: Workspace) -> None:
    other = ContactFactory(workspace=acme, name="Max Doe", email="max@example.com")
    message = receive(conversation, "I am her colleague.", sender=Sender.contact(other), at=minutes(1))
    assert (message.sender_contact, message.sender_name) == (other, "Max Doe")
    assert fresh(conversation).contact == conversation.contact


def test_name_of_a_message_stays_when_the_contact_is_renamed(conversation: Conversation, ben: Member) -> None:
    before = Message.objects.get().sender_name
    actions.update_contact(contact=conversation.contact, name="Someone Else", by=ben.actor, at=minutes(1))
    assert Message.objects.get().sender_name == before


def test_second_door_joins_the_conversation_once(conversation: Conversation) -> None:
    door = Door(Channel.EMAIL, "inbound-mail")
    first = receive(conversation, "By mail", door=door, at=minutes(1))
    second = receive(conversation, "By mail again", door=door, at=minutes(2))
    assert first.entry_point == second.entry_point
    doors = EntryPoint.objects.order_by("pk").values_list("channel", "is_entry_point")
    assert list(doors) == [("api", True), ("email", False)]
    assert fresh(conversation).channel == "api"


def test_files_come_with_the_message(conversation: Conversation) -> None:
    uploads = [ContentFile(b"one", name="1.txt"), ContentFile(b"two", name="2.txt")]
    message = receive(conversation, "", uploads=uploads, at=minutes(1))
    assert list(Attachment.objects.filter(message=message).order_by("pk").values_list("name", flat=True)) == [
        "1.txt",
        "2.txt",
    ]
    assert fresh(conversation).preview == "1.txt"


@pytest.mark.parametrize("body", ["", " \t", "\u200b", "nul \x00", "x" * 1_000_001])
def test_message_that_cannot_be_kept_changes_nothing(conversation: Conversation, body: str) -> None:
    with refused(Invalid, field="body"):
        receive(conversation, body, at=minutes(1))


def test_conversation_that_is_gone_takes_no_message(conversation: Conversation) -> None:
    Message.objects.all().delete()
    Conversation.objects.filter(pk=conversation.pk).delete()
    with refused(NotFound):
        receive(conversation, at=minutes(1))


@pytest.mark.parametrize(
    ("policy", "side", "moves"),
    [
        (DESK, "agent", {"open": "pending", "pending": "pending", "resolved": "resolved", "closed": "closed"}),
        (DESK, "customer", {"open": "open", "pending": "open", "resolved": "open", "closed": "closed"}),
        (ASIDE, "agent", {"open": "open", "pending": "pending", "resolved": "resolved", "closed": "closed"}),
        (ASIDE, "customer", {"open": "open", "pending": "pending", "resolved": "resolved", "closed": "closed"}),
    ],
    ids=["desk, agent", "desk, customer", "aside, agent", "aside, customer"],
)
def test_policy_is_a_table_over_every_status(policy: ReplyPolicy, side: str, moves: dict[str, str]) -> None:
    follow = policy.after_agent if side == "agent" else policy.after_customer
    assert {status: follow(status) for status in Status.values} == moves


def test_every_policy_names_known_statuses_alone() -> None:
    for policy in (DESK, ASIDE):
        named = {*policy.on_agent, *policy.on_agent.values(), *policy.on_customer, *policy.on_customer.values()}
        assert named <= {*Status.values}
