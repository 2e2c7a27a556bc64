"""Entries of a thread: adding one, the columns of the conversation that follow it, and the door that it came through."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.files.base import File

from accounts import writing
from accounts.errors import Conflict
from conversations.actions import files
from conversations.actions.files import Stored
from conversations.actions.senders import Sender
from conversations.models import (
    Channel,
    Conversation,
    DeliveryStatus,
    EntryPoint,
    Message,
    MessageKind,
    SenderKind,
)
from conversations.texts import validation

AUTOMATIC = "is_automatic"
"""The mark in the metadata of a message that no person wrote, and that nobody is to answer."""


class Door(NamedTuple):
    """Through which channel and integration something came or goes."""

    channel: Channel
    adapter: str


def door(conversation: Conversation, through: Door, at: datetime, *, first: bool = False) -> EntryPoint:
    """The conversation's entry point for a door: the one it has, or a new one."""
    if not first:
        known = EntryPoint.objects.filter(
            conversation=conversation, channel=through.channel, adapter=through.adapter
        ).order_by("id")
        if (found := known.first()) is not None:
            return found
    made = EntryPoint(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        channel=through.channel,
        adapter=through.adapter,
        is_entry_point=first,
        created_at=at,
        updated_at=at,
    )
    writing.insert(made)
    return made


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
    stored: Sequence[Stored] = (),
    public_id: uuid.UUID | None = None,
    delivery_status: DeliveryStatus = DeliveryStatus.DELIVERED,
) -> Message:
    """Add an entry to the thread and set the columns that follow it on the conversation, which the verb then saves with `save`.

    It stands below what is there, also where the clock of another machine is behind.
    """
    at = max(at, conversation.last_activity_at)
    if body is not None:
        validation.check(body, "body", longest=validation.BODY_LIMIT, blank=bool(uploads or stored))
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
        delivery_status=delivery_status,
        metadata=metadata,
        created_at=at,
    )
    writing.insert(message)
    attached = [*stored, *files.store(message.workspace_id, uploads, at, beside=len(stored))]
    files.attach(message, attached, at)
    conversation.updated_at = at
    conversation.last_activity, conversation.last_activity_at = message, at
    if kind != MessageKind.NOTE:
        conversation.last_visible, conversation.last_visible_at = message, at
    if kind == MessageKind.MESSAGE:
        conversation.last_message, conversation.last_message_at = message, at
        conversation.message_count += 1
        conversation.preview = validation.preview(body or (attached[0].name if attached else "") or "")
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
    sizes: Sequence[int],
) -> Message | None:
    """The message that this very request wrote when it came the first time, if it is a repeat; the row is held.

    Raises Conflict with code `sent_already` when the id stands for another message.
    """
    if public_id is None:
        return None
    known = Message.objects.filter(workspace_id=conversation.workspace_id, public_id=public_id)
    if (first := known.prefetch_related("attachments").first()) is None:
        return None
    kept = [file.size for file in sorted(first.attachments.all(), key=lambda file: file.pk)]
    stored = (first.conversation_id, first.kind, first.sender_user_id, first.body, kept)
    if stored != (conversation.pk, kind, sender.user_id, body, [*sizes]):
        raise Conflict("this id belongs to another message", code="sent_already")
    return first


SUMMARY_FIELDS = (
    "updated_at", "last_activity", "last_activity_at", "last_visible", "last_visible_at", "last_message", "last_message_at",
    "message_count", "preview", "last_inbound_at", "last_outbound_at", "unread_count", "waiting_since", "status", "closed_at",
    "snoozed_until", "first_response_at", "next_response_due_at",
)  # fmt: skip


def save(conversation: Conversation, *more: str) -> None:
    """Save what `append` and `move` set, and the named fields besides."""
    writing.update(conversation, [*SUMMARY_FIELDS, *more])
