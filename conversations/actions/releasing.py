"""Whose a conversation is once it is resolved, and once it is reopened: as the workspace's settings say.

The verbs that call this hold the conversation's row, and have saved its status.
"""

from __future__ import annotations

from datetime import datetime

from accounts import journal, tenancy, writing
from accounts.models import Membership
from accounts.permissions import Actor, ActorKind, Role
from conversations import events
from conversations.models import Conversation, Status

_DONE = (Status.RESOLVED, Status.CLOSED)


def follow_status(conversation: Conversation, before: str, *, at: datetime) -> None:
    """Release a conversation that was just resolved, and give one that was reopened back to who had it; its team stays."""
    workspace = tenancy.current()
    if not workspace.releases_resolved or (before in _DONE) == (conversation.status in _DONE):
        return
    if conversation.status in _DONE:
        if conversation.assignee_id is not None:
            _assign(conversation, None, at)
    elif workspace.returns_to_last and conversation.is_unassigned:
        last = _released_from(conversation)
        if last is not None:
            _assign(conversation, last, at)


def _assign(conversation: Conversation, user_id: int | None, at: datetime) -> None:
    previous, conversation.assignee_id, conversation.updated_at = conversation.assignee_id, user_id, at
    writing.update(conversation, ["assignee", "updated_at"])
    journal.record(
        events.CONVERSATION_ASSIGNED,
        conversation,
        by=Actor.system(conversation.workspace_id),
        at=at,
        assignee_id=user_id,
        team_id=conversation.team_id,
        previous_assignee_id=previous,
    )


def _released_from(conversation: Conversation) -> int | None:
    """Who had it when it was resolved, if nobody has assigned it since and they may still answer."""
    lines = journal.lines_of(conversation).filter(type=events.CONVERSATION_ASSIGNED.name)
    last = lines.order_by("-id").first()
    if last is None or last.actor_kind != ActorKind.SYSTEM or last.data["assignee_id"] is not None:
        return None
    user_id: int | None = last.data["previous_assignee_id"]
    members = Membership.objects.filter(user=user_id, user__is_active=True).exclude(role=Role.VIEWER)
    return user_id if user_id is not None and members.exists() else None
