"""Calls that customers ask for: they come with a conversation, and are marked as made."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking, messages, status
from conversations.models import CallbackRequest, Conversation, Message, MessageKind, Status
from tickets.actions import REPEAT_WITHIN


@transaction.atomic
def mark_called(
    *, request: CallbackRequest, note: str = "", resolve: bool = False, by: Actor, at: datetime
) -> CallbackRequest:
    """Mark a call as made, with a note of it if there is one; `resolve` resolves the conversation besides.

    Of one that was marked before the note is kept, and who made the call stays. Raises Invalid for a note that is too long.
    """
    permit(by, "conversation.update", request)
    conversation = locking.writable(request.conversation)
    request = transaction.held(request)
    if note.strip() and not _is_repeated(conversation, note, at):
        messages.note(conversation=conversation, body=note, by=by, at=at)
    if request.done_at is None:
        request.done_at, request.done_by_id = at, by.user_id
        request.save(update_fields=["done_at", "done_by"])
        journal.record(events.CALLBACK_MADE, conversation, by=by, at=at, callback_id=request.pk)
    if resolve:
        status.set_status(conversation=conversation, status=Status.RESOLVED, by=by, at=at)
    return request


@transaction.atomic
def unmark_called(*, request: CallbackRequest, by: Actor, at: datetime) -> CallbackRequest:
    """Put a call that was marked as made back among those to be made. Notes and the conversation's status stay."""
    permit(by, "conversation.update", request)
    conversation = locking.writable(request.conversation)
    request = transaction.held(request)
    if request.done_at is None:
        return request
    request.done_at = request.done_by = None
    request.save(update_fields=["done_at", "done_by"])
    journal.record(events.CALLBACK_UNMADE, conversation, by=by, at=at, callback_id=request.pk)
    return request


def _is_repeated(conversation: Conversation, note: str, at: datetime) -> bool:
    """Whether the same note was written a moment ago: a button that was pressed twice."""
    rows = Message.objects.filter(conversation=conversation, kind=MessageKind.NOTE, body=note)
    return rows.filter(created_at__gte=at - REPEAT_WITHIN).exists()
