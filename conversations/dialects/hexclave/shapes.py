"""Rows in the words of Hexclave, in either accent: snake_case for customers, camelCase for agents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from conversations import priorities
from conversations.api.fields import milliseconds
from conversations.api.twins import Twins
from conversations.dialects.hexclave.inputs import PRIORITIES
from conversations.models import Attachment, Channel, Conversation, EntryPoint, Message, MessageKind, SenderKind, Status

Accent = Callable[[str], str]

STATUSES = Twins(
    {"open": (Status.OPEN,), "pending": (Status.PENDING,), "closed": (Status.CLOSED, Status.RESOLVED)},
    otherwise="open",
)
SOURCES = Twins(
    {
        "manual": (Channel.MANUAL,),
        "chat": (Channel.CHAT, Channel.DISCORD),
        "email": (Channel.EMAIL,),
        "api": (Channel.API, Channel.CALLBACK),
    },
    otherwise="chat",
)
_SENDERS = Twins(
    {
        "user": (SenderKind.CUSTOMER,),
        "agent": (SenderKind.AGENT, SenderKind.ASSISTANT),
        "system": (SenderKind.SYSTEM,),
    },
    otherwise="system",
)
_WORDS_OF_STATUS = {
    "open": "Conversation reopened",
    "pending": "Conversation moved to pending",
    "closed": "Conversation closed",
}


def snake(name: str) -> str:
    """The customers' accent, in which everything here is written."""
    return name


@cache
def camel(name: str) -> str:
    """The agents' accent."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def priority(row: Conversation) -> str:
    """The label as the format's enum has it."""
    return priorities.printed(row.priority, PRIORITIES)


def assignee(row: Conversation) -> tuple[str | None, str | None]:
    """Id and name of the assignee: as an API caller gave them, else those of the assigned member."""
    if row.assignee_reference is not None or row.assignee_label is not None or row.assignee is None:
        return row.assignee_reference, row.assignee_label
    return str(row.assignee.public_id), row.assignee.name or row.assignee.email


def conversation(row: Conversation) -> dict[str, Any]:
    """The summary that customers see: its preview and its last activity are of what they may see."""
    return _summary(row, row.last_visible, row.last_visible_at, snake)


def agent_conversation(row: Conversation) -> dict[str, Any]:
    """The summary that agents see, notes counted in, with the record's own moments."""
    return {
        **_summary(row, row.last_activity, row.last_activity_at, camel),
        "createdAt": milliseconds(row.created_at),
        "updatedAt": milliseconds(row.updated_at),
        "lastMessageAt": milliseconds(row.last_activity_at),
        "lastInboundAt": _moment(row.last_inbound_at),
        "lastOutboundAt": _moment(row.last_outbound_at),
        "closedAt": _moment(row.closed_at),
        "recordMetadata": row.metadata or None,
    }


def _summary(row: Conversation, last: Message | None, last_at: datetime, accent: Accent) -> dict[str, Any]:
    contact = row.contact
    assignee_id, assignee_name = assignee(row)
    return {
        accent("conversation_id"): str(row.public_id),
        accent("user_id"): contact.reference,
        accent("team_id"): None,
        accent("user_display_name"): contact.name or None,
        accent("user_primary_email"): contact.email or None,
        accent("user_profile_image_url"): contact.avatar_url or None,
        "subject": row.subject,
        "status": STATUSES.printed(row.status),
        "priority": priority(row),
        "source": SOURCES.printed(row.channel),
        accent("last_message_type"): last.kind if last else MessageKind.MESSAGE.value,
        "preview": _preview(row, last),
        accent("last_activity_at"): milliseconds(last_at),
        "metadata": {
            accent("assigned_to_user_id"): assignee_id,
            accent("assigned_to_display_name"): assignee_name,
            "tags": row.tags,
            accent("first_response_due_at"): _moment(row.first_response_due_at),
            accent("first_response_at"): _moment(row.first_response_at),
            accent("next_response_due_at"): _moment(row.next_response_due_at),
            accent("last_customer_reply_at"): _moment(row.last_inbound_at),
            accent("last_agent_reply_at"): _moment(row.last_outbound_at),
        },
    }


def _preview(row: Conversation, last: Message | None) -> str | None:
    if last is None:
        return None
    if body := (last.body or "").strip():
        return body
    if last.kind == MessageKind.STATUS_CHANGE:
        return _WORDS_OF_STATUS[STATUSES.printed(row.status)]
    return "Internal note" if last.kind == MessageKind.NOTE else None


def message(row: Conversation, said: Message, accent: Accent) -> dict[str, Any]:
    """An entry of the thread; what is said of the conversation is as it is now."""
    operator = said.sender_user
    return {
        "id": str(said.public_id),
        accent("conversation_id"): str(row.public_id),
        accent("user_id"): row.contact.reference,
        accent("team_id"): None,
        "subject": row.subject,
        "status": STATUSES.printed(row.status),
        "priority": priority(row),
        "source": SOURCES.printed(row.channel),
        accent("message_type"): said.kind,
        "body": said.body,
        "attachments": [_attachment(file, accent) for file in said.attachments.all()],
        "metadata": _told(said),
        accent("created_at"): milliseconds(said.created_at),
        "sender": {
            "type": _SENDERS.printed(said.sender_kind),
            "id": said.sender_reference or (str(operator.public_id) if operator else None),
            accent("display_name"): said.sender_name or None,
            accent("primary_email"): said.sender_email or None,
        },
    }


def messages(row: Conversation, thread: Iterable[Message], accent: Accent) -> list[dict[str, Any]]:
    """A thread."""
    return [message(row, said, accent) for said in thread]


def _attachment(file: Attachment, accent: Accent) -> dict[str, Any]:
    return {"id": str(file.public_id), "name": file.name, accent("content_type"): file.content_type, "size": file.size}


def _told(said: Message) -> dict[str, str] | None:
    """What a status change tells; other messages tell nothing beside their body."""
    if said.kind != MessageKind.STATUS_CHANGE:
        return None
    status = (said.metadata or {}).get("status")
    return {"status": STATUSES.printed(status)} if isinstance(status, str) else None


def entry_point(row: EntryPoint) -> dict[str, Any]:
    """A door that the conversation has used."""
    return {
        "id": str(row.public_id),
        "channelType": SOURCES.printed(row.channel),
        "adapterKey": row.adapter,
        "externalChannelId": row.external_channel_id,
        "isEntryPoint": row.is_entry_point,
        "metadata": row.metadata,
        "createdAt": milliseconds(row.created_at),
        "updatedAt": milliseconds(row.updated_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return milliseconds(moment) if moment else None
