"""What became of a reply on its way to the customer: sent, failed, and trying again."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction, writing
from accounts.errors import Conflict, NotFound
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking, outgoing
from conversations.models import Conversation, Delivery, DeliveryState, DeliveryStatus, Message, MessageKind

RETRIED_AT_ONCE = 500


@transaction.atomic
def set_delivery(*, message: Message, status: DeliveryStatus, by: Actor, at: datetime) -> Message:
    """Note that a message was delivered, or could not be."""
    permit(by, "conversation.reply", message)
    message = transaction.held(message)
    if message.delivery_status == status:
        return message
    message.delivery_status = status
    message.save(update_fields=["delivery_status"])
    journal.record(events.DELIVERY_CHANGED, message.conversation, by=by, at=at, message_id=message.pk, delivery=status)
    return message


@transaction.atomic
@writing.together()
def deliver(*, message: Message, by: Actor, at: datetime) -> Delivery | None:
    """Queue the delivery of a message that has none, such as one that an earlier version wrote; None where nobody takes it."""
    permit(by, "conversation.reply", message)
    conversation = locking.locked(_subject(message))
    message = transaction.held(message)
    channel = outgoing.route(conversation)
    known = Delivery.objects.filter(message=message).first()
    if channel is None or known is not None or message.kind != MessageKind.MESSAGE:
        return known
    message.delivery_status = outgoing.status(channel)
    writing.update(message, ["delivery_status"])
    delivery = outgoing.put(message, conversation, channel, by=by, at=at, leaving=None)
    _record(message, by=by, at=at)
    return delivery


@transaction.atomic
@writing.together()
def mark_sent(*, delivery: Delivery, channel_message_id: str = "", by: Actor, at: datetime) -> Delivery:
    """The other side has taken a reply."""
    permit(by, "conversation.reply", delivery)
    delivery = _held(delivery)
    if delivery.state != DeliveryState.SENDING or delivery.message is None:
        return delivery
    delivery.state, delivery.settled_at = DeliveryState.SENT, at
    delivery.channel_message_id, delivery.code, delivery.reason = channel_message_id[:400], "", ""
    writing.update(delivery, ["state", "settled_at", "channel_message_id", "code", "reason"])
    _set_status(delivery.message, DeliveryStatus.DELIVERED, by=by, at=at)
    return delivery


@transaction.atomic
@writing.together()
def mark_failed(*, delivery: Delivery, code: str, reason: str, by: Actor, at: datetime) -> Delivery:
    """A reply could not be sent, or came back after it was. `reason` is read by agents."""
    permit(by, "conversation.reply", delivery)
    delivery = _held(delivery)
    if delivery.state in (DeliveryState.FAILED, DeliveryState.CANCELLED):
        return delivery
    delivery.state, delivery.settled_at, delivery.held_at = DeliveryState.FAILED, at, None
    delivery.code, delivery.reason = code[:40], reason
    writing.update(delivery, ["state", "settled_at", "held_at", "code", "reason"])
    if delivery.message is not None:
        _set_status(delivery.message, DeliveryStatus.FAILED, by=by, at=at)
    else:
        journal.record(
            events.REPLY_FAILED, _subject(delivery), by=by, at=at, delivery_id=delivery.pk, code=delivery.code
        )
    return delivery


@transaction.atomic
@writing.together()
def retry(*, delivery: Delivery, by: Actor, at: datetime) -> Delivery:
    """Send a reply again that failed. One that never left is sent as the member who retries it.

    Nothing is done for one that is on its way by now, or has been sent. Raises Conflict for one that was cancelled.
    """
    permit(by, "conversation.reply", delivery)
    delivery = _held(delivery)
    if delivery.state == DeliveryState.CANCELLED and delivery.message is None:
        raise Conflict("this reply was cancelled", code="cancelled")
    if delivery.state not in (DeliveryState.FAILED, DeliveryState.CANCELLED):
        return delivery
    delivery.settled_at, delivery.handed_at, delivery.attempts = None, None, 0
    delivery.code, delivery.reason, delivery.due_at = "", "", at
    if delivery.message is not None:
        delivery.state = DeliveryState.SENDING
        _set_status(delivery.message, DeliveryStatus.SENDING, by=by, at=at)
    else:
        delivery.state, delivery.send_after = DeliveryState.SCHEDULED, at
        delivery.writer_id = by.user_id or delivery.writer_id
        journal.record(
            events.REPLY_RESCHEDULED,
            _subject(delivery),
            by=by,
            at=at,
            delivery_id=delivery.pk,
            send_after=at.isoformat(),
        )
    changed = ["state", "writer", "send_after", "settled_at", "handed_at", "attempts", "code", "reason", "due_at"]
    writing.update(delivery, changed)
    return delivery


@transaction.atomic
def retry_all(*, workspace: Workspace, by: Actor, at: datetime) -> int:
    """Send every reply again that has left and failed. Returns how many.

    Those that never left are for a member to look at: they would be sent as another person.
    """
    permit(by, "conversation.reply")
    count = 0
    failed = Delivery.objects.filter(workspace=workspace, state=DeliveryState.FAILED, message__isnull=False)
    held = failed.select_for_update(no_key=True, of=("self",)).select_related("message__conversation").order_by("pk")
    while batch := list(held[:RETRIED_AT_ONCE]):
        messages = [row.message for row in batch if row.message is not None]
        Delivery.objects.filter(pk__in=[row.pk for row in batch]).update(
            state=DeliveryState.SENDING, settled_at=None, handed_at=None, attempts=0, code="", reason="", due_at=at
        )
        Message.objects.filter(pk__in=[message.pk for message in messages]).update(
            delivery_status=DeliveryStatus.SENDING
        )
        lines = ((one.conversation, {"message_id": one.pk, "delivery": DeliveryStatus.SENDING}) for one in messages)
        journal.record_each(events.DELIVERY_CHANGED, lines, by=by, at=at)
        count += len(batch)
    return count


@transaction.atomic
def discard(*, delivery: Delivery, by: Actor, at: datetime) -> Delivery:
    """Leave a reply that failed unsent: it is no longer among those that failed. A message of it stays, marked as not delivered."""
    permit(by, "conversation.reply", delivery)
    delivery = _held(delivery)
    if delivery.state != DeliveryState.FAILED:
        return delivery
    delivery.state = DeliveryState.CANCELLED
    delivery.save(update_fields=["state"])
    journal.record(events.REPLY_DISCARDED, _subject(delivery), by=by, at=at, delivery_id=delivery.pk)
    return delivery


def _held(delivery: Delivery) -> Delivery:
    """The row as it is now, with its message, locked until the transaction ends. Raises NotFound when it is gone."""
    rows = Delivery.objects.select_for_update(no_key=True, of=("self",)).select_related("message")
    found = rows.filter(pk=delivery.pk).first()
    if found is None:
        raise NotFound("this reply no longer exists")
    return found


def _subject(row: Delivery | Message) -> Conversation:
    """The conversation that an event of it tells of."""
    return Conversation(pk=row.conversation_id, workspace_id=row.workspace_id)


def _set_status(message: Message, status: DeliveryStatus, *, by: Actor, at: datetime) -> None:
    if message.delivery_status == status:
        return
    message.delivery_status = status
    writing.update(message, ["delivery_status"])
    _record(message, by=by, at=at)


def _record(message: Message, *, by: Actor, at: datetime) -> None:
    status = message.delivery_status
    journal.record(events.DELIVERY_CHANGED, _subject(message), by=by, at=at, message_id=message.pk, delivery=status)
