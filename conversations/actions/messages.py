"""Writing in a conversation: the team's reply, the customer's message, and the note that stays inside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.base import File

from accounts import journal, transaction, writing
from accounts.errors import Conflict
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import (
    entries,
    erased,
    lifecycle,
    locking,
    mentioning,
    outgoing,
    releasing,
    spam,
    ticket_counts,
    turns,
)
from conversations.actions.entries import Door
from conversations.actions.files import Stored
from conversations.actions.lifecycle import ReplyPolicy
from conversations.actions.senders import Sender
from conversations.models import Contact, Conversation, Delivery, Handler, Message, MessageKind
from tickets import actions as ticket_actions
from tickets.models import Ticket


@transaction.atomic
@writing.together(with_nested=True)
def reply(
    *,
    conversation: Conversation,
    body: str,
    by: Actor,
    at: datetime,
    sender: Sender | None = None,
    door: Door | None = None,
    policy: ReplyPolicy = lifecycle.DESK,
    uploads: Sequence[File[bytes]] = (),
    stored: Sequence[Stored] = (),
    metadata: dict[str, Any] | None = None,
    expected_last: int | None = None,
    public_id: UUID | None = None,
    leaving: Delivery | None = None,
) -> Message:
    """Answer the customer. The message is from the actor unless `sender` names another member of the team.

    Where the conversation's channel takes replies to the customer, it is queued for that in the same transaction. `leaving` is
    the scheduled reply that it is, which the caller holds, and `stored` are files that are kept already.

    `expected_last` is the last message that the writer had seen: if the thread has moved on since, nothing is sent and
    Conflict with code `thread_changed` is raised (0 stands for an empty thread). `public_id` is the message's id, if the
    caller chose one: a repeat finds the first message and sends nothing, and the same id with another text is Conflict
    with code `sent_already`. Who answers spam has decided that it is none: it is unmarked. Raises Invalid for a blank or too
    long body.
    """
    permit(by, "conversation.reply", conversation)
    conversation = locking.writable(conversation)
    sender = sender or Sender.actor(by)
    if first := entries.written_before(
        conversation,
        public_id,
        kind=MessageKind.MESSAGE,
        sender=sender,
        body=body,
        sizes=[*(file.size for file in stored), *(upload.size for upload in uploads)],
    ):
        return first
    if erased.is_unreachable(conversation):
        raise erased.unreachable()
    if expected_last is not None and (conversation.last_message_id or 0) != expected_last:
        raise Conflict("there are new messages in this conversation", code="thread_changed")
    if conversation.handler == Handler.NOBODY:
        conversation = spam.unmark_spam(conversation=conversation, by=by, at=at)
    answered_at, channel = conversation.last_outbound_at, outgoing.route(conversation)
    message = entries.append(
        conversation,
        kind=MessageKind.MESSAGE,
        sender=sender,
        body=body,
        at=at,
        entry_point=entries.door(conversation, door, at) if door else None,
        metadata=metadata,
        uploads=uploads,
        stored=stored,
        public_id=public_id,
        delivery_status=outgoing.status(channel),
    )
    had_unread = policy.is_answer and conversation.unread_count > 0
    if policy.is_answer:
        if conversation.first_response_at is None and conversation.last_inbound_at is not None:
            conversation.first_response_at = at
        conversation.next_response_due_at = None
        conversation.unread_count = 0
        conversation.waiting_since = at
    else:
        conversation.last_outbound_at = answered_at
    before = conversation.status
    turns.move(conversation, policy.after_agent(before), at)
    entries.save(conversation)
    ticket = _update_ticket(conversation, body, from_customer=False, by=by, at=at)
    if had_unread:
        ticket_counts.after_reading(conversation, ticket=ticket, by=by, at=at)
    journal.record(
        events.REPLY_SENT, conversation, by=by, at=at, message_id=writing.id_of(message), status=conversation.status
    )
    outgoing.put(message, conversation, channel, by=by, at=at, leaving=leaving)
    releasing.follow_status(conversation, before, at=at)
    mentioning.note_numbers(message, conversation, by=by, at=at)
    return message


@transaction.atomic
@writing.together(with_nested=True)
def receive(
    *,
    conversation: Conversation,
    body: str,
    by: Actor,
    at: datetime,
    sender: Sender | None = None,
    door: Door | None = None,
    policy: ReplyPolicy = lifecycle.DESK,
    uploads: Sequence[File[bytes]] = (),
    public_id: UUID | None = None,
) -> Message:
    """Add a message from the customer (the conversation's contact, unless `sender` names another person on that side).

    It unsnoozes the conversation and counts as unread, unless the policy says that nobody has to answer it, the
    conversation is spam, or the customer is blocked; whether it reopens a finished one is the policy's choice. `public_id` is the message's id, if the
    caller chose one.
    Raises Invalid for a blank or too long body.
    """
    permit(by, "conversation.receive", conversation)
    writer, conversation = conversation, locking.writable(conversation)
    customer = _customer(writer, conversation)
    is_blocked = customer.blocked_at is not None and (sender is None or sender.contact_id == customer.pk)
    asks = policy.asks_for_answer and conversation.handler != Handler.NOBODY and not is_blocked
    was_answered = conversation.last_inbound_at is None or (
        conversation.last_outbound_at is not None and conversation.last_outbound_at > conversation.last_inbound_at
    )
    inbound_at, before = conversation.last_inbound_at, conversation.status
    message = entries.append(
        conversation,
        kind=MessageKind.MESSAGE,
        sender=sender or Sender.contact(customer),
        body=body,
        at=at,
        entry_point=entries.door(conversation, door, at) if door else None,
        metadata=None if policy.asks_for_answer else {entries.AUTOMATIC: True},
        uploads=uploads,
        public_id=public_id,
    )
    if asks:
        conversation.unread_count += 1
        conversation.snoozed_until = None
        if was_answered:
            conversation.waiting_since = at
        turns.move(conversation, policy.after_customer(conversation.status), at)
    else:
        conversation.last_inbound_at = inbound_at
    entries.save(conversation)
    if asks:
        _update_ticket(conversation, body, from_customer=True, by=by, at=at)
    else:
        ticket_counts.after_reading(conversation, by=by, at=at)
    journal.record(
        events.MESSAGE_RECEIVED,
        conversation,
        by=by,
        at=at,
        message_id=writing.id_of(message),
        status=conversation.status,
    )
    releasing.follow_status(conversation, before, at=at)
    return message


@transaction.atomic
@writing.together()
def note(
    *,
    conversation: Conversation,
    body: str,
    by: Actor,
    at: datetime,
    sender: Sender | None = None,
    uploads: Sequence[File[bytes]] = (),
    stored: Sequence[Stored] = (),
    metadata: dict[str, Any] | None = None,
    public_id: UUID | None = None,
) -> Message:
    """Write what only the team sees. It is not delivered, and changes neither the preview nor the status.

    Members whom it names by `@` are mentioned.

    `public_id` and `stored` as in `reply`.
    """
    permit(by, "conversation.note", conversation)
    conversation = locking.writable(conversation)
    sender = sender or Sender.actor(by)
    if first := entries.written_before(
        conversation,
        public_id,
        kind=MessageKind.NOTE,
        sender=sender,
        body=body,
        sizes=[*(file.size for file in stored), *(upload.size for upload in uploads)],
    ):
        return first
    message = entries.append(
        conversation,
        kind=MessageKind.NOTE,
        sender=sender,
        body=body,
        at=at,
        metadata=metadata,
        uploads=uploads,
        stored=stored,
        public_id=public_id,
    )
    entries.save(conversation)
    journal.record(events.NOTE_ADDED, conversation, by=by, at=at, message_id=writing.id_of(message))
    mentioning.note_names(message, conversation, by=by, at=at)
    mentioning.note_numbers(message, conversation, by=by, at=at)
    return message


def _customer(written_in: Conversation, conversation: Conversation) -> Contact:
    """Who writes: the contact of the conversation that was named, also where it was joined into another one."""
    return conversation.contact if written_in.pk == conversation.pk else written_in.contact


def _update_ticket(
    conversation: Conversation, body: str, *, from_customer: bool, by: Actor, at: datetime
) -> Ticket | None:
    if conversation.ticket_id is None:
        return None
    return ticket_actions.note_message(
        ticket_id=conversation.ticket_id, text=body, from_customer=from_customer, by=by, at=at
    )
