"""Hexclave's enums for the desk's values, and the assignee."""

from __future__ import annotations

from conversations.api.twins import Twins
from conversations.models import Channel, Conversation, MessageKind, SenderKind, Status

STATUSES = Twins(
    {"open": (Status.OPEN,), "pending": (Status.PENDING,), "closed": (Status.CLOSED, Status.RESOLVED)},
    otherwise="open",
)
SOURCES = Twins(
    {
        "manual": (Channel.MANUAL,),
        "chat": (Channel.CHAT, Channel.DISCORD, Channel.FORM),
        "email": (Channel.EMAIL,),
        "api": (Channel.API, Channel.CALLBACK),
    },
    otherwise="chat",
)
SENDERS = Twins(
    {
        "user": (SenderKind.CUSTOMER,),
        "agent": (SenderKind.AGENT, SenderKind.ASSISTANT),
        "system": (SenderKind.SYSTEM,),
    },
    otherwise="system",
)
KINDS = Twins({kind: (kind,) for kind in MessageKind.values}, otherwise=MessageKind.MESSAGE)
PRIORITIES = ("low", "normal", "high", "urgent")


def assignee(row: Conversation) -> tuple[str | None, str | None]:
    """Id and name of the assignee: as an API caller gave them, else those of the assigned member."""
    if row.assignee_reference is not None or row.assignee_label is not None or row.assignee is None:
        return row.assignee_reference, row.assignee_label
    return str(row.assignee.public_id), row.assignee.name or row.assignee.email
