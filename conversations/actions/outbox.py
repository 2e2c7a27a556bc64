"""Replies that leave later: scheduling one, taking it back, and what becomes of it when it is due.

Until it leaves a scheduled reply is no message: it moves nothing that a customer, a wire format or a count could see.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.core.files.base import File

from accounts import journal, transaction, writing
from accounts.errors import Conflict, Forbidden, Invalid
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import erased, files, locking, outgoing
from conversations.actions.files import Stored
from conversations.models import Conversation, Delivery, DeliveryState, Message, Status
from conversations.texts import validation

FURTHEST = timedelta(days=366)


@transaction.atomic
@writing.together()
def schedule(
    *,
    conversation: Conversation,
    body: str,
    send_after: datetime,
    then: str = "",
    uploads: Sequence[File[bytes]] = (),
    stored: Sequence[Stored] = (),
    expected_last: int | None = None,
    public_id: UUID | None = None,
    to: Sequence[str] | None = None,
    cc: Sequence[str] | None = None,
    bcc: Sequence[str] = (),
    seen_waiting: Collection[str] | None = None,
    by: Actor,
    at: datetime,
) -> Delivery:
    """Write a reply that leaves at a moment, at most a year away, and may be taken back until then.

    `then` is Status.RESOLVED where the conversation is resolved with it. `expected_last` and `public_id` as in `reply`; what is
    new in the thread by the moment when it leaves holds it. Raises Invalid and Conflict as `reply` does, and Forbidden for
    anyone but a member.
    `seen_waiting` are the public ids of scheduled replies that the writer has seen: where another member has one that is not
    among them, Conflict with code `reply_waiting` is raised. None asks for no such check.
    `to` and `cc` are whom the writer chose; None stands for the contact, and for those whom the conversation's mails go to besides.
    """
    permit(by, "conversation.reply", conversation)
    if by.user_id is None:
        raise Forbidden("only a member can schedule a reply")
    validation.check(body, "body", longest=validation.BODY_LIMIT, blank=bool(uploads or stored))
    _check_moment(send_after, at)
    if then not in ("", Status.RESOLVED):
        raise Invalid("a reply can only resolve its conversation", field="then")
    conversation = locking.writable(conversation)
    sizes = [*(file.size for file in stored), *(upload.size for upload in uploads)]
    if public_id is not None and (first := _scheduled_before(conversation, public_id, body, sizes, by)) is not None:
        return first
    if erased.is_unreachable(conversation):
        raise erased.unreachable()
    _check_seen(conversation, expected_last)
    if seen_waiting is not None:
        _check_seen_waiting(conversation, seen_waiting, by)
    delivery = Delivery(
        workspace_id=conversation.workspace_id,
        conversation=conversation,
        channel=outgoing.route(conversation) or conversation.channel,
        mailbox_id=conversation.mailbox_id,
        writer_id=by.user_id,
        body=body,
        then=then,
        expected_last=conversation.last_message_id or 0 if expected_last is None else expected_last,
        to=None if to is None else [*to],
        cc=None if cc is None else [*cc],
        bcc=[*bcc],
        send_after=send_after,
        due_at=send_after,
        created_at=at,
    )
    delivery.public_id = public_id or delivery.public_id
    writing.insert(delivery)
    files.keep(delivery, [*stored, *files.store(conversation.workspace_id, uploads, at, beside=len(stored))])
    journal.record(
        events.REPLY_SCHEDULED,
        conversation,
        by=by,
        at=at,
        delivery_id=writing.id_of(delivery),
        send_after=send_after.isoformat(),
    )
    return delivery


@transaction.atomic
def cancel(*, delivery: Delivery, by: Actor, at: datetime) -> Delivery:
    """Take back a reply that has not left. Its text and files are kept for a while, so that they can be put back into the composer.

    Raises Conflict with code `left_already` for one that has.
    """
    permit(by, "conversation.reply", delivery)
    conversation, delivery = _held(delivery)
    if delivery.state == DeliveryState.CANCELLED and delivery.message_id is None:
        return delivery
    _check_is_here(delivery)
    delivery.state, delivery.held_at, delivery.settled_at = DeliveryState.CANCELLED, None, at
    delivery.save(update_fields=["state", "held_at", "settled_at"])
    journal.record(events.REPLY_CANCELLED, conversation, by=by, at=at, delivery_id=delivery.pk)
    return delivery


@transaction.atomic
def reschedule(*, delivery: Delivery, send_after: datetime, by: Actor, at: datetime) -> Delivery:
    """Choose another moment for a scheduled reply; one that is not in the future sends it now.

    Raises Invalid for a moment over a year away, and Conflict: `left_already`, or `held` for one that has to be reviewed.
    """
    permit(by, "conversation.reply", delivery)
    _check_moment(send_after, at)
    conversation, delivery = _held(delivery)
    _check_is_here(delivery)
    if delivery.is_held:
        raise Conflict("there are new messages in this conversation", code="held")
    if delivery.state != DeliveryState.SCHEDULED:
        raise Conflict("this reply is not scheduled", code="not_scheduled")
    if delivery.send_after == send_after:
        return delivery
    delivery.send_after = delivery.due_at = send_after
    delivery.save(update_fields=["send_after", "due_at"])
    journal.record(
        events.REPLY_RESCHEDULED,
        conversation,
        by=by,
        at=at,
        delivery_id=delivery.pk,
        send_after=send_after.isoformat(),
    )
    return delivery


@transaction.atomic
def review(*, delivery: Delivery, expected_last: int, body: str | None = None, by: Actor, at: datetime) -> Delivery:
    """Let a held reply leave, with another text unless None: the member has seen the thread up to `expected_last`, and sends it.

    Raises Invalid for a blank or too long text, and Conflict: `left_already`, or `thread_changed` where there is more.
    """
    permit(by, "conversation.reply", delivery)
    conversation, delivery = _held(delivery)
    _check_is_here(delivery)
    if delivery.state != DeliveryState.SCHEDULED:
        raise Conflict("this reply is not scheduled", code="not_scheduled")
    _check_seen(conversation, expected_last)
    if body is not None:
        validation.check(body, "body", longest=validation.BODY_LIMIT, blank=delivery.files.exists())
        delivery.body = body
    delivery.writer_id = by.user_id or delivery.writer_id
    delivery.expected_last, delivery.held_at = expected_last, None
    delivery.send_after = delivery.due_at = at
    delivery.save(update_fields=["body", "writer", "expected_last", "held_at", "send_after", "due_at"])
    journal.record(events.REPLY_REVIEWED, conversation, by=by, at=at, delivery_id=delivery.pk)
    return delivery


@transaction.atomic
def hold(*, delivery: Delivery, by: Actor, at: datetime) -> Delivery:
    """Keep a due reply back, as there are messages that its writer has not seen."""
    permit(by, "conversation.reply", delivery)
    conversation, delivery = _held(delivery)
    if delivery.state != DeliveryState.SCHEDULED or delivery.held_at is not None:
        return delivery
    delivery.held_at = at
    delivery.save(update_fields=["held_at"])
    last = conversation.last_message_id
    journal.record(events.REPLY_HELD, conversation, by=by, at=at, delivery_id=delivery.pk, last_message_id=last)
    return delivery


def _held(delivery: Delivery) -> tuple[Conversation, Delivery]:
    """The conversation and the delivery as they are now, locked in this order."""
    conversation = locking.locked(Conversation(pk=delivery.conversation_id, workspace_id=delivery.workspace_id))
    return conversation, transaction.held(delivery)


def _check_is_here(delivery: Delivery) -> None:
    if delivery.message_id is not None or delivery.state == DeliveryState.SENT:
        raise Conflict("this reply has been sent already", code="left_already")
    if delivery.state == DeliveryState.CANCELLED:
        raise Conflict("this reply was cancelled", code="cancelled")


def _check_seen(conversation: Conversation, expected_last: int | None) -> None:
    if expected_last is not None and (conversation.last_message_id or 0) != expected_last:
        raise Conflict("there are new messages in this conversation", code="thread_changed")


def _check_seen_waiting(conversation: Conversation, seen: Collection[str], by: Actor) -> None:
    rows = Delivery.objects.filter(conversation=conversation, state=DeliveryState.SCHEDULED, held_at=None)
    others = rows.exclude(writer=by.user_id).values_list("public_id", flat=True)
    if any(str(public_id) not in seen for public_id in others):
        raise Conflict("another reply of this conversation is waiting to be sent", code="reply_waiting")


def _check_moment(send_after: datetime, at: datetime) -> None:
    if send_after > at + FURTHEST:
        raise Invalid("a reply can be scheduled for a year ahead at most", field="send_after")


def _scheduled_before(
    conversation: Conversation, public_id: UUID, body: str, sizes: list[int], by: Actor
) -> Delivery | None:
    """The reply that this very request scheduled when it came the first time. Raises Conflict, as `written_before` does."""
    known = Delivery.objects.filter(workspace_id=conversation.workspace_id, public_id=public_id)
    first = known.select_related("message").first()
    if first is None:
        if Message.objects.filter(workspace_id=conversation.workspace_id, public_id=public_id).exists():
            raise Conflict("this id belongs to another message", code="sent_already")
        return None
    text = first.message.body if first.message else first.body
    kept = first.message.attachments.order_by("pk") if first.message else first.files.order_by("pk")
    if (first.conversation_id, first.writer_id, text, [file.size for file in kept]) != (
        conversation.pk,
        by.user_id,
        body,
        sizes,
    ):
        raise Conflict("this id belongs to another message", code="sent_already")
    return first
