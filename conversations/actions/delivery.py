"""What became of a message on its way to the customer."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction
from accounts.permissions import Actor, permit
from conversations import events
from conversations.models import DeliveryStatus, Message


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
