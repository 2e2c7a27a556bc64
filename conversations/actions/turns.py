"""Whose turn it is in a conversation: changing it, counting it, and keeping it for undoing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from accounts.counters import Counter
from conversations.actions.entries import save
from conversations.models import (
    Contact,
    Conversation,
    Handler,
    Message,
    MessageKind,
    SenderKind,
    Status,
    Tally,
)

TALLY = Counter(Tally, last="last_number", statuses=Status.values)


def handler_of(contact: Contact, body: str | None, handler: Handler = Handler.PEOPLE) -> Handler:
    """Who looks after a conversation that the contact begins: nobody where a blocked one writes, as `mark_spam` leaves it."""
    return Handler.NOBODY if contact.blocked_at is not None and body is not None else handler


def counted_as(handler: Handler) -> Status | None:
    """The status in which a new conversation of the handler is counted; None for none."""
    return Status.OPEN if handler == Handler.PEOPLE else None


def standing(conversation: Conversation) -> dict[str, Any]:
    """Whose turn it is and since when, as an event keeps it for undoing the change; moments in UTC."""
    moments = (conversation.snoozed_until, conversation.waiting_since, conversation.closed_at)
    snoozed_until, waiting_since, closed_at = (
        moment.astimezone(UTC).isoformat() if moment else None for moment in moments
    )
    return {
        "status": conversation.status,
        "snoozed_until": snoozed_until,
        "waiting_since": waiting_since,
        "closed_at": closed_at,
        "unread_count": conversation.unread_count,
        "message_count": conversation.message_count,
    }


def counted(conversation: Conversation) -> str | None:
    """The status in which it is counted; None where people do not handle it."""
    return conversation.status if conversation.handler == Handler.PEOPLE else None


def recount(conversation: Conversation, was: str | None) -> None:
    """Count a conversation as it is now, which was counted in another status, or not at all."""
    if (now := counted(conversation)) != was:
        TALLY.move(conversation.workspace_id, was, now)


def move(conversation: Conversation, to: str, at: datetime) -> bool:
    """Set the status with all that depends on it; False when it was that already. The verb saves the row."""
    before = conversation.status
    if before == to:
        return False
    conversation.status = to
    done = to in (Status.RESOLVED, Status.CLOSED)
    conversation.closed_at = (conversation.closed_at or at) if done else None
    if done:
        conversation.snoozed_until = None
    conversation.waiting_since = conversation.updated_at = at
    if conversation.handler == Handler.PEOPLE:
        TALLY.move(conversation.workspace_id, before, to)
    return True


def to_people(conversation: Conversation, at: datetime) -> None:
    """Pass a conversation from the assistant to the team; from here on it is counted. Saves the row.

    It is open, and unread as far as none of the team has answered: messages of the assistant do not count.
    """
    messages = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE)
    answers = messages.filter(sender_kind=SenderKind.AGENT).order_by("id")
    first, last = answers.first(), answers.last()
    unread = messages.filter(sender_kind=SenderKind.CUSTOMER, pk__gt=last.pk if last else 0)
    conversation.unread_count = unread.count()
    conversation.first_response_at = first.created_at if first else None
    conversation.last_outbound_at = last.created_at if last else None
    if last is None or conversation.unread_count:
        move(conversation, Status.OPEN, at)
        conversation.waiting_since = at
    conversation.updated_at, conversation.handler = at, Handler.PEOPLE
    save(conversation, "handler")
    TALLY.move(conversation.workspace_id, None, conversation.status)
