"""Rows that are written together: they reach the database in one statement, before anything else is asked, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import BigAutoField
from django.test.utils import CaptureQueriesContext

from accounts import clock, journal, writing
from accounts import transaction as transactions
from accounts.errors import Conflict
from accounts.models import Event, Workspace
from accounts.permissions import Actor
from accounts.statements import _sequence
from conversations import actions, events
from conversations.actions import entries, locking
from conversations.actions.senders import Sender
from conversations.models import Conversation, Message, MessageKind
from tests.conftest import Member
from tests.factories import ContactFactory, ConversationFactory

pytestmark = pytest.mark.django_db


@contextmanager
def statements() -> Iterator[list[str]]:
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found.extend(query["sql"] for query in captured)


def written(conversation: Conversation, body: str = "Hello.") -> Message:
    sender = Sender.contact(conversation.contact)
    return entries.append(conversation, kind=MessageKind.MESSAGE, sender=sender, body=body, at=clock.now())


def fail_after(conversation: Conversation) -> None:
    written(conversation, "Goes.")
    raise OSError("the rest failed")


def test_rows_that_point_at_each_other_are_written_in_one_statement(in_acme: Workspace) -> None:
    contact, at, by = ContactFactory(workspace=in_acme), clock.now(), Actor.system(in_acme.pk)
    row = Conversation(
        workspace=in_acme, contact=contact, number=1, subject="Late", last_message_at=at, last_visible_at=at,
        last_activity_at=at, waiting_since=at,
    )  # fmt: skip
    with statements() as found, writing.together():
        writing.insert(row)
        message = written(row)
        entries.save(row)
        journal.record(events.MESSAGE_RECEIVED, row, by=by, at=at, message_id=writing.id_of(message), status="open")
        assert (row.pk, message.pk) == (None, None)
    assert len(found) == 1
    stored, event = Conversation.objects.get(), Event.objects.latest("pk")
    assert (stored.pk, stored.last_message_id, stored.message_count) == (row.pk, message.pk, 1)
    assert Message.objects.get().conversation_id == row.pk == message.conversation_id
    assert (event.subject_id, event.data) == (row.pk, {"message_id": message.pk, "status": "open"})


def test_question_finds_what_waits(in_acme: Workspace) -> None:
    row = ConversationFactory(workspace=in_acme)
    with writing.together():
        message = written(row, "Once more.")
        assert message.pk is None
        assert Message.objects.filter(body="Once more.").exists()
        assert message.pk is not None


def test_nothing_is_written_after_an_error(in_acme: Workspace) -> None:
    row = ConversationFactory(workspace=in_acme, body=None)
    with pytest.raises(OSError, match="the rest failed"), writing.together():
        fail_after(row)
    assert not Message.objects.exists()


def test_what_a_savepoint_undoes_is_not_written_with_the_rest(in_acme: Workspace) -> None:
    row = ConversationFactory(workspace=in_acme, body=None)
    with writing.together():
        written(row, "Stays.")
        with pytest.raises(OSError, match="the rest failed"), transaction.atomic():
            fail_after(row)
    assert [message.body for message in Message.objects.all()] == ["Stays."]


def test_two_changes_of_a_row_are_both_saved_whichever_object_they_are_made_by(in_acme: Workspace) -> None:
    row = ConversationFactory(workspace=in_acme)
    other = Conversation.objects.get(pk=row.pk)
    with writing.together():
        row.preview = "Changed."
        writing.update(row, ["preview"])
        other.unread_count = 7
        writing.update(other, ["unread_count"])
    row.refresh_from_db()
    assert (row.preview, row.unread_count) == ("Changed.", 7)


def test_search_finds_a_text_that_was_saved_by_name(in_acme: Workspace) -> None:
    row = ConversationFactory(workspace=in_acme, subject="Parcel")
    row.subject = "Zebra"
    writing.update(row, ["subject"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT tokens::text FROM conversations_conversation WHERE id = %s", [row.pk])
        assert "zebra" in cursor.fetchone()[0]


def test_returned_rows_have_ids_though_the_verb_is_called_within_another(in_acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=in_acme)
    with writing.together():
        assert actions.note(conversation=row, body="Inside.", by=ben.actor, at=clock.now()).pk is not None


@pytest.mark.parametrize(
    "model",
    [model for model in apps.get_models() if isinstance(model._meta.pk, BigAutoField) and not model._meta.proxy],
    ids=lambda model: model._meta.label,
)
def test_ids_come_from_the_sequence_of_the_table(model: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, %s)", [model._meta.db_table, model._meta.pk.column])
        assert cursor.fetchone()[0] == f"public.{_sequence(model)}"


# --- What is undone whole -----------------------------------------------------------------------


def test_error_of_a_verb_undoes_the_verb_that_called_it(in_acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=in_acme)
    before = row.message_count

    @transactions.atomic
    def twice() -> None:
        actions.reply(conversation=row, body="First.", by=ben.actor, at=clock.now())
        actions.reply(conversation=row, body="Second.", expected_last=1, by=ben.actor, at=clock.now())

    with pytest.raises(Conflict):
        twice()
    row.refresh_from_db()
    assert row.message_count == before


def test_error_that_is_caught_apart_leaves_the_rest(in_acme: Workspace, ben: Member) -> None:
    row = ConversationFactory(workspace=in_acme)
    before = row.message_count

    @transactions.atomic
    def twice() -> None:
        actions.reply(conversation=row, body="First.", by=ben.actor, at=clock.now())
        with pytest.raises(Conflict), transactions.apart():
            actions.reply(conversation=row, body="Second.", expected_last=1, by=ben.actor, at=clock.now())

    twice()
    row.refresh_from_db()
    assert row.message_count == before + 1


def test_row_that_a_door_has_held_is_read_again_by_the_next_verb_and_in_the_next_transaction(
    in_acme: Workspace, ben: Member
) -> None:
    row = ConversationFactory(workspace=in_acme)
    with transactions.whole():
        held = locking.found(public_id=row.public_id)
        assert held is not None
        assert locking.locked(held) is held
        assert locking.locked(held) is not held
        again = locking.found(public_id=row.public_id)
    assert again is not None
    with transactions.whole():
        assert locking.locked(again) is not again
