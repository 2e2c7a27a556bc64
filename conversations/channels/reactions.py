"""Getting a reply to the customer: through the channel by which the conversation came."""

from __future__ import annotations

from accounts.models import Event
from conversations import channels
from conversations.models import Message


def deliver_reply(event: Event) -> None:
    """Deliver a reply, unless customers of its channel fetch replies themselves."""
    message = Message.objects.select_related("conversation__contact").filter(pk=event.data["message_id"]).first()
    if message is None:
        return
    deliver = channels.named(message.conversation.channel).deliver
    if deliver is not None:
        deliver(message)
