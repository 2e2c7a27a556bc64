"""Taking messages from one conversation to another, with all that belongs to them, and back.

The verbs that call this hold both rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from conversations.actions import entries
from conversations.actions.entries import Door
from conversations.models import (
    CallbackRequest,
    Channel,
    Conversation,
    Delivery,
    DeliveryState,
    EntryPoint,
    InboundMail,
    MailReference,
    Mention,
    Message,
    Proof,
)

_NOT_LEFT = (DeliveryState.SCHEDULED, DeliveryState.FAILED)
Trace = dict[str, Any]
"""What `back` needs: where each message and mail had come from."""


def hold_mails(messages: Sequence[int]) -> None:
    """Hold the mails that the messages were, for a verb that takes the tally before it moves them."""
    held = InboundMail.objects.select_for_update(no_key=True).filter(message__in=messages)
    list(held.order_by("pk").values_list("pk"))


def over(messages: Sequence[int], source: Conversation, target: Conversation, at: datetime) -> Trace:
    """Take messages to another conversation: their mails, ids of mails and deliveries follow, and so does the next mail."""
    points = Message.objects.filter(pk__in=messages, entry_point__isnull=False)
    trace: Trace = {
        "points": [[pk, point] for pk, point in points.order_by("pk").values_list("pk", "entry_point")],
        "mails": [
            [*values]
            for values in InboundMail.objects.filter(message__in=messages)
            .order_by("pk")
            .values_list("pk", "proof", "is_stranger", "suggested")
        ],
    }
    doors = _doors({point for _, point in trace["points"]}, target, at)
    Message.objects.filter(pk__in=messages).update(conversation=target)
    for point, door in doors.items():
        Message.objects.filter(pk__in=[pk for pk, was in trace["points"] if was == point]).update(entry_point=door)
    mails = InboundMail.objects.filter(message__in=messages)
    mails.update(conversation=target, proof=Proof.MOVED, suggested=None)
    InboundMail.objects.filter(message__in=messages, from_address=target.contact.email).update(is_stranger=False)
    InboundMail.objects.filter(message__in=messages).exclude(from_address=target.contact.email).update(is_stranger=True)
    _follow(messages, source, target)
    return trace


def back(messages: Sequence[int], source: Conversation, target: Conversation, trace: Trace) -> None:
    """Take messages back from the target, with the doors and the proofs that they had."""
    Message.objects.filter(pk__in=messages).update(conversation=source)
    for point in {point for _, point in trace["points"]}:
        Message.objects.filter(pk__in=[pk for pk, was in trace["points"] if was == point]).update(entry_point=point)
    for pk, proof, is_stranger, suggested in trace["mails"]:
        InboundMail.objects.filter(pk=pk).update(
            conversation=source, proof=proof, is_stranger=is_stranger, suggested=suggested
        )
    _follow(messages, target, source)


def all_that_waits(source: Conversation, target: Conversation, at: datetime) -> Trace:
    """Take along what belongs to no single message: ids of mails, a call that is to be made, and replies that have not left.

    These wait for their writers, who have not seen the other thread.
    """
    hold(source, at)
    waiting = Delivery.objects.filter(conversation=source, state__in=_NOT_LEFT, message=None)
    deliveries = list(waiting.order_by("pk").values_list("pk", flat=True))
    Delivery.objects.filter(pk__in=deliveries).update(conversation=target)
    references = MailReference.objects.filter(conversation=source, message=None)
    named = list(references.order_by("pk").values_list("pk", flat=True))
    MailReference.objects.filter(pk__in=named).update(conversation=target)
    calls: list[int] = []
    if not CallbackRequest.objects.filter(conversation=target).exists():
        calls = list(CallbackRequest.objects.filter(conversation=source).values_list("pk", flat=True))
        CallbackRequest.objects.filter(pk__in=calls).update(conversation=target)
    return {"deliveries": deliveries, "references": named, "calls": calls}


def waiting_back(source: Conversation, trace: Trace) -> None:
    """Bring back what `all_that_waits` took along; replies go on waiting for their writers."""
    Delivery.objects.filter(pk__in=trace.get("deliveries", ()), message=None).update(conversation=source)
    MailReference.objects.filter(pk__in=trace.get("references", ())).update(conversation=source)
    CallbackRequest.objects.filter(pk__in=trace.get("calls", ())).update(conversation=source)


def hold(conversation: Conversation, at: datetime) -> None:
    """Let replies that have not left wait for their writers."""
    waiting = Delivery.objects.filter(conversation=conversation, state=DeliveryState.SCHEDULED, held_at=None)
    waiting.update(held_at=at)


def index(*conversations: Conversation) -> None:
    """Make anew what search reads of the conversations: PostgreSQL follows what is written, not what is moved."""
    with connection.cursor() as cursor:
        for row in sorted(conversations, key=lambda row: row.pk):
            cursor.execute("SELECT search_write(%s, %s)", [row.workspace_id, row.pk])


def _follow(messages: Sequence[int], source: Conversation, target: Conversation) -> None:
    MailReference.objects.filter(conversation=source, message__in=messages).update(conversation=target)
    Delivery.objects.filter(message__in=messages).update(conversation=target)
    Mention.objects.filter(message__in=messages).update(conversation=target)


def _doors(points: Iterable[int], target: Conversation, at: datetime) -> dict[int, EntryPoint]:
    """The target's own doors of the same channels and integrations."""
    found = EntryPoint.objects.filter(pk__in=sorted(points)).order_by("pk")
    return {point.pk: entries.door(target, Door(Channel(point.channel), point.adapter), at) for point in found}
