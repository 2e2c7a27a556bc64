"""Two who move, write or join at the same moment: no message is lost or counted twice, and nobody waits for ever."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import clock, tenancy
from accounts.errors import DomainError
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions import summaries
from conversations.models import Conversation, Delivery, Message, MessageKind, Status
from conversations.queries import conversations as queries
from tests.concurrency import at_once
from tests.factories import ContactFactory, ConversationFactory, receive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rows(acme: Workspace) -> list[Conversation]:
    with tenancy.scope(acme):
        contact = ContactFactory(workspace=acme)
        return [ConversationFactory(workspace=acme, contact=contact, body=f"First of {n}.") for n in range(3)]


def act(acme: Workspace) -> dict[str, Any]:
    return {"by": Actor.system(acme.pk), "at": clock.now()}


def agree(acme: Workspace, messages: int) -> None:
    """Every row says what its messages say, and the counts say what the rows say."""
    with tenancy.scope(acme):
        for row in Conversation.objects.order_by("pk"):
            found = summaries.recomputed(row)
            assert row.message_count == found.message_count
            # Of those that were written in the same moment, either may be the last.
            assert row.last_message is None or row.last_message.conversation_id == row.pk
            assert row.unread_count <= found.unread_count
        tally = queries.tally()
        for status in Status.values:
            assert getattr(tally, status) == Conversation.objects.filter(status=status).count()
        assert Message.objects.filter(kind=MessageKind.MESSAGE).count() == messages


def test_message_that_two_move_at_once_is_in_one_place(acme: Workspace, rows: list[Conversation]) -> None:
    message = receive(rows[0])

    def move(n: int) -> bool:
        try:
            actions.move_message(message=message, to=rows[1 + n % 2], **act(acme))
        except DomainError:
            return False
        return True

    assert sum(at_once(move)) == 1
    agree(acme, messages=4)


def test_two_that_are_joined_into_each_other_end_as_one(acme: Workspace, rows: list[Conversation]) -> None:
    def join(n: int) -> bool:
        one, other = (rows[0], rows[1]) if n % 2 else (rows[1], rows[0])
        try:
            actions.join(conversation=one, into=other, **act(acme))
        except DomainError:
            return False
        return True

    assert sum(at_once(join)) == 1
    agree(acme, messages=3)
    with tenancy.scope(acme):
        assert Conversation.objects.filter(joined_into__isnull=False).count() == 1


def test_what_comes_in_while_a_conversation_is_joined_is_in_the_other_or_goes_along(
    acme: Workspace, rows: list[Conversation]
) -> None:
    def call(n: int) -> None:
        if n == 3:
            actions.join(conversation=rows[0], into=rows[1], **act(acme))
        else:
            receive(rows[0], f"Mail {n}.", by=Actor.system(acme.pk))

    at_once(call)
    agree(acme, messages=10)
    with tenancy.scope(acme):
        assert Message.objects.filter(conversation=rows[1]).count() == 9


def test_messages_that_are_moved_to_and_fro_while_mails_come_in_are_all_there(
    acme: Workspace, rows: list[Conversation]
) -> None:
    moved = [receive(rows[n % 2], f"{n}") for n in range(4)]

    def call(n: int) -> None:
        if n < 4:
            actions.move_message(message=moved[n], to=rows[(n + 1) % 2], **act(acme))
        else:
            receive(rows[n % 2], f"Mail {n}.")

    at_once(call)
    agree(acme, messages=11)


def test_reply_planned_while_its_conversation_is_joined_is_never_left_behind(
    acme: Workspace, rows: list[Conversation]
) -> None:
    with tenancy.scope(acme):
        Delivery.objects.create(workspace=acme, conversation=rows[0], channel="email", body="Later.")

    def call(n: int) -> None:
        try:
            if n == 0:
                actions.join(conversation=rows[0], into=rows[1], **act(acme))
            else:
                actions.join(conversation=rows[1], into=rows[2], **act(acme))
        except DomainError:
            pass

    at_once(call, times=2)
    agree(acme, messages=3)
    with tenancy.scope(acme):
        planned = Delivery.objects.select_related("conversation").get()
        assert planned.conversation.joined_into_id is None
        rows[0].refresh_from_db()
        assert planned.is_held is (rows[0].joined_into_id is not None)  # or the join was refused
