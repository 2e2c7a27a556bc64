"""What a visitor does in a conversation besides writing: having seen it, resolving it, and reopening it."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction, writing
from accounts.errors import Conflict
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import status, ticket_counts
from conversations.actions.senders import Sender
from conversations.chat import queries
from conversations.chat.actions import holding
from conversations.models import Conversation, Message, Status


@transaction.atomic
@writing.together()
def mark_seen(*, conversation: Conversation, message: Message, by: Actor, at: datetime) -> Conversation:
    """The customer has seen the conversation up to a message; what was seen stays so. The ticket's count of unread messages follows.

    Raises NotFound for a conversation that is not theirs, and for a message that they cannot see.
    """
    permit(by, "chat.visit", conversation)
    conversation = holding.own(conversation, by)
    before = queries.seen_until(conversation)
    if conversation.customer_seen_at is not None and message.created_at <= conversation.customer_seen_at:
        return conversation
    unseen = queries.by_the_team(conversation).filter(created_at__lte=message.created_at)
    count = (unseen.filter(created_at__gt=before) if before else unseen).count()
    conversation.customer_seen_at = message.created_at
    writing.update(conversation, ["customer_seen_at"])
    ticket_counts.after_seeing(conversation, count, by=by, at=at)
    journal.record(events.CHAT_SEEN, conversation, by=by, at=at, message_id=message.pk)
    return conversation


@transaction.atomic
def resolve_as_customer(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """The customer needs no more help. One that is done stays as it is. Raises NotFound for one that is not theirs."""
    permit(by, "conversation.set_status", conversation)
    conversation = holding.own(conversation, by)
    if conversation.is_done:
        return conversation
    sender = Sender.contact(conversation.contact)
    return status.set_status(conversation=conversation, status=Status.RESOLVED, sender=sender, by=by, at=at)


@transaction.atomic
def reopen_as_customer(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """The customer needs help after all. Raises Conflict with code `closed` for a closed one, which goes on in a new one."""
    permit(by, "conversation.set_status", conversation)
    conversation = holding.own(conversation, by)
    if conversation.status == Status.CLOSED:
        raise Conflict("the conversation is closed: what is written to it begins a new one", code="closed")
    if conversation.status != Status.RESOLVED:
        return conversation
    sender = Sender.contact(conversation.contact)
    return status.set_status(conversation=conversation, status=Status.OPEN, sender=sender, by=by, at=at)
