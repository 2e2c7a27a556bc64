"""Delivering by mail: a job sends it, so that a mail server that is away holds up nothing."""

from __future__ import annotations

from conversations.channels.email import tasks
from conversations.models import Message


def deliver(message: Message) -> None:
    """Queue the mail of a reply to a customer who has an address."""
    if message.conversation.contact.email:
        tasks.mail_reply.defer(workspace_id=message.workspace_id, message_id=message.pk)
