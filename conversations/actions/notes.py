"""A note's author may change or delete it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking
from conversations.models import Conversation, Message, MessageKind
from conversations.texts import validation


@transaction.atomic
def edit_note(
    *, message: Message, body: str, metadata: dict[str, Any] | None = None, by: Actor, at: datetime
) -> Message:
    """Change a note's text, and its metadata unless None. Raises Invalid for a blank or too long text."""
    permit(by, "conversation.note", message)
    assert message.kind == MessageKind.NOTE  # a message that has gone out cannot be changed
    validation.check(body, "body", longest=validation.BODY_LIMIT)
    conversation = locking.locked(message.conversation)
    message = transaction.held(message)
    wanted = message.metadata if metadata is None else {**(message.metadata or {}), **metadata}
    if (message.body, message.metadata) == (body, wanted):
        return message
    version = int((message.metadata or {}).get("version", 1)) + 1
    message.body, message.metadata = body, {**(wanted or {}), "version": version}
    message.save(update_fields=["body", "metadata"])
    _touch(conversation, at)
    journal.record(events.NOTE_EDITED, conversation, by=by, at=at, message_id=message.pk, version=version)
    return message


@transaction.atomic
def delete_note(*, message: Message, by: Actor, at: datetime) -> None:
    """Delete a note: its text is deleted for good; the journal keeps that there was one."""
    permit(by, "conversation.note", message)
    assert message.kind == MessageKind.NOTE  # as above
    conversation = locking.locked(message.conversation)
    message = transaction.held(message)
    journal.record(events.NOTE_DELETED, conversation, by=by, at=at, message_id=message.pk)
    Message.objects.filter(pk=message.pk).delete()
    if conversation.last_activity_id == message.pk:
        last = Message.objects.filter(conversation=conversation).order_by("-created_at", "-id").first()
        conversation.last_activity = last
        conversation.last_activity_at = last.created_at if last else conversation.created_at
        conversation.save(update_fields=["last_activity", "last_activity_at"])
    _touch(conversation, at)


def _touch(conversation: Conversation, at: datetime) -> None:
    conversation.updated_at = at
    conversation.save(update_fields=["updated_at"])
