"""Notifying members by mail of what was assigned to them."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.journal import batched
from accounts.models import Event
from accounts.permissions import ActorKind
from conversations.notifications import mails


@batched
def tell_the_assignee(events: Sequence[Event]) -> None:
    """Queue mails to the members to whom someone else assigned a conversation."""
    mails.assignments.queue(
        *(
            {"conversation_id": event.subject_id, "user_id": event.data["assignee_id"]}
            for event in events
            if _is_for_another(event)
        )
    )


def _is_for_another(event: Event) -> bool:
    user_id = event.data.get("assignee_id")
    return user_id is not None and (event.actor_kind, event.actor_id) != (ActorKind.MEMBER, user_id)
