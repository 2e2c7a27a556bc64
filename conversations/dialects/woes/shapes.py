"""Names and values of Woes, both ways: rows become its objects, its request bodies become arguments of verbs."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.api.fields import MAYBE_EMAIL, Choice, Text, Words, milliseconds
from conversations.api.twins import Twins
from conversations.models import Channel, Conversation, Message, SenderKind, Status

STATUSES = Twins(
    {"open": (Status.OPEN,), "waiting": (Status.PENDING,), "solved": (Status.RESOLVED, Status.CLOSED)},
    otherwise="open",
)
CHANNELS = Twins(
    {
        "api": (Channel.API, Channel.CALLBACK, Channel.MANUAL),
        "live-chat": (Channel.CHAT,),
        "email": (Channel.EMAIL,),
        "discord": (Channel.DISCORD,),
    },
    otherwise="api",
)
ROLES = ("user", "assistant")
BODY_LIMIT = 8_000


def conversation(row: Conversation, *, customer: dict[str, Any] | None = None) -> dict[str, Any]:
    """The conversation object. `customer` stands in for the stored person, who is not shown to an unproven caller."""
    return {
        "object": "conversation",
        "id": str(row.public_id),
        "channel": CHANNELS.printed(row.channel),
        "status": STATUSES.printed(row.status),
        "priority": row.priority,
        "subject": row.subject,
        "preview": row.preview or row.subject,
        "customer": customer or stored_customer(row),
        "createdAt": milliseconds(row.created_at),
        "updatedAt": milliseconds(row.updated_at),
        "lastMessageAt": milliseconds(row.last_message_at),
        "closedAt": milliseconds(row.closed_at) if row.closed_at else None,
    }


def stored_customer(row: Conversation) -> dict[str, Any]:
    """The person as the desk knows them."""
    contact = row.contact
    return {
        "id": contact.reference,
        "name": contact.name or None,
        "email": contact.email or None,
        "company": contact.company or None,
        "identitySource": contact.identity_source,
    }


def message(row: Message, conversation_id: str) -> dict[str, Any]:
    """The message object: what the customer wrote is `user`, all else `assistant`."""
    return {
        "object": "message",
        "id": str(row.public_id),
        "conversationId": conversation_id,
        "role": "user" if row.sender_kind == SenderKind.CUSTOMER else "assistant",
        "body": row.body,
        "deliveryStatus": row.delivery_status,
        "createdAt": milliseconds(row.created_at),
    }


# --- What is accepted ---------------------------------------------------------------------------


@extend_schema_field(MAYBE_EMAIL)
class EmailText(Text):
    """Checked by the verb, as every email is."""


class WoesCustomerInput(serializers.Serializer[Any]):
    """The customer, by your own stable id; the other values are stored."""

    id = Words(max_length=400)
    name = Text(max_length=400, required=False, allow_null=True, allow_blank=True)
    email = EmailText(max_length=254, required=False, allow_null=True, allow_blank=True)
    company = Text(max_length=400, required=False, allow_null=True, allow_blank=True)


class WoesConversationInput(serializers.Serializer[Any]):
    """A conversation to start. Unknown fields are ignored. `message` is the customer's first message."""

    customer = WoesCustomerInput()
    subject = Words(max_length=10_000)
    externalId = Words(max_length=255, required=False, allow_null=True)
    channel = Choice(choices=CHANNELS.words, default="api")
    priority = Words(max_length=32, default="medium")
    message = Text(max_length=BODY_LIMIT, required=False, allow_null=True, allow_blank=True)


class WoesConversationPatch(serializers.Serializer[Any]):
    """Any subset of what can be changed."""

    status = Choice(choices=STATUSES.words, required=False)
    priority = Words(max_length=32, required=False)
    subject = Words(max_length=10_000, required=False)


class WoesMessageInput(serializers.Serializer[Any]):
    """A message; from the customer unless the role says otherwise."""

    body = Words(max_length=BODY_LIMIT)
    role = Choice(choices=list(ROLES), default="user")


# --- What is answered (OpenAPI) -----------------------------------------------------------------


class WoesCustomer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField(allow_null=True)
    email = serializers.EmailField(allow_null=True)
    company = serializers.CharField(allow_null=True)
    identitySource = serializers.CharField()


class WoesConversation(serializers.Serializer[Any]):
    object = serializers.ChoiceField(choices=["conversation"])
    id = serializers.UUIDField()
    channel = serializers.ChoiceField(choices=CHANNELS.words)
    status = serializers.ChoiceField(choices=STATUSES.words)
    priority = serializers.CharField(min_length=1, max_length=32)
    subject = serializers.CharField()
    preview = serializers.CharField()
    customer = WoesCustomer()
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()
    lastMessageAt = serializers.DateTimeField()
    closedAt = serializers.DateTimeField(allow_null=True)


class WoesMessage(serializers.Serializer[Any]):
    object = serializers.ChoiceField(choices=["message"])
    id = serializers.UUIDField()
    conversationId = serializers.UUIDField()
    role = serializers.ChoiceField(choices=list(ROLES))
    body = serializers.CharField()
    deliveryStatus = serializers.ChoiceField(choices=["delivered", "sending", "failed"])
    createdAt = serializers.DateTimeField()


class WoesConversationList(serializers.Serializer[Any]):
    object = serializers.ChoiceField(choices=["list"])
    hasMore = serializers.BooleanField()
    nextCursor = serializers.CharField(allow_null=True, help_text="Pass as `cursor` to get the next page.")
    conversations = WoesConversation(many=True)


class WoesMessageList(serializers.Serializer[Any]):
    object = serializers.ChoiceField(choices=["list"])
    messages = WoesMessage(many=True)


class WoesConversationAnswer(serializers.Serializer[Any]):
    conversation = WoesConversation()


class WoesConversationCreated(serializers.Serializer[Any]):
    conversation = WoesConversation()
    conversationToken = serializers.CharField(
        required=False, help_text="For client keys: opens this one conversation as `X-Conversation-Token`."
    )


class WoesMessageAnswer(serializers.Serializer[Any]):
    message = WoesMessage()
