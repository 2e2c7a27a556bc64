"""One tag in the place of another on a conversation: the step of a job that goes through all of them."""

from __future__ import annotations

from datetime import datetime

from accounts import transaction
from accounts.permissions import Actor, permit
from conversations.actions import locking, triage
from conversations.models import Conversation
from tickets import tags


@transaction.atomic
def replace_tag(*, conversation: Conversation, name: str, by_name: str | None, by: Actor, at: datetime) -> Conversation:
    """Put another tag into the place of one, whatever its case, or take it away."""
    permit(by, "conversation.update", conversation)
    conversation = locking.locked(conversation)
    wanted = tags.replaced(conversation.tags, name, by_name)
    return triage.set_tags(conversation=conversation, names=wanted, by=by, at=at)
