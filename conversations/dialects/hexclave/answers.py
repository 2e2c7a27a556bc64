"""What is answered, for OpenAPI. Every key is always there; what may be unknown is null."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from conversations.dialects.hexclave.inputs import MESSAGE_TYPES, PRIORITIES, SENDERS, SOURCES, STATUSES


def _text(*, null: bool = False) -> serializers.CharField:
    return serializers.CharField(allow_null=null)


def _moment(*, null: bool = False) -> serializers.DateTimeField:
    return serializers.DateTimeField(allow_null=null, help_text="UTC, with milliseconds.")


def _one_of(values: tuple[str, ...]) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=list(values))


# --- Customers ----------------------------------------------------------------------------------


class HexclaveMetadata(serializers.Serializer[Any]):
    assigned_to_user_id = _text(null=True)
    assigned_to_display_name = _text(null=True)
    tags = serializers.ListField(child=serializers.CharField(allow_blank=True))
    first_response_due_at = _moment(null=True)
    first_response_at = _moment(null=True)
    next_response_due_at = _moment(null=True)
    last_customer_reply_at = _moment(null=True)
    last_agent_reply_at = _moment(null=True)


class HexclaveConversation(serializers.Serializer[Any]):
    conversation_id = serializers.UUIDField()
    user_id = _text(null=True)
    team_id = _text(null=True)
    user_display_name = _text(null=True)
    user_primary_email = serializers.EmailField(allow_null=True)
    user_profile_image_url = _text(null=True)
    subject = _text()
    status = _one_of(STATUSES)
    priority = _one_of(PRIORITIES)
    source = _one_of(SOURCES)  # type: ignore[assignment]  # a field's own `source` is another thing
    last_message_type = _one_of(MESSAGE_TYPES)
    preview = _text(null=True)
    last_activity_at = _moment()
    metadata = HexclaveMetadata()


class HexclaveSender(serializers.Serializer[Any]):
    type = _one_of(SENDERS)
    id = _text(null=True)
    display_name = _text(null=True)
    primary_email = serializers.EmailField(allow_null=True)


class HexclaveMessage(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    user_id = _text(null=True)
    team_id = _text(null=True)
    subject = _text()
    status = _one_of(STATUSES)
    priority = _one_of(PRIORITIES)
    source = _one_of(SOURCES)  # type: ignore[assignment]
    message_type = _one_of(MESSAGE_TYPES)
    body = _text(null=True)
    attachments = serializers.ListField(child=serializers.DictField())
    metadata = serializers.DictField(allow_null=True)
    created_at = _moment()
    sender = HexclaveSender()


class HexclaveConversationList(serializers.Serializer[Any]):
    conversations = HexclaveConversation(many=True)
    has_more = serializers.BooleanField()


class HexclaveThread(serializers.Serializer[Any]):
    conversation = HexclaveConversation()
    messages = serializers.ListField(child=HexclaveMessage(), min_length=1)


class HexclaveCreated(serializers.Serializer[Any]):
    conversation_id = serializers.UUIDField()


class HexclaveSuccess(serializers.Serializer[Any]):
    success = serializers.BooleanField()


# --- Agents -------------------------------------------------------------------------------------


class HexclaveAgentMetadata(serializers.Serializer[Any]):
    assignedToUserId = _text(null=True)
    assignedToDisplayName = _text(null=True)
    tags = serializers.ListField(child=serializers.CharField(allow_blank=True))
    firstResponseDueAt = _moment(null=True)
    firstResponseAt = _moment(null=True)
    nextResponseDueAt = _moment(null=True)
    lastCustomerReplyAt = _moment(null=True)
    lastAgentReplyAt = _moment(null=True)


class HexclaveAgentConversation(serializers.Serializer[Any]):
    conversationId = serializers.UUIDField()
    userId = _text(null=True)
    teamId = _text(null=True)
    userDisplayName = _text(null=True)
    userPrimaryEmail = serializers.EmailField(allow_null=True)
    userProfileImageUrl = _text(null=True)
    subject = _text()
    status = _one_of(STATUSES)
    priority = _one_of(PRIORITIES)
    source = _one_of(SOURCES)  # type: ignore[assignment]
    lastMessageType = _one_of(MESSAGE_TYPES)
    preview = _text(null=True)
    lastActivityAt = _moment()
    metadata = HexclaveAgentMetadata()
    createdAt = _moment()
    updatedAt = _moment()
    lastMessageAt = _moment()
    lastInboundAt = _moment(null=True)
    lastOutboundAt = _moment(null=True)
    closedAt = _moment(null=True)
    recordMetadata = serializers.DictField(allow_null=True)


class HexclaveAgentSender(serializers.Serializer[Any]):
    type = _one_of(SENDERS)
    id = _text(null=True)
    displayName = _text(null=True)
    primaryEmail = serializers.EmailField(allow_null=True)


class HexclaveAgentMessage(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    conversationId = serializers.UUIDField()
    userId = _text(null=True)
    teamId = _text(null=True)
    subject = _text()
    status = _one_of(STATUSES)
    priority = _one_of(PRIORITIES)
    source = _one_of(SOURCES)  # type: ignore[assignment]
    messageType = _one_of(MESSAGE_TYPES)
    body = _text(null=True)
    attachments = serializers.ListField(child=serializers.DictField())
    metadata = serializers.DictField(allow_null=True)
    createdAt = _moment()
    sender = HexclaveAgentSender()


class HexclaveEntryPoint(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    channelType = _one_of(SOURCES)
    adapterKey = _text()
    externalChannelId = _text(null=True)
    isEntryPoint = serializers.BooleanField()
    metadata = serializers.DictField(allow_null=True)
    createdAt = _moment()
    updatedAt = _moment()


class HexclaveAgentConversationList(serializers.Serializer[Any]):
    conversations = HexclaveAgentConversation(many=True)
    hasMore = serializers.BooleanField()


class HexclaveAgentThread(serializers.Serializer[Any]):
    conversation = HexclaveAgentConversation()
    messages = HexclaveAgentMessage(many=True)
    entryPoints = HexclaveEntryPoint(many=True)


class HexclaveAgentCreated(serializers.Serializer[Any]):
    conversationId = serializers.UUIDField()
