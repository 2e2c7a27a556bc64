"""What is answered, in both accents. Every key is always there; what may be unknown is null."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Protocol, cast

from rest_framework import serializers

from conversations.api import outputs
from conversations.api.fields import milliseconds
from conversations.dialects.hexclave.accents import for_agents, in_camel_case
from conversations.dialects.hexclave.shapes import KINDS, PRIORITIES, SENDERS, SOURCES, STATUSES, assignee
from conversations.models import Attachment, Conversation, EntryPoint, Message, MessageKind

_STATUS_PREVIEWS = {
    "open": "Conversation reopened",
    "pending": "Conversation moved to pending",
    "closed": "Conversation closed",
}


class Moment(serializers.DateTimeField):
    """ISO 8601 in UTC with milliseconds."""

    prints = staticmethod(milliseconds)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"help_text": "UTC, with milliseconds.", **kwargs})


def _text(source: str | None = None, *, null: bool = False, blank: bool = False) -> serializers.CharField:
    return serializers.CharField(source=source, allow_null=null, allow_blank=blank)


class Listed(NamedTuple):
    """A page of a list."""

    conversations: Iterable[Conversation]
    has_more: bool


class Entry(Protocol):
    """A message with its files."""

    files: list[Attachment]


class Thread(NamedTuple):
    """A conversation with its messages, each with its `files`, and the channels that it has used."""

    conversation: Conversation
    messages: Iterable[Message]
    entry_points: Iterable[EntryPoint] = ()


class Created(NamedTuple):
    """The id of a new conversation."""

    conversation_id: Any


# --- Customers ----------------------------------------------------------------------------------


class HexclaveMetadata(outputs.Output):
    reads = ("assignee_reference", "assignee_label", "assignee__public_id", "assignee__name", "assignee__email")

    assigned_to_user_id = _text(null=True, blank=True)
    assigned_to_display_name = _text(null=True, blank=True)
    tags = serializers.ListField(child=serializers.CharField(allow_blank=True))
    first_response_due_at = Moment(allow_null=True)
    first_response_at = Moment(allow_null=True)
    next_response_due_at = Moment(allow_null=True)
    last_customer_reply_at = Moment(source="last_inbound_at", allow_null=True)
    last_agent_reply_at = Moment(source="last_outbound_at", allow_null=True)

    def get_assigned_to_user_id(self, row: Conversation) -> str | None:
        return assignee(row)[0]

    def get_assigned_to_display_name(self, row: Conversation) -> str | None:
        return assignee(row)[1]


# Preview and last activity are those of the messages that the reader may see.
class HexclaveConversation(outputs.Output):
    last: ClassVar[str] = "last_visible"
    reads = (
        "contact__external_id",
        "contact__public_id",
        "last_visible_at",
        "last_visible__kind",
        "last_visible__body",
    )

    conversation_id = serializers.UUIDField(source="public_id")
    user_id = _text("contact.reference", null=True)
    team_id = outputs.always(None, _text(null=True))
    user_display_name = _text("contact.name", null=True)
    user_primary_email = serializers.EmailField(source="contact.email", allow_null=True)
    user_profile_image_url = _text("contact.avatar_url", null=True)
    subject = _text()
    status = outputs.Word(STATUSES)
    priority = outputs.Priority(PRIORITIES)
    source = outputs.Word(SOURCES, source="channel")  # type: ignore[assignment]  # a field's own `source` is another thing
    last_message_type = outputs.Word(KINDS)
    preview = _text(null=True)
    last_activity_at = Moment()
    metadata = HexclaveMetadata(source="*")

    def get_last_message_type(self, row: Conversation) -> str:
        last: Message | None = getattr(row, self.last)
        return last.kind if last else MessageKind.MESSAGE

    def get_preview(self, row: Conversation) -> str | None:
        last: Message | None = getattr(row, self.last)
        if last is None:
            return None
        if body := (last.body or "").strip():
            return body
        if last.kind == MessageKind.STATUS_CHANGE:
            return _STATUS_PREVIEWS[STATUSES.printed(row.status)]
        return "Internal note" if last.kind == MessageKind.NOTE else None

    def get_last_activity_at(self, row: Conversation) -> datetime:
        return row.last_visible_at


class HexclaveSender(outputs.Output):
    reads = ("sender_reference", "sender_user__public_id")

    type = outputs.Word(SENDERS, source="sender_kind")
    id = _text(null=True, blank=True)
    display_name = _text("sender_name", null=True)
    primary_email = serializers.EmailField(source="sender_email", allow_null=True)

    def get_id(self, message: Message) -> str | None:
        operator = message.sender_user
        return message.sender_reference or (str(operator.public_id) if operator else None)


class HexclaveAttachment(outputs.Output):
    id = serializers.UUIDField(source="public_id")
    name = _text()
    content_type = _text()
    size = serializers.IntegerField(min_value=0)


# Values of the conversation are the current ones.
class HexclaveMessage(outputs.Output):
    id = serializers.UUIDField(source="public_id")
    conversation_id = serializers.UUIDField(source="conversation.public_id")
    user_id = _text("conversation.contact.reference", null=True)
    team_id = outputs.always(None, _text(null=True))
    subject = _text("conversation.subject")
    status = outputs.Word(STATUSES, source="conversation.status")
    priority = outputs.Priority(PRIORITIES, source="conversation.priority")
    source = outputs.Word(SOURCES, source="conversation.channel")  # type: ignore[assignment]
    message_type = outputs.Word(KINDS, source="kind")
    body = _text(null=True, blank=True)
    attachments = HexclaveAttachment(many=True)
    metadata = serializers.DictField(allow_null=True)
    created_at = Moment()
    sender = HexclaveSender(source="*")

    def get_attachments(self, message: Message) -> Iterable[Attachment]:
        return cast(Entry, message).files

    def get_metadata(self, message: Message) -> dict[str, str] | None:
        """The new status of a status change; None for other messages."""
        if message.kind != MessageKind.STATUS_CHANGE:
            return None
        status = (message.metadata or {}).get("status")
        return {"status": STATUSES.printed(status)} if isinstance(status, str) else None


class HexclaveConversationList(outputs.Output):
    conversations = HexclaveConversation(many=True)
    has_more = serializers.BooleanField()


class HexclaveThread(outputs.Output):
    conversation = HexclaveConversation()
    messages = serializers.ListField(child=HexclaveMessage(), min_length=1)


class HexclaveCreated(outputs.Output):
    conversation_id = serializers.UUIDField()


class HexclaveSuccess(outputs.Output):
    success = serializers.BooleanField(source="*")


# --- Agents -------------------------------------------------------------------------------------


# Notes count as activity, and the record's own timestamps are added.
@in_camel_case
class HexclaveAgentConversation(HexclaveConversation):
    last = "last_activity"
    reads = (
        "contact__external_id",
        "contact__public_id",
        "last_activity__kind",
        "last_activity__body",
        "metadata",
    )

    created_at = Moment()
    updated_at = Moment()
    last_message_at = Moment(source="last_activity_at")
    last_inbound_at = Moment(allow_null=True)
    last_outbound_at = Moment(allow_null=True)
    closed_at = Moment(allow_null=True)
    record_metadata = serializers.DictField(allow_null=True)

    def get_last_activity_at(self, row: Conversation) -> datetime:
        return row.last_activity_at

    def get_record_metadata(self, row: Conversation) -> dict[str, Any] | None:
        return row.metadata or None


@in_camel_case
class HexclaveEntryPoint(outputs.Output):
    id = serializers.UUIDField(source="public_id")
    channel_type = outputs.Word(SOURCES, source="channel")
    adapter_key = _text("adapter")
    external_channel_id = _text(null=True, blank=True)
    is_entry_point = serializers.BooleanField()
    metadata = serializers.DictField(allow_null=True)
    created_at = Moment()
    updated_at = Moment()


@in_camel_case
class HexclaveAgentThread(HexclaveThread):
    messages = HexclaveMessage(many=True)  # type: ignore[assignment]  # a list of them either way
    entry_points = HexclaveEntryPoint(many=True)


HexclaveAgentConversationList = for_agents(HexclaveConversationList)
HexclaveAgentCreated = for_agents(HexclaveCreated)
