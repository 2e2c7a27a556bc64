"""Replies on their way: by which channel they are taken to the customer, which the channels say, and their rows in the outbox."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from accounts import writing
from accounts.bell import Bell
from accounts.permissions import Actor
from conversations.models import Channel, Conversation, Delivery, DeliveryState, DeliveryStatus, Message

BELL = Bell()
"""Rung when something is due, for the worker that runs in this process."""

Route = Callable[[Conversation], str | None]


def _nowhere(conversation: Conversation) -> str | None:
    return None


_route: Route = _nowhere


def register(route: Route) -> None:
    """Say who finds the channel of a reply. Called once, when Django is ready."""
    global _route
    _route = route


def route(conversation: Conversation) -> str | None:
    """The channel that takes replies of this conversation to the customer; None where customers fetch them.

    The conversation's contact is loaded.
    """
    return _route(conversation)


def status(channel: str | None) -> DeliveryStatus:
    """What is known of a reply that leaves now by this channel."""
    return DeliveryStatus.DELIVERED if channel is None else DeliveryStatus.SENDING


def put(
    message: Message,
    conversation: Conversation,
    channel: str | None,
    *,
    by: Actor,
    at: datetime,
    leaving: Delivery | None,
    after: int | None = None,
) -> Delivery | None:
    """Queue the delivery of a message that was just written, where a channel takes it; of one that was scheduled, it is `leaving`.

    `after` is the message after which all replies go along with it.
    """
    if channel is None and leaving is None:
        return None
    delivery = leaving or Delivery(
        workspace_id=message.workspace_id,
        public_id=message.public_id,
        conversation=conversation,
        writer_id=by.user_id,
        send_after=at,
        created_at=at,
    )
    delivery.message, delivery.mailbox_id, delivery.after = message, conversation.mailbox_id, after
    delivery.channel, delivery.state = channel or conversation.channel, DeliveryState.SENDING
    if channel == Channel.EMAIL:  # whom it goes to stays known, and is the same when it is sent again
        delivery.to = [conversation.contact.email] if delivery.to is None else delivery.to
        delivery.cc = [*conversation.cc] if delivery.cc is None else delivery.cc
    delivery.body, delivery.attempts, delivery.due_at = "", 0, at
    if channel is None:
        delivery.state, delivery.settled_at = DeliveryState.SENT, at
    if leaving is None:
        writing.insert(delivery)
    else:
        writing.update(delivery, LEFT)
    transaction.on_commit(BELL.ring)
    return delivery


LEFT = ("message", "mailbox", "channel", "state", "to", "cc", "body", "attempts", "due_at", "settled_at", "after")
"""What `put` sets."""
