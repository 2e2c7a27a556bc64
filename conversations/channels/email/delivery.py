"""Delivering by mail: it is queued, so that a mail server that is away holds up nothing."""

from __future__ import annotations

from collections.abc import Sequence

from conversations.channels.email import mails
from conversations.models import Message


def deliver(messages: Sequence[Message]) -> None:
    """Queue the mails of replies to customers who have an address."""
    mails.replies.queue(*({"message_id": message.pk} for message in messages if message.conversation.contact.email))
