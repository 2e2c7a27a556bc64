"""Replies that have not arrived yet, as a thread shows them: scheduled, held, being sent, and failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from accounts import clock
from conversations.models import Conversation, Delivery, DeliveryFile, DeliveryState, DeliveryStatus
from conversations.queries import outbox as outbox_queries
from conversations.screens import dates
from conversations.screens.inbox import chats

SOON = timedelta(minutes=2)
"""A reply that leaves within this after it was written is being sent; any other is scheduled."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A reply in the outbox, as the thread shows it below its messages, or as the state of one of them."""

    row: Delivery
    unseen: int = 0
    """How many messages hold it."""

    @property
    def public_id(self) -> UUID:
        return self.row.public_id

    @property
    def files(self) -> list[DeliveryFile]:
        return getattr(self.row, "kept", [])

    @property
    def writer(self) -> str:
        return str(self.row.writer.name or self.row.writer.email) if self.row.writer else _("A former member")

    @property
    def state(self) -> str:
        """One of sending, scheduled, held and failed."""
        if self.row.is_held:
            return "held"
        if self.row.state == DeliveryState.SCHEDULED and self.row.send_after - self.row.created_at > SOON:
            return "scheduled"
        return "failed" if self.row.state in (DeliveryState.FAILED, DeliveryState.CANCELLED) else "sending"

    @property
    def when(self) -> str:
        return dates.moment(self.row.send_after)

    @property
    def seconds(self) -> int:
        """How long it may still be taken back."""
        return max(0, round((self.row.send_after - clock.now()).total_seconds()))

    @property
    def delivery_status(self) -> str:
        """That of its message, as its state says."""
        return DeliveryStatus.SENDING if self.row.state == DeliveryState.SENDING else DeliveryStatus.FAILED

    @property
    def version(self) -> str:
        """The same as long as it is shown the same."""
        facts = (self.row.state, self.state, self.row.send_after.timestamp(), self.unseen, self.row.code)
        return "-".join(map(str, facts))


def beside(conversation: Conversation) -> list[Outgoing]:
    """What is scheduled, on its way or failed in a conversation of `with_ticket_card`."""
    if not getattr(conversation, "has_outgoing", True):
        return []
    found = outbox_queries.beside(conversation)
    return [Outgoing(row, outbox_queries.unseen(row) if row.is_held else 0) for row in found]


def context(conversation: Conversation) -> dict[str, Any]:
    """The context of what the thread shows of the outbox: whole replies, and the states of its messages by their ids."""
    at = clock.now().timestamp()
    found = beside(conversation)
    return {
        "outgoing_at": at,
        "outgoing": [one for one in found if one.row.message_id is None],
        "receipts": chats.receipts(conversation),
        "states": {one.row.message_id: one for one in found if one.row.message_id is not None},
    }
