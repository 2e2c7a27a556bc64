"""Getting replies to customers: through the channels by which their conversations came."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from accounts.journal import batched, concerns
from accounts.models import Event
from conversations import channels
from conversations.models import Conversation, Message
from conversations.queries import thread as thread_queries


def _is_delivered() -> Exists:
    # The dispatcher asks for all workspaces at once.
    rows = Conversation.all_workspaces.filter(workspace=OuterRef("event__workspace"), pk=OuterRef("event__subject_id"))
    return Exists(rows.filter(channel__in=channels.delivering()))


@concerns(_is_delivered)
@batched
def deliver_reply(events: Sequence[Event]) -> None:
    """Deliver replies, unless customers of their channel fetch replies themselves."""
    found: dict[str, list[Message]] = {}
    for message in thread_queries.messages_of(events):
        found.setdefault(message.conversation.channel, []).append(message)
    for channel, messages in found.items():
        deliver = channels.named(channel).deliver
        if deliver is not None:
            deliver(messages)
