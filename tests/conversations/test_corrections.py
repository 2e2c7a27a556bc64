"""What a customer changes of their own message afterwards: its text, or that it is there at all."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Attachment, Contact, Conversation, Message
from tests.conftest import Key, Member
from tests.effects import actors, is_missing_for, minutes, recorded, refused, who_may
from tests.factories import ConversationFactory, receive

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def message(in_acme: Workspace) -> Message:
    conversation = ConversationFactory(workspace=in_acme)
    return receive(conversation, "My number is 4242.", uploads=[ContentFile(b"abc", name="a.txt")])


def test_edit_replaces_the_text_and_is_marked(message: Message, in_acme: Workspace) -> None:
    by = Actor.system(in_acme.pk)
    events = recorded(lambda: actions.edit_message(message=message, body="Never mind.", by=by, at=minutes(1)))
    assert events == [("message.edited", {"message_id": message.pk, "version": 2})]
    message.refresh_from_db(from_queryset=Message.objects.all())
    assert (message.body, message.metadata["edited_at"]) == ("Never mind.", minutes(1).isoformat())  # type: ignore[index]
    assert Conversation.objects.get(pk=message.conversation_id).preview == "Never mind."
    assert recorded(lambda: actions.edit_message(message=message, body="Never mind.", by=by, at=minutes(2))) == []


def test_deletion_deletes_text_and_files_for_good_and_keeps_the_entry(message: Message, in_acme: Workspace) -> None:
    by, path = Actor.system(in_acme.pk), Attachment.objects.get().file.name
    events = recorded(lambda: actions.withdraw_message(message=message, by=by, at=minutes(1)))
    assert events == [("message.withdrawn", {"message_id": message.pk})]
    message.refresh_from_db(from_queryset=Message.objects.all())
    assert message.body == "(Deleted by the customer)"
    assert not Attachment.objects.exists()
    assert not default_storage.exists(str(path))
    assert "4242" not in Conversation.objects.get(pk=message.conversation_id).preview
    assert recorded(lambda: actions.withdraw_message(message=message, by=by, at=minutes(2))) == []
    assert recorded(lambda: actions.edit_message(message=message, body="Back", by=by, at=minutes(2))) == []


def test_text_that_cannot_be_kept_changes_nothing(message: Message, in_acme: Workspace) -> None:
    by = Actor.system(in_acme.pk)
    for body in ("nul \x00", "x" * 1_000_001):
        with refused(Invalid, field="body"):
            actions.edit_message(message=message, body=body, by=by, at=minutes(1))


def test_who_may_receive_may_correct_and_strangers_see_nothing(
    message: Message, ben: Member, cleo: Member, acme_key: Key, in_acme: Workspace
) -> None:
    everyone = actors(ben.actor, Actor.key(acme_key.row), Contact.objects.first())  # type: ignore[arg-type]
    expected = {"owner", "admin", "agent", "conversation:write", "contact", "assistant", "system"}
    assert (
        who_may(lambda by: actions.edit_message(message=message, body="Other", by=by, at=minutes(1)), everyone)
        == expected
    )
    assert who_may(lambda by: actions.withdraw_message(message=message, by=by, at=minutes(1)), everyone) == expected
    is_missing_for(lambda by: actions.withdraw_message(message=message, by=by, at=minutes(1)), cleo.actor)
