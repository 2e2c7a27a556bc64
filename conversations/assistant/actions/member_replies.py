"""A member's reply from the inbox, at once or when it is due: it takes over from the assistant, and may assign its writer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.files.base import File

from accounts import queries as people
from accounts import tenancy, transaction
from accounts.errors import Conflict, DomainError, NotFound
from accounts.models import User
from accounts.permissions import Actor, may, permit
from conversations.actions import delivery as deliveries
from conversations.actions import lifecycle, locking, messages, outbox, triage
from conversations.actions.files import Stored
from conversations.assistant import queries as assistant_queries
from conversations.assistant.actions.hand_over import take_over
from conversations.models import Conversation, Delivery, DeliveryFile, DeliveryState, Handler, Message, MessageKind

REMOVED = "The person who wrote it is no longer a member."
VIEWER = "The person who wrote it may no longer reply."
BROKEN = "Something went wrong when it was sent."


@transaction.atomic
def reply_as_member(
    *,
    conversation: Conversation,
    body: str,
    writer: User,
    then: str = "",
    uploads: Sequence[File[bytes]] = (),
    stored: Sequence[Stored] = (),
    expected_last: int | None = None,
    public_id: UUID | None = None,
    leaving: Delivery | None = None,
    by: Actor,
    at: datetime,
) -> Message:
    """Reply as `actions.reply` does. Where the assistant answers, the writer takes over; an unassigned conversation becomes theirs
    where the workspace wants that, unless `then` resolves it and it is released with that."""
    permit(by, "conversation.reply", conversation)
    if conversation.handler == Handler.ASSISTANT:
        thread = assistant_queries.thread_of(conversation)
        if thread is None:
            raise NotFound("the conversation with the assistant was deleted")
        take_over(thread=thread, to=writer, by=by, at=at)
    message = messages.reply(
        conversation=conversation,
        body=body,
        uploads=uploads,
        stored=stored,
        expected_last=expected_last,
        policy=lifecycle.SEND_AND_RESOLVE if then else lifecycle.DESK,
        public_id=public_id,
        leaving=leaving,
        by=by,
        at=at,
    )
    answered = message.conversation  # as it is now, and locked
    workspace = tenancy.current()
    is_released = answered.is_done and workspace.releases_resolved
    if answered.is_unassigned and workspace.assigns_writer and not is_released:
        triage.assign(conversation=answered, to=writer, team=answered.team, by=by, at=at)
    return message


@transaction.atomic
def leave(*, delivery: Delivery, by: Actor, at: datetime) -> Delivery:
    """Send a scheduled reply as its writer. Where there are messages that they have not seen, it is held; where it cannot be sent,
    as its writer was removed, it fails. Nothing is done for one that has left, or is held or cancelled."""
    permit(by, "conversation.reply", delivery)
    conversation = Conversation.objects.filter(pk=delivery.conversation_id).first()
    if conversation is None:
        return delivery
    if conversation.handler == Handler.ASSISTANT and (thread := assistant_queries.thread_of(conversation)) is not None:
        transaction.held(thread)  # before its conversation
    conversation, delivery = locking.locked(conversation), transaction.held(delivery)
    if delivery.state != DeliveryState.SCHEDULED or delivery.held_at is not None:
        return delivery
    membership = people.membership(delivery.writer_id) if delivery.writer_id else None
    if membership is None or not membership.user.is_active:
        return deliveries.mark_failed(delivery=delivery, code="writer_removed", reason=REMOVED, by=by, at=at)
    writer = Actor.member(membership)
    if not may(writer, "conversation.reply"):
        return deliveries.mark_failed(delivery=delivery, code="writer_may_not", reason=VIEWER, by=by, at=at)
    files = list(DeliveryFile.objects.filter(delivery=delivery).order_by("pk"))
    try:
        with transaction.apart():
            message = reply_as_member(
                conversation=conversation,
                body=delivery.body,
                writer=membership.user,
                then=delivery.then,
                stored=[Stored.of(file) for file in files],
                expected_last=_seen(delivery, conversation),
                public_id=delivery.public_id,
                leaving=delivery,
                by=writer,
                at=at,
            )
            if delivery.message_id != message.pk:
                raise Conflict("this id belongs to another message", code="sent_already")
            DeliveryFile.objects.filter(pk__in=[file.pk for file in files]).delete()
    except Conflict as error:
        if error.code != "thread_changed":
            return deliveries.mark_failed(delivery=_again(delivery), code=error.code, reason=BROKEN, by=by, at=at)
        return outbox.hold(delivery=_again(delivery), by=by, at=at)
    except DomainError as error:
        return deliveries.mark_failed(delivery=_again(delivery), code=error.code, reason=BROKEN, by=by, at=at)
    return delivery


def _seen(delivery: Delivery, conversation: Conversation) -> int | None:
    """The last message that the writer had seen; what they have sent themselves since counts as seen."""
    last = conversation.last_message_id or 0
    if delivery.expected_last is None or delivery.expected_last >= last:
        return delivery.expected_last
    newer = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE, pk__gt=delivery.expected_last)
    others = newer.exclude(sender_user=delivery.writer_id)
    return delivery.expected_last if others.exists() else last


def _again(delivery: Delivery) -> Delivery:
    """The row as it was before the attempt that was undone."""
    return Delivery.objects.get(pk=delivery.pk)
