"""Undoing a change of a conversation: the change's own event holds what was before it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.errors import Conflict, NotFound
from accounts.models import Event
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import entries, locking, merging, moving, releasing, spam, ticket_counts, turns
from conversations.actions.senders import Sender
from conversations.models import Conversation, MessageKind
from conversations.queries import thread as thread_queries


@transaction.atomic
def undo(*, conversation: Conversation, event_id: int, by: Actor, at: datetime) -> Conversation:
    """Take a change back: put status, snooze, place in the queue and unread mark back to what they were before a status change
    or a snooze; messages that were moved, and spam, as `undo_move` and `undo_spam` do.

    Raises NotFound for an event that is no such change of this conversation, and Conflict with code `changed_since`
    when anyone has changed one of them, or written, after it.
    """
    permit(by, "conversation.update", conversation)
    changes = Event.objects.filter(
        workspace_id=conversation.workspace_id, subject_type="conversation", subject_id=conversation.pk
    )
    event = changes.filter(pk=event_id, type__in=thread_queries.UNDOABLE).first()
    if event is None:
        raise NotFound("there is no such change")
    if event.type in moving.UNDOABLE:
        return moving.undo_move(conversation=conversation, event_id=event_id, by=by, at=at)
    if event.type == events.CONVERSATIONS_MERGED.name:
        return merging.undo_merge(conversation=conversation, event_id=event_id, by=by, at=at)
    if event.type in spam.UNDOABLE:
        return spam.undo_spam(conversation=conversation, event_id=event_id, by=by, at=at)
    if not {"before", "after"} <= event.data.keys():
        raise NotFound("there is no such change")  # of an earlier version
    conversation = locking.locked(conversation)
    before, after = event.data["before"], event.data["after"]
    if _kept(turns.standing(conversation)) != _kept(after):
        raise Conflict("the conversation has changed since", code="changed_since")
    _put_back(conversation, before, marks_unread=before["unread_count"] != after["unread_count"], at=at, by=by)
    return conversation


def _kept(standing: dict[str, Any]) -> dict[str, Any]:
    """The values that must not have changed. Marking as read does not count as a change."""
    return {name: value for name, value in standing.items() if name != "unread_count"}


def _put_back(
    conversation: Conversation, before: dict[str, Any], *, marks_unread: bool, by: Actor, at: datetime
) -> None:
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
    after = turns.standing(conversation)
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
            after=after,
        )
        releasing.follow_status(conversation, undone["status"], at=at)
    else:
        until = before["snoozed_until"]
        journal.record(events.CONVERSATION_SNOOZED, conversation, by=by, at=at, until=until, before=undone, after=after)
