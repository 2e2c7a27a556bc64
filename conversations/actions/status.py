"""Whose turn it is: setting the status, and snoozing."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction, writing
from accounts.errors import Forbidden, Invalid
from accounts.permissions import Actor, ActorKind, permit
from conversations import events
from conversations.actions import entries, locking, releasing, ticket_counts, turns
from conversations.actions.senders import Sender
from conversations.models import UNTIL_REPLY, Conversation, MessageKind, Status


@transaction.atomic
@writing.together()
def set_status(
    *, conversation: Conversation, status: str, by: Actor, at: datetime, sender: Sender | None = None
) -> Conversation:
    """Set the status and add an entry for it to the thread. Any status may follow any other; setting the present one does nothing.

    A customer resolves and reopens their own alone. Raises Invalid for an unknown status, and Conflict with code `joined` for a
    conversation that was joined into another.
    """
    permit(by, "conversation.set_status", conversation)
    _check_customer(conversation, status, by)
    if status not in Status.values:
        raise Invalid(f"status must be one of {', '.join(Status.values)}", field="status")
    conversation = locking.locked(conversation)
    before = turns.standing(conversation)
    if conversation.joined_into_id is not None and conversation.status != status:
        locking.check_is_in_use(conversation)
    if not turns.move(conversation, status, at):
        return conversation
    conversation.snoozed_until = None
    message = entries.append(
        conversation,
        kind=MessageKind.STATUS_CHANGE,
        sender=sender or Sender.actor(by),
        body=None,
        at=at,
        metadata={"status": status},
    )
    had_unread = conversation.unread_count > 0
    if conversation.is_done:
        conversation.unread_count = 0
    entries.save(conversation)
    if had_unread and conversation.is_done:
        ticket_counts.after_reading(conversation, by=by, at=at)
    journal.record(
        events.CONVERSATION_STATUS_CHANGED,
        conversation,
        by=by,
        at=at,
        status=status,
        previous=before["status"],
        message_id=writing.id_of(message),
        before=before,
        after=turns.standing(conversation),
    )
    releasing.follow_status(conversation, before["status"], at=at)
    return conversation


@transaction.atomic
@writing.together()
def snooze(*, conversation: Conversation, until: datetime | None, by: Actor, at: datetime) -> Conversation:
    """Snooze a conversation: it leaves the queues until the moment, or until the customer writes; None waits for that alone.

    Raises Invalid for a moment that has passed, or a conversation that is done.
    """
    permit(by, "conversation.update", conversation)
    until = until or UNTIL_REPLY
    if until <= at:
        raise Invalid("until must be in the future", field="until")
    conversation = locking.locked(conversation)
    if conversation.is_done:
        raise Invalid("a resolved or closed conversation cannot be snoozed", field="until")
    if conversation.snoozed_until == until:
        return conversation
    before = turns.standing(conversation)
    conversation.snoozed_until, conversation.updated_at = until, at
    writing.update(conversation, ["snoozed_until", "updated_at"])
    after = turns.standing(conversation)
    journal.record(
        events.CONVERSATION_SNOOZED, conversation, by=by, at=at, until=until.isoformat(), before=before, after=after
    )
    return conversation


@transaction.atomic
@writing.together()
def unsnooze(*, conversation: Conversation, only_if_due: bool = False, by: Actor, at: datetime) -> Conversation:
    """End a snooze: the conversation is open, and waits since now. `only_if_due`: unless it is snoozed beyond `at`."""
    permit(by, "conversation.update", conversation)
    conversation = locking.locked(conversation)
    if conversation.snoozed_until is None or (only_if_due and conversation.snoozed_until > at):
        return conversation
    before = turns.standing(conversation)
    conversation.snoozed_until = None
    if not turns.move(conversation, Status.OPEN, at):
        conversation.waiting_since = conversation.updated_at = at
    entries.save(conversation)
    after = turns.standing(conversation)
    journal.record(events.CONVERSATION_SNOOZED, conversation, by=by, at=at, until=None, before=before, after=after)
    return conversation


def _check_customer(conversation: Conversation, status: str, by: Actor) -> None:
    is_theirs = conversation.contact_id == by.id and status in (Status.OPEN, Status.RESOLVED)
    if by.kind == ActorKind.CONTACT and not is_theirs:
        raise Forbidden("customers resolve and reopen their own conversations alone")
