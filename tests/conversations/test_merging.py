"""Merging conversations: several of one customer or of several, by any channel, into one; and taking all of it back."""

from __future__ import annotations

import pytest

from accounts.errors import Conflict, Invalid
from accounts.models import Event, Workspace
from conversations import actions
from conversations.actions.entries import Door
from conversations.models import Channel, Conversation, Draft, Handler, Mention, Message
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from tests.conftest import Member
from tests.effects import MORNING, minutes, nothing_changes, refused
from tests.factories import ContactFactory, ConversationFactory, receive

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def three(acme: Workspace) -> list[Conversation]:
    """Two of one customer, by mail and by chat, and one of another."""
    contact = ContactFactory(workspace=acme)
    doors = (Door(Channel.EMAIL, "test"), Door(Channel.CHAT, "test"), Door(Channel.API, "test"))
    return [
        ConversationFactory(
            workspace=acme,
            contact=contact if number < 2 else ContactFactory(workspace=acme),
            door=door,
            body=f"Message {number}",
            at=minutes(number),
        )
        for number, door in enumerate(doors)
    ]


def bodies(conversation: Conversation) -> list[str | None]:
    return [one.body for one in queries.messages(conversation)]


def values(rows: list[Conversation]) -> list[dict[str, object]]:
    """What the rows hold, but for when they were changed."""
    found = Conversation.objects.filter(pk__in=[row.pk for row in rows]).order_by("pk").values()
    return [{name: value for name, value in row.items() if name != "updated_at"} for row in found]


def test_all_messages_stand_in_one_in_their_order(three: list[Conversation], ben: Member) -> None:
    winner = actions.merge(conversations=three[:2], into=three[2], by=ben.actor, at=minutes(9))
    assert winner == three[2]
    assert bodies(winner) == ["Message 0", "Message 1", "Message 2"]
    for loser in Conversation.objects.filter(pk__in=[three[0].pk, three[1].pk]):
        assert (loser.status, loser.joined_into_id, loser.message_count) == ("closed", winner.pk, 0)
    assert queries.tally().open == 1


def test_merge_is_undone_as_one(three: list[Conversation], ben: Member) -> None:
    before = values(three)
    actions.merge(conversations=three[:2], into=three[2], by=ben.actor, at=minutes(9))
    change = thread_queries.change_to_undo(three[2], by=ben.actor, since=minutes(9))
    assert change is not None
    actions.undo(conversation=three[2], event_id=change.pk, by=ben.actor, at=minutes(10))
    assert values(three) == before
    assert bodies(three[0]) == ["Message 0"]
    assert queries.tally().open == 3


def test_merge_is_not_undone_after_something_was_written(three: list[Conversation], ben: Member) -> None:
    actions.merge(conversations=three[:2], into=three[2], by=ben.actor, at=minutes(9))
    change = Event.objects.get(type="conversation.merged")
    receive(three[2], "More.", at=minutes(10))
    with refused(Conflict, code="changed_since"):
        actions.undo_merge(conversation=three[2], event_id=change.pk, by=ben.actor, at=minutes(11))


def test_what_is_written_to_a_merged_one_lands_in_the_other(three: list[Conversation], ben: Member) -> None:
    actions.merge(conversations=three[:2], into=three[2], by=ben.actor, at=minutes(9))
    message = receive(three[0], "And this?", at=minutes(10))
    assert message.conversation_id == three[2].pk
    assert message.sender_contact_id == three[0].contact_id


def test_drafts_follow_and_come_back(three: list[Conversation], ada: Member, ben: Member) -> None:
    act = {"kind": "reply", "at": minutes(5)}
    actions.save_draft(conversation=three[0], body="Of Ben", by=ben.actor, **act)
    actions.save_draft(conversation=three[0], body="Of Ada", by=ada.actor, **act)
    actions.save_draft(conversation=three[2], body="Ada's other one", by=ada.actor, **act)
    thrown = actions.save_draft(conversation=three[2], body="Thrown away", by=ben.actor, **act)
    actions.discard_draft(conversation=three[2], kind="reply", by=ben.actor, at=minutes(6))
    actions.merge(conversations=three[:1], into=three[2], by=ben.actor, at=minutes(9))

    def texts() -> list[tuple[int, str]]:
        rows = Draft.objects.filter(discarded_at=None).order_by("conversation_id", "body")
        return list(rows.values_list("conversation_id", "body"))

    assert thrown is not None
    assert not Draft.objects.filter(pk=thrown.pk).exists()
    assert texts() == [(three[0].pk, "Of Ada"), (three[2].pk, "Ada's other one"), (three[2].pk, "Of Ben")]
    change = thread_queries.change_to_undo(three[2], by=ben.actor, since=minutes(9))
    assert change is not None
    actions.undo(conversation=three[2], event_id=change.pk, by=ben.actor, at=minutes(10))
    assert texts() == [(three[0].pk, "Of Ada"), (three[0].pk, "Of Ben"), (three[2].pk, "Ada's other one")]


def test_mention_is_where_its_note_is(three: list[Conversation], ada: Member, ben: Member) -> None:
    actions.note(conversation=three[0], body=f"@{ada.user.name} look", by=ben.actor, at=minutes(5))
    actions.join(conversation=three[0], into=three[2], by=ben.actor, at=minutes(6))
    mention = Mention.objects.get(user=ada.user)
    assert mention.conversation_id == three[2].pk
    change = thread_queries.change_to_undo(three[0], by=ben.actor, since=minutes(6))
    assert change is not None
    actions.undo(conversation=three[0], event_id=change.pk, by=ben.actor, at=minutes(7))
    mention.refresh_from_db()
    assert mention.conversation_id == three[0].pk


def test_all_are_merged_or_none(three: list[Conversation], ben: Member) -> None:
    actions.mark_spam(conversation=three[1], by=ben.actor, at=minutes(8))
    with nothing_changes(), pytest.raises(Conflict, match=f"#{three[1].number}"):
        actions.merge(conversations=three[:2], into=three[2], by=ben.actor, at=minutes(9))
    assert Conversation.objects.get(pk=three[1].pk).handler == Handler.NOBODY
    assert Message.objects.filter(conversation=three[0]).count() == 1


def test_one_that_is_in_it_already_is_left_out(three: list[Conversation], ben: Member) -> None:
    actions.join(conversation=three[0], into=three[2], by=ben.actor, at=minutes(8))
    actions.merge(conversations=three, into=three[2], by=ben.actor, at=minutes(9))
    assert len(bodies(three[2])) == 3
    with nothing_changes():
        actions.merge(conversations=three, into=three[0], by=ben.actor, at=minutes(10))


def test_nothing_is_merged_with_itself_or_with_too_many(three: list[Conversation], ben: Member) -> None:
    with refused(Invalid, field="conversations"):
        actions.merge(conversations=[three[0]], into=three[0], by=ben.actor, at=minutes(9))
    with refused(Invalid, field="conversations"):
        actions.merge(
            conversations=[Conversation(pk=pk, workspace_id=three[0].workspace_id) for pk in range(9000, 9051)],
            into=three[0], by=ben.actor, at=minutes(9),
        )  # fmt: skip
    assert minutes(9) > MORNING
