"""Whom the mails of a conversation go to besides its customer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Invalid
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking
from conversations.models import Conversation
from conversations.texts import recipients


@transaction.atomic
def set_cc(
    *, conversation: Conversation, cc: Sequence[str], seen: Sequence[str] | None = None, by: Actor, at: datetime
) -> Conversation:
    """Replace the addresses that mails of the conversation go to besides: `seen` are those that the actor saw, unless all of them.

    Raises Invalid for more than fifty, and for what is not an address.
    """
    permit(by, "conversation.update", conversation)
    try:
        wanted = recipients.parse(recipients.line(cc))
    except ValueError as error:
        raise Invalid(str(error), field="cc", code="not_an_address") from error
    conversation = locking.locked(conversation)
    if seen is not None:
        wanted = recipients.merged(conversation.cc, seen, wanted)[: recipients.MOST]
    if conversation.cc == wanted:
        return conversation
    added, removed = {*wanted} - {*conversation.cc}, {*conversation.cc} - {*wanted}
    conversation.cc, conversation.updated_at = wanted, at
    conversation.save(update_fields=["cc", "updated_at"])
    journal.record(
        events.CONVERSATION_CC_CHANGED,
        conversation,
        by=by,
        at=at,
        added_count=len(added),
        removed_count=len(removed),
    )
    return conversation
