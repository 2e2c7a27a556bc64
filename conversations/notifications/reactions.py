"""Notifying members by mail of what was assigned to them."""

from __future__ import annotations

from accounts import tenancy
from accounts.models import Event
from accounts.permissions import ActorKind
from conversations.notifications import tasks as notification_tasks


def tell_the_assignee(event: Event) -> None:
    """Queue a mail to the member to whom someone else assigned a conversation."""
    user_id = event.data.get("assignee_id")
    if user_id is None or (event.actor_kind == ActorKind.MEMBER and event.actor_id == user_id):
        return
    notification_tasks.mail_assignment.defer(
        workspace_id=tenancy.current().pk, conversation_id=event.subject_id, user_id=user_id
    )
