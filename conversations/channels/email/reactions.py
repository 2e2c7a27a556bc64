"""Getting a reply to the customer: through the channel by which the conversation came."""

from __future__ import annotations

from accounts import tenancy
from accounts.models import Event
from conversations.channels.email import tasks as email_tasks
from conversations.models import Channel, Conversation


def deliver_reply(event: Event) -> None:
    """Queue the mail of a reply in a conversation that came by mail; other channels fetch what was said themselves."""
    conversation = Conversation.objects.select_related("contact").filter(pk=event.subject_id).first()
    if conversation is None or conversation.channel != Channel.EMAIL or not conversation.contact.email:
        return
    email_tasks.mail_reply.defer(workspace_id=tenancy.current().pk, message_id=event.data["message_id"])
