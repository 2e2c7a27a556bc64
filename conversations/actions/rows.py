"""What the verbs share: locking a conversation, appending to its thread, and keeping the figures on its row."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.core.files.base import File

from accounts.counters import Counter
from accounts.errors import Conflict, NotFound
from conversations import text
from conversations.actions import files
from conversations.models import (
    Channel,
    Conversation,
    EntryPoint,
    Handler,
    Message,
    MessageKind,
    SenderKind,
    Status,
    Tally,
)
from conversations.senders import Sender
from tickets.models import Ticket

TALLY = Counter(Tally, last="last_number", statuses=Status.values)


class Door(NamedTuple):
    """Through which channel and integration something came or goes."""

    channel: Channel
    adapter: str


def locked(conversation: Conversation) -> Conversation:
    """The row as it is now, held until the transaction ends. Raises NotFound when it is gone."""
    # `of` keeps the contact and the ticket free for others.
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related("contact")
    row = rows.filter(pk=conversation.pk).first()
    if row is None:
        raise NotFound("this conversation no longer exists")
    if row.handler == Handler.ASSISTANT and row.ticket_id is not None:
        # It may be handed over, and counted, after its ticket was locked.
        TALLY.hold(row.workspace_id)
    return row


def locked_of(ticket: Ticket) -> list[Conversation]:
    """The ticket's conversations as they are now, the primary one first, held until the transaction ends."""
    # Rows are locked in the order of their ids, so that no two verbs wait for each other.
    rows = Conversation.objects.select_for_update(no_key=True, of=("self",)).select_related("contact")
    held = rows.filter(workspace_id=ticket.workspace_id, ticket=ticket).order_by("pk")
    return sorted(held, key=lambda row: (row.ticket_linked_at or row.created_at, row.pk))


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


def door(conversation: Conversation, through: Door, at: datetime, *, first: bool = False) -> EntryPoint:
    """The conversation's entry point for a door: the one it has, or a new one."""
    if not first:
        known = EntryPoint.objects.filter(
            conversation=conversation, channel=through.channel, adapter=through.adapter
        ).order_by("id")
        if (found := known.first()) is not None:
            return found
    return EntryPoint.objects.create(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        channel=through.channel,
        adapter=through.adapter,
        is_entry_point=first,
        created_at=at,
        updated_at=at,
    )


def append(
    conversation: Conversation,
    *,
    kind: MessageKind,
    sender: Sender,
    body: str | None,
    at: datetime,
    entry_point: EntryPoint | None = None,
    metadata: dict[str, Any] | None = None,
    uploads: Sequence[File[bytes]] = (),
    public_id: uuid.UUID | None = None,
) -> Message:
    """Add an entry to the thread and set the figures on the conversation, which the verb then saves with `save`."""
    if body is not None:
        text.check(body, "body", longest=text.BODY_LIMIT, blank=bool(uploads))
    message = Message(
        workspace_id=conversation.workspace_id,
        public_id=public_id or uuid.uuid4(),
        conversation=conversation,
        kind=kind,
        body=body,
        sender_kind=sender.kind,
        sender_user_id=sender.user_id,
        sender_contact_id=sender.contact_id,
        sender_reference=sender.reference,
        sender_name=sender.name,
        sender_email=sender.email,
        entry_point=entry_point,
        metadata=metadata,
        created_at=at,
    )
    message.save(force_insert=True)
    files.attach(message, uploads, at)
    conversation.updated_at = at
    conversation.last_activity, conversation.last_activity_at = message, at
    if kind != MessageKind.NOTE:
        conversation.last_visible, conversation.last_visible_at = message, at
    if kind == MessageKind.MESSAGE:
        conversation.last_message, conversation.last_message_at = message, at
        conversation.message_count += 1
        conversation.preview = text.preview(body or (uploads[0].name if uploads else "") or "")
        if sender.kind == SenderKind.CUSTOMER:
            conversation.last_inbound_at = at
        elif sender.kind != SenderKind.SYSTEM:
            conversation.last_outbound_at = at
    return message


def written_before(
    conversation: Conversation,
    public_id: uuid.UUID | None,
    *,
    kind: MessageKind,
    sender: Sender,
    body: str,
    uploads: Sequence[File[bytes]],
) -> Message | None:
    """The message that this very request wrote when it came the first time, if it is a repeat; the row is held.

    Raises Conflict with code `sent_already` when the id stands for another message.
    """
    if public_id is None:
        return None
    known = Message.objects.filter(workspace_id=conversation.workspace_id, public_id=public_id)
    if (first := known.prefetch_related("attachments").first()) is None:
        return None
    sizes = [file.size for file in sorted(first.attachments.all(), key=lambda file: file.pk)]
    kept = (first.conversation_id, first.kind, first.sender_user_id, first.body, sizes)
    if kept != (conversation.pk, kind, sender.user_id, body, [upload.size for upload in uploads]):
        raise Conflict("this id belongs to another message", code="sent_already")
    return first


FIGURES = (
    "updated_at", "last_activity", "last_activity_at", "last_visible", "last_visible_at", "last_message", "last_message_at",
    "message_count", "preview", "last_inbound_at", "last_outbound_at", "unread_count", "waiting_since", "status", "closed_at",
    "snoozed_until", "first_response_at", "next_response_due_at",
)  # fmt: skip


def save(conversation: Conversation, *more: str) -> None:
    """Save what `append` and `move` set, and the named fields besides."""
    conversation.save(update_fields=[*FIGURES, *more])


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
    """What the assistant handled is the team's now, and counted from here on. Saves the row.

    It is open, and unread as far as none of the team has answered: what the assistant said does not count.
    """
    said = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE)
    answers = said.filter(sender_kind=SenderKind.AGENT).order_by("id")
    first, last = answers.first(), answers.last()
    unread = said.filter(sender_kind=SenderKind.CUSTOMER, pk__gt=last.pk if last else 0)
    conversation.unread_count = unread.count()
    conversation.first_response_at = first.created_at if first else None
    conversation.last_outbound_at = last.created_at if last else None
    if last is None or conversation.unread_count:
        move(conversation, Status.OPEN, at)
        conversation.waiting_since = at
    conversation.updated_at, conversation.handler = at, Handler.PEOPLE
    save(conversation, "handler")
    TALLY.move(conversation.workspace_id, None, conversation.status)
