"""Getting a reply to the customer: through the channel by which the conversation came."""

from __future__ import annotations

from django.db.models import Exists, OuterRef

from accounts.journal import concerns
from accounts.models import Event
from conversations import channels
from conversations.models import Conversation
from conversations.queries import thread as thread_queries


def _is_delivered() -> Exists:
    # The dispatcher asks for all workspaces at once.
    rows = Conversation.all_workspaces.filter(workspace=OuterRef("event__workspace"), pk=OuterRef("event__subject_id"))
    return Exists(rows.filter(channel__in=channels.delivering()))


@concerns(_is_delivered)
def deliver_reply(event: Event) -> None:
    """Deliver a reply, unless customers of its channel fetch replies themselves."""
    message = thread_queries.message_of(event)
    if message is None:
        return
    deliver = channels.named(message.conversation.channel).deliver
    if deliver is not None:
        deliver(message)
