"""Reactions of mail: what was written in a chat is looked at again, in case its customer does not see it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Exists, OuterRef

from accounts.journal import batched, concerns
from accounts.models import Event
from conversations.channels.email.actions.unseen import UNSEEN_FOR
from conversations.channels.email.mails import unseen_replies
from conversations.models import Channel, Conversation


def _may_be_mailed() -> Exists:
    # The dispatcher asks for all workspaces at once.
    rows = Conversation.all_workspaces.filter(channel=Channel.CHAT).exclude(contact__email="")
    return Exists(rows.filter(workspace=OuterRef("event__workspace"), pk=OuterRef("event__subject_id")))


@concerns(_may_be_mailed)
@batched
def wait_for_the_customer(events: Sequence[Event]) -> None:
    """Look again later whether the customer has seen a reply in a chat."""
    for event in events:
        unseen_replies.queue({"conversation_id": event.subject_id}, due_at=event.at + UNSEEN_FOR)
