"""Replies of a chat that its customer has not seen: they go to them as one mail."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Max

from accounts import journal, transaction, writing
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking, outgoing
from conversations.chat import queries as chat_queries
from conversations.models import (
    Channel,
    ChatSession,
    Conversation,
    Delivery,
    DeliveryStatus,
    Handler,
    Message,
    MessageKind,
    SenderKind,
    SuppressedAddress,
)
from conversations.queries import mailboxes

UNSEEN_FOR = timedelta(minutes=10)
"""How long a reply waits for its customer in the chat."""
LEFT_AFTER = timedelta(minutes=15)
"""After how long without a word the customer of a chat that does not say what they see hardly waits at their screen."""
SLACK = timedelta(minutes=1)
"""By how much the clocks of two machines may differ: what is looked at a little too early is not looked at again."""


@transaction.atomic
@writing.together()
def mail_unseen(*, conversation: Conversation, by: Actor, at: datetime) -> Delivery | None:
    """Queue a mail with all replies that the customer of a chat has not seen, if one of them has waited for UNSEEN_FOR.

    None where there is nothing to send, nobody to send it to, or no way to send it; what was mailed before is not mailed again.
    While the assistant has the chat, nothing is mailed.
    """
    permit(by, "conversation.reply", conversation)
    conversation = locking.locked(conversation)
    if not _can_be_mailed(conversation):
        return None
    known = max(_mailed_until(conversation), _answered_until(conversation))
    replies = chat_queries.by_the_team(conversation).filter(pk__gt=known).order_by("pk")
    if conversation.customer_seen_at is not None:
        replies = replies.filter(created_at__gt=conversation.customer_seen_at)
    elif conversation.last_inbound_at is not None and not _tells_what_is_seen(conversation):
        replies = replies.filter(created_at__gte=conversation.last_inbound_at + LEFT_AFTER)
    waiting = list(replies)
    if not waiting or waiting[0].created_at > at - UNSEEN_FOR + SLACK:
        return None
    last = waiting[-1]
    last.conversation = conversation
    last.delivery_status = DeliveryStatus.SENDING
    writing.update(last, ["delivery_status"])
    before = Message.objects.filter(conversation=conversation, pk__lt=waiting[0].pk).order_by("-pk")
    after = before.values_list("pk", flat=True).first() or 0
    delivery = outgoing.put(
        last, conversation, Channel.EMAIL, by=by, at=at, leaving=Delivery.objects.filter(message=last).first(), after=after
    )  # fmt: skip
    journal.record(
        events.DELIVERY_CHANGED, conversation, by=by, at=at, message_id=last.pk, delivery=last.delivery_status
    )
    return delivery


def _can_be_mailed(conversation: Conversation) -> bool:
    address = conversation.contact.email
    return (
        conversation.channel == Channel.CHAT
        and conversation.handler == Handler.PEOPLE
        and conversation.joined_into_id is None
        and bool(address)
        and mailboxes.can_send()
        and not SuppressedAddress.objects.filter(address=address).exists()
    )


def _tells_what_is_seen(conversation: Conversation) -> bool:
    """Whether the customer writes with a widget; chats of other programs, by the API, do not say what they have shown."""
    return ChatSession.objects.filter(contact=conversation.contact).exists()


def _mailed_until(conversation: Conversation) -> int:
    """The last message that went by mail, or is on its way: a mail that failed is not tried again as another one."""
    mailed = Delivery.objects.filter(conversation=conversation, channel=Channel.EMAIL, message__isnull=False)
    return mailed.aggregate(last=Max("message"))["last"] or 0


def _answered_until(conversation: Conversation) -> int:
    """The last message that the customer has written in the chat: they have seen what stands above it."""
    written = Message.objects.filter(
        conversation=conversation, kind=MessageKind.MESSAGE, sender_kind=SenderKind.CUSTOMER
    ).exclude(entry_point__channel=Channel.EMAIL)
    return written.aggregate(last=Max("pk"))["last"] or 0
