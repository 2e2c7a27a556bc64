"""What is in the outbox: beside a thread, and what was not sent."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce, Substr

from accounts.compiled import compiled
from accounts.errors import NotFound
from conversations.models import Conversation, Delivery, DeliveryFile, DeliveryState, Message, MessageKind
from conversations.queries import mailboxes

MOST_UNSENT = 1000
SHOWN = 200
"""How many characters of an unsent reply a list shows."""
UNDO_SECONDS = 10
"""For a conversation of which no mailbox says otherwise."""


def unsettled() -> QuerySet[Delivery]:
    """Of each conversation, what is scheduled or on its way, and what failed, also where it was discarded."""
    left = Q(state=DeliveryState.CANCELLED, message__isnull=False)
    return Delivery.objects.filter(
        Q(state__in=(DeliveryState.SCHEDULED, DeliveryState.SENDING, DeliveryState.FAILED)) | left
    )


def beside(conversation: Conversation) -> list[Delivery]:
    """What a thread shows beside its messages, oldest first: each with its writer, and with its files as `kept`."""
    found = _beside.rows(conversation=conversation.pk)
    files: dict[int, list[DeliveryFile]] = {row.pk: [] for row in found if row.message_id is None}
    for file in _files.rows(deliveries=[*files]) if files else ():
        files[file.delivery_id].append(file)
    for row in found:
        row.kept = files.get(row.pk, [])  # type: ignore[attr-defined]
    return found


@compiled
def _beside(*, conversation: int) -> QuerySet[Delivery]:
    rows = unsettled().filter(conversation=conversation).select_related("writer")
    return rows.order_by("id")


@compiled
def _files(*, deliveries: list[int]) -> QuerySet[DeliveryFile]:
    return DeliveryFile.objects.filter(delivery__any_of=deliveries).order_by("id")


def unseen(delivery: Delivery) -> int:
    """How many messages of others have come since its writer wrote it."""
    rows = Message.objects.filter(conversation=delivery.conversation_id, kind=MessageKind.MESSAGE)
    return rows.filter(pk__gt=delivery.expected_last or 0).exclude(sender_user=delivery.writer_id).count()


def delivery(conversation: Conversation, public_id: uuid.UUID) -> Delivery:
    """A reply of the conversation in the outbox. Raises NotFound."""
    found = Delivery.objects.filter(conversation=conversation, public_id=public_id).first()
    if found is None:
        raise NotFound("there is no such reply")
    return found


def cancelled(conversation: Conversation, public_id: uuid.UUID) -> Delivery | None:
    """A reply that was taken back before it left."""
    rows = Delivery.objects.filter(conversation=conversation, public_id=public_id, message=None)
    return (
        rows.filter(state=DeliveryState.CANCELLED)
        .prefetch_related(Prefetch("files", DeliveryFile.objects.order_by("pk")))
        .first()
    )


def cancelled_files(conversation: Conversation, public_ids: list[uuid.UUID]) -> list[DeliveryFile]:
    """Those of these files that belong to replies of the conversation that were taken back."""
    rows = DeliveryFile.objects.filter(public_id__in=public_ids, delivery__conversation=conversation)
    return list(rows.filter(delivery__state=DeliveryState.CANCELLED).order_by("pk"))


def is_sent(public_id: uuid.UUID) -> bool:
    """Whether a reply was written, also one that was taken back, or a conversation recorded, under this id."""
    sent = Delivery.objects.filter(public_id=public_id), Conversation.objects.filter(public_id=public_id)
    return any(rows.exists() for rows in sent)


def to_look_at() -> QuerySet[Delivery]:
    """Replies that a member has to look at: they failed, or are held."""
    return Delivery.objects.filter(
        Q(state=DeliveryState.FAILED) | Q(state=DeliveryState.SCHEDULED, held_at__isnull=False)
    )


def has_failed() -> bool:
    """Whether there are replies that can be tried again; those that are held want a review."""
    return Delivery.objects.filter(state=DeliveryState.FAILED, message__isnull=False).exists()


def unsent() -> QuerySet[Delivery, int]:
    """The conversations of the newest replies that a member has to look at."""
    return to_look_at().order_by("-id").values_list("conversation", flat=True)[:MOST_UNSENT]


def newest_unsent(conversations: Iterable[int]) -> dict[int, Delivery]:
    """By conversation, the newest reply that a member has to look at, with its writer and the beginning of its text as `shown`."""
    rows = to_look_at().filter(conversation__in=[*conversations]).select_related("writer").defer("body", "reason")
    text = Substr(Coalesce("message__body", "body"), 1, SHOWN)
    return {row.conversation_id: row for row in rows.annotate(shown=text).order_by("id")}


def undo_seconds(conversation: Conversation) -> int:
    """For how long a reply by mail can be taken back: what its mailbox says."""
    mailbox = conversation.mailbox or mailboxes.default()
    return UNDO_SECONDS if mailbox is None else mailbox.undo_seconds
