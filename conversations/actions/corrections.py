"""What a customer changes of their own message afterwards, where their channel lets them: its text, or that it is there at all."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction as django

from accounts import journal, transaction
from accounts.errors import NotFound
from accounts.permissions import Actor, ActorKind, permit
from conversations import events
from conversations.actions import entries, locking
from conversations.models import Attachment, Conversation, Message
from conversations.texts import validation

EDITED_AT, WITHDRAWN_AT = "edited_at", "withdrawn_at"
"""The marks in the metadata of a message that its writer has changed or deleted."""
WITHDRAWN = "(Deleted by the customer)"
"""What is there instead of a text that was deleted."""


@transaction.atomic
def edit_message(*, message: Message, body: str, by: Actor, at: datetime) -> Message:
    """Replace the text of a customer's message; the thread marks it as edited. One that was deleted stays so.

    Raises Invalid for a text that is too long, or blank where the message has no files.
    """
    permit(by, "conversation.receive", message)
    conversation, message = _held(message, by)
    metadata = message.metadata or {}
    if message.body == body or WITHDRAWN_AT in metadata:
        return message
    has_files = Attachment.objects.filter(message=message).exists()
    validation.check(body, "body", longest=validation.BODY_LIMIT, blank=has_files)
    version = int(metadata.get("version", 1)) + 1
    message.body, message.metadata = body, {**metadata, EDITED_AT: at.isoformat(), "version": version}
    message.save(update_fields=["body", "metadata"])
    _follow(conversation, message, at)
    journal.record(events.MESSAGE_EDITED, conversation, by=by, at=at, message_id=message.pk, version=version)
    return message


@transaction.atomic
def withdraw_message(*, message: Message, by: Actor, at: datetime) -> Message:
    """Delete the text and the files of a customer's message for good. The entry stays, so that the team sees that there was one."""
    permit(by, "conversation.receive", message)
    conversation, message = _held(message, by)
    if WITHDRAWN_AT in (message.metadata or {}):
        return message
    for file in Attachment.objects.filter(message=message).order_by("pk"):
        django.on_commit(partial(file.file.storage.delete, str(file.file.name)))
        file.delete()
    message.body, message.metadata = WITHDRAWN, {**(message.metadata or {}), WITHDRAWN_AT: at.isoformat()}
    message.save(update_fields=["body", "metadata"])
    _follow(conversation, message, at)
    journal.record(events.MESSAGE_WITHDRAWN, conversation, by=by, at=at, message_id=message.pk)
    return message


def _held(message: Message, by: Actor) -> tuple[Conversation, Message]:
    """Both rows as they are now, locked: the message may have been moved to another conversation meanwhile.

    Raises NotFound for what no customer wrote, and for a customer who did not write it.
    """
    conversation = locking.locked(message.conversation)
    message = transaction.held(message)
    is_theirs = by.kind != ActorKind.CONTACT or message.sender_contact_id == by.id
    if not message.is_from_customer or not is_theirs:
        raise NotFound("there is no such message of a customer")
    return conversation, message


def _follow(conversation: Conversation, message: Message, at: datetime) -> None:
    if message.conversation_id == conversation.pk and conversation.last_message_id == message.pk:
        conversation.preview = validation.preview(message.body or "")
    conversation.updated_at = max(at, conversation.updated_at)
    entries.save(conversation)
