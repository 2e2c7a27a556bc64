"""Internal notes: written beside the thread, changed and deleted by the team, never seen by the customer."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.base import ContentFile

from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.actions.senders import Sender
from conversations.dialects.hexclave import reads
from conversations.models import Conversation, Message
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from tests.conftest import Key, Member
from tests.effects import MORNING, minutes, nothing_changes, recorded, refused
from tests.factories import ConversationFactory

pytestmark = pytest.mark.usefixtures("in_acme")


@pytest.fixture
def conversation(acme: Workspace) -> Conversation:
    return ConversationFactory(workspace=acme, body="Help", at=MORNING)


@pytest.fixture
def note(conversation: Conversation, ben: Member) -> Message:
    return actions.note(conversation=conversation, body="Her key lacks it.", by=ben.actor, at=minutes(1))


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def test_note_is_one_event(conversation: Conversation, ben: Member) -> None:
    events = recorded(lambda: actions.note(conversation=conversation, body="Inside", by=ben.actor, at=minutes(1)))
    assert events == [("note.added", {"message_id": Message.objects.latest("pk").pk})]


def test_note_moves_activity_alone(conversation: Conversation, note: Message) -> None:
    row = fresh(conversation)
    assert (row.last_activity, row.last_activity_at, row.updated_at) == (note, minutes(1), minutes(1))
    assert (row.message_count, row.unread_count, row.preview, row.status) == (1, 1, "Help", "open")
    assert (row.last_visible_at, row.last_message_at, row.waiting_since) == (MORNING, MORNING, MORNING)
    assert (row.last_outbound_at, row.first_response_at) == (None, None)


def test_customer_sees_no_note(conversation: Conversation, note: Message) -> None:
    assert note not in reads.thread(reads.CUSTOMERS, conversation)
    assert note not in queries.messages(conversation)
    assert note in queries.entries(conversation)


def test_note_ends_no_snooze(conversation: Conversation, ben: Member) -> None:
    actions.snooze(conversation=conversation, until=minutes(60), by=ben.actor, at=minutes(1))
    actions.note(conversation=conversation, body="Later", by=ben.actor, at=minutes(2))
    assert fresh(conversation).snoozed_until == minutes(60)


@pytest.mark.parametrize("status", ["resolved", "closed"])
def test_note_reopens_nothing(conversation: Conversation, ben: Member, status: str) -> None:
    actions.set_status(conversation=conversation, status=status, by=ben.actor, at=minutes(1))
    actions.note(conversation=conversation, body="For the record", by=ben.actor, at=minutes(2))
    assert fresh(conversation).status == status


def test_note_may_have_files_and_metadata(conversation: Conversation, acme_key: Key) -> None:
    note = actions.note(
        conversation=conversation,
        body="See log",
        metadata={"run": 7},
        uploads=[ContentFile(b"x", name="log.txt")],
        by=Actor.key(acme_key.row),
        at=minutes(1),
    )
    assert (note.metadata, note.attachments.get().name, note.sender_name) == ({"run": 7}, "log.txt", "Test key")


def test_note_may_name_another_member_as_its_author(conversation: Conversation, ada: Member, ben: Member) -> None:
    note = actions.note(conversation=conversation, body="x", sender=Sender.agent(ada.user), by=ben.actor, at=minutes(1))
    assert note.sender_user == ada.user


def test_note_under_a_chosen_id_is_written_once(conversation: Conversation, ben: Member) -> None:
    chosen = uuid.uuid4()
    first = actions.note(conversation=conversation, body="Once", public_id=chosen, by=ben.actor, at=minutes(1))
    with nothing_changes():
        again = actions.note(conversation=conversation, body="Once", public_id=chosen, by=ben.actor, at=minutes(2))
    assert again == first


@pytest.mark.parametrize("body", ["", "  ", "nul \x00", "x" * 1_000_001])
def test_text_that_cannot_be_kept_is_refused(conversation: Conversation, note: Message, ben: Member, body: str) -> None:
    with refused(Invalid, field="body"):
        actions.note(conversation=conversation, body=body, by=ben.actor, at=minutes(2))
    with refused(Invalid, field="body"):
        actions.edit_note(message=note, body=body, by=ben.actor, at=minutes(2))


def test_editing_counts_versions_and_leaves_the_activity_where_it_was(
    conversation: Conversation, note: Message, ben: Member
) -> None:
    def edit(body: str, minute: int) -> Message:
        return actions.edit_note(message=note, body=body, by=ben.actor, at=minutes(minute))

    assert recorded(lambda: edit("Second", 2)) == [("note.edited", {"message_id": note.pk, "version": 2})]
    assert recorded(lambda: edit("Third", 3)) == [("note.edited", {"message_id": note.pk, "version": 3})]
    row, note = fresh(conversation), Message.objects.get(pk=note.pk)
    assert (note.body, note.metadata, note.created_at) == ("Third", {"version": 3}, minutes(1))
    assert (row.updated_at, row.last_activity_at, row.message_count) == (minutes(3), minutes(1), 1)


def test_editing_to_the_same_text_does_nothing(note: Message, ben: Member) -> None:
    with nothing_changes():
        actions.edit_note(message=note, body=note.body or "", by=ben.actor, at=minutes(2))


def test_metadata_of_an_edit_is_merged_into_what_is_there(conversation: Conversation, ben: Member) -> None:
    note = actions.note(conversation=conversation, body="x", metadata={"a": 1, "b": 1}, by=ben.actor, at=minutes(1))
    note = actions.edit_note(message=note, body="x", metadata={"b": 2}, by=ben.actor, at=minutes(2))
    assert note.metadata == {"a": 1, "b": 2, "version": 2}


def test_deleted_note_is_gone_and_the_journal_remembers_that_there_was_one(
    conversation: Conversation, note: Message, ben: Member
) -> None:
    events = recorded(lambda: actions.delete_note(message=note, by=ben.actor, at=minutes(2)))
    assert events == [("note.deleted", {"message_id": note.pk})]
    assert not Message.objects.filter(pk=note.pk).exists()
    row = fresh(conversation)
    assert (row.last_activity, row.last_activity_at, row.updated_at) == (row.last_message, MORNING, minutes(2))


def test_deleting_an_earlier_note_leaves_the_last_activity(
    conversation: Conversation, note: Message, ben: Member
) -> None:
    later = actions.note(conversation=conversation, body="Later", by=ben.actor, at=minutes(2))
    actions.delete_note(message=note, by=ben.actor, at=minutes(3))
    assert fresh(conversation).last_activity == later


def test_deleting_the_only_entry_leaves_the_creation_as_activity(acme: Workspace, ben: Member) -> None:
    conversation = ConversationFactory(workspace=acme, body=None, at=MORNING)
    note = actions.note(conversation=conversation, body="x", by=ben.actor, at=minutes(1))
    actions.delete_note(message=note, by=ben.actor, at=minutes(2))
    row = fresh(conversation)
    assert (row.last_activity, row.last_activity_at) == (None, MORNING)


def test_message_that_has_gone_out_can_neither_be_edited_nor_deleted(conversation: Conversation, ben: Member) -> None:
    message = Message.objects.get()
    with nothing_changes(), pytest.raises(AssertionError):
        actions.edit_note(message=message, body="Rewritten", by=ben.actor, at=minutes(1))
    with nothing_changes(), pytest.raises(AssertionError):
        actions.delete_note(message=message, by=ben.actor, at=minutes(1))


def test_thread_shows_notes_among_messages(conversation: Conversation, note: Message) -> None:
    assert [entry.body for entry in thread_queries.thread(conversation).messages] == ["Help", "Her key lacks it."]


def test_document_of_an_editor_goes_with_its_text(conversation: Conversation, ben: Member) -> None:
    rich = {"rich_content": {"type": "doc"}, "a": 1}
    note = actions.note(conversation=conversation, body="First", metadata=rich, by=ben.actor, at=MORNING)
    note = actions.edit_note(message=note, body="Second", by=ben.actor, at=minutes(2))
    assert note.metadata == {"a": 1, "version": 2}
    note = actions.edit_note(message=note, body="Third", metadata=rich, by=ben.actor, at=minutes(3))
    assert note.metadata == {**rich, "version": 3}
