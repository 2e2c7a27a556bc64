"""Putting back whose turn it was, and since when, as the event of a change has kept it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import journal
from accounts.permissions import Actor
from conversations import events
from conversations.actions import entries, releasing, ticket_counts, turns
from conversations.actions.senders import Sender
from conversations.models import Conversation, MessageKind


def put_back(
    conversation: Conversation, before: dict[str, Any], after: dict[str, Any], *, by: Actor, at: datetime
) -> None:
    """Put a conversation, which the caller holds, back to what it was `before` a change; the change itself left it as `after`."""
    marks_unread = before["unread_count"] != after["unread_count"]
    undone = turns.standing(conversation)
    message = None
    if turns.move(conversation, before["status"], at):
        message = entries.append(
            conversation,
            kind=MessageKind.STATUS_CHANGE,
            sender=Sender.actor(by),
            body=None,
            at=at,
            metadata={"status": conversation.status},
        )
    for name in ("snoozed_until", "waiting_since", "closed_at"):
        setattr(conversation, name, datetime.fromisoformat(before[name]) if before[name] else None)
    conversation.updated_at = at
    if marks_unread:
        conversation.unread_count = before["unread_count"]
    entries.save(conversation)
    if marks_unread:
        ticket_counts.after_reading(conversation, by=by, at=at)
    now = turns.standing(conversation)
    if message is not None:
        journal.record(
            events.CONVERSATION_STATUS_CHANGED,
            conversation,
            by=by,
            at=at,
            status=conversation.status,
            previous=undone["status"],
            message_id=message.pk,
            before=undone,
            after=now,
        )
        releasing.follow_status(conversation, undone["status"], at=at)
    else:
        until = before["snoozed_until"]
        journal.record(events.CONVERSATION_SNOOZED, conversation, by=by, at=at, until=until, before=undone, after=now)
