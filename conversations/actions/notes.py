"""A note's author may change or delete it; owners and admins may delete anybody's."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction as django

from accounts import journal, transaction
from accounts.errors import Forbidden
from accounts.permissions import Actor, may, permit
from conversations import events
from conversations.actions import locking, mentioning
from conversations.models import Attachment, Conversation, Message, MessageKind, MessageVersion
from conversations.texts import validation

RICH = "rich_content"
"""Where the metadata of a message hold the document of a client's editor, which says the same as the text."""


@transaction.atomic
def edit_note(
    *, message: Message, body: str, metadata: dict[str, Any] | None = None, by: Actor, at: datetime
) -> Message:
    """Change a note's text, and its metadata unless None; the text before is kept for owners and admins.

    A document of an editor that says the text before goes with it.
    Raises Invalid for a blank or too long text, and Forbidden for a member who did not write it.
    """
    permit(by, "conversation.note", message)
    assert message.kind == MessageKind.NOTE  # a message that has gone out cannot be changed
    _check_author(message, by)
    validation.check(body, "body", longest=validation.BODY_LIMIT)
    conversation = locking.locked(message.conversation)
    message = transaction.held(message)
    kept = message.metadata or {}
    if message.body != body:
        kept = {name: value for name, value in kept.items() if name != RICH}
    wanted = {**kept, **(metadata or {})}
    if (message.body, message.metadata or {}) == (body, wanted):
        return message
    version = int((message.metadata or {}).get("version", 1)) + 1
    if message.body != body:
        MessageVersion.objects.create(
            workspace_id=message.workspace_id,
            message=message,
            body=message.body or "",
            replaced_by_id=by.user_id,
            replaced_at=at,
        )
    message.body, message.metadata = body, {**wanted, "version": version}
    message.save(update_fields=["body", "metadata"])
    _touch(conversation, at)
    journal.record(events.NOTE_EDITED, conversation, by=by, at=at, message_id=message.pk, version=version)
    mentioning.note_names(message, conversation, by=by, at=at)
    mentioning.note_numbers(message, conversation, by=by, at=at)
    return message


@transaction.atomic
def delete_note(*, message: Message, by: Actor, at: datetime) -> None:
    """Delete a note: its text and files are deleted for good; the journal keeps that there was one.

    Raises Forbidden for a member who neither wrote it nor may redact messages.
    """
    permit(by, "conversation.note", message)
    assert message.kind == MessageKind.NOTE  # as above
    if not may(by, "message.redact"):
        _check_author(message, by)
    conversation = locking.locked(message.conversation)
    message = transaction.held(message)
    journal.record(events.NOTE_DELETED, conversation, by=by, at=at, message_id=message.pk)
    for file in Attachment.objects.filter(message=message):
        django.on_commit(partial(file.file.storage.delete, str(file.file.name)))
    Message.objects.filter(pk=message.pk).delete()
    if conversation.last_activity_id == message.pk:
        last = Message.objects.filter(conversation=conversation).order_by("-created_at", "-id").first()
        conversation.last_activity = last
        conversation.last_activity_at = last.created_at if last else conversation.created_at
        conversation.save(update_fields=["last_activity", "last_activity_at"])
    _touch(conversation, at)


def _check_author(message: Message, by: Actor) -> None:
    """A member changes what they wrote; what a program wrote is everybody's. Doors of programs check it by themselves."""
    if by.user_id is not None and message.sender_user_id not in (None, by.user_id):
        raise Forbidden("only its author can change a note")


def _touch(conversation: Conversation, at: datetime) -> None:
    conversation.updated_at = at
    conversation.save(update_fields=["updated_at"])
