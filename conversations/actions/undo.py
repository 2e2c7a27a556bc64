"""Undoing a change of a conversation: the change's own event holds what was before it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.errors import Conflict, NotFound
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking, merging, moving, reverting, spam, triage_back, turns, turns_back
from conversations.models import Conversation
from conversations.queries import thread as thread_queries


@transaction.atomic
def undo(*, conversation: Conversation, event_id: int, by: Actor, at: datetime) -> Conversation:
    """Take a change back: put status, snooze, place in the queue and unread mark back to what they were before a status change
    or a snooze; who had it, its priority, or the tags that were added or removed; messages that were moved, spam, and what a
    macro has changed, as `undo_move`, `undo_spam` and `undo_caused` do.

    Raises NotFound for an event that is no such change of this conversation, and Conflict with code `changed_since`
    when anyone has changed one of them after it, or, where it was whose turn it is, written.
    """
    permit(by, "conversation.update", conversation)
    changes = journal.lines_of(conversation)
    event = changes.filter(pk=event_id, type__in=(*thread_queries.UNDOABLE, *thread_queries.TRIAGE)).first()
    if event is None:
        raise NotFound("there is no such change")
    if event.type in moving.UNDOABLE:
        return moving.undo_move(conversation=conversation, event_id=event_id, by=by, at=at)
    if event.type == events.CONVERSATIONS_MERGED.name:
        return merging.undo_merge(conversation=conversation, event_id=event_id, by=by, at=at)
    if event.type in spam.UNDOABLE:
        return spam.undo_spam(conversation=conversation, event_id=event_id, by=by, at=at)
    if event.type == events.MACRO_APPLIED.name:
        return reverting.undo_caused(conversation=conversation, cause=event, by=by, at=at)
    if event.type in triage_back.BACK:
        conversation = locking.locked(conversation)
        if not triage_back.is_as_left(conversation, event):
            raise Conflict("the conversation has changed since", code="changed_since")
        triage_back.BACK[event.type](conversation, event, by, at)
        return locking.locked(conversation)
    if not {"before", "after"} <= event.data.keys():
        raise NotFound("there is no such change")  # of an earlier version
    conversation = locking.locked(conversation)
    before, after = event.data["before"], event.data["after"]
    if _kept(turns.standing(conversation)) != _kept(after):
        raise Conflict("the conversation has changed since", code="changed_since")
    turns_back.put_back(conversation, before, after, by=by, at=at)
    return conversation


def _kept(standing: dict[str, Any]) -> dict[str, Any]:
    """The values that must not have changed. Marking as read does not count as a change."""
    return {name: value for name, value in standing.items() if name != "unread_count"}
