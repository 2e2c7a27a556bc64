"""Names and values of Woes, both ways: rows become its objects, its request bodies become arguments of verbs."""

from __future__ import annotations

from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.api import outputs
from conversations.api.fields import MAYBE_EMAIL, Choice, NonBlankText, Text, milliseconds
from conversations.api.twins import Twins
from conversations.models import Channel, Conversation, Message, SenderKind, Status
from conversations.models.message import DeliveryStatus

STATUSES = Twins(
    {"open": (Status.OPEN,), "waiting": (Status.PENDING,), "solved": (Status.RESOLVED, Status.CLOSED)},
    otherwise="open",
)
CHANNELS = Twins(
    {
        "api": (Channel.API, Channel.CALLBACK, Channel.FORM, Channel.MANUAL),
        "live-chat": (Channel.CHAT,),
        "email": (Channel.EMAIL,),
        "discord": (Channel.DISCORD,),
    },
    otherwise="api",
)
ROLES = Twins(
    {"user": (SenderKind.CUSTOMER,), "assistant": (SenderKind.AGENT, SenderKind.ASSISTANT, SenderKind.SYSTEM)},
    otherwise="assistant",
)
DELIVERIES = Twins({status: (status,) for status in DeliveryStatus.values}, otherwise="delivered")
BODY_LIMIT = 8_000


# --- What is accepted ---------------------------------------------------------------------------


@extend_schema_field(MAYBE_EMAIL)
class EmailText(Text):
    """Checked by the verb, as every email is."""


class WoesCustomerInput(serializers.Serializer[Any]):
    """The customer, by your own stable id; the other values are stored."""

    id = NonBlankText(max_length=400)
    name = Text(max_length=400, required=False, allow_null=True, allow_blank=True)
    email = EmailText(max_length=254, required=False, allow_null=True, allow_blank=True)
    company = Text(max_length=400, required=False, allow_null=True, allow_blank=True)


class WoesConversationInput(serializers.Serializer[Any]):
    """A conversation to start. Unknown fields are ignored. `message` is the customer's first message."""

    customer = WoesCustomerInput()
    subject = NonBlankText(max_length=10_000)
    externalId = NonBlankText(max_length=255, required=False, allow_null=True)
    channel = Choice(choices=CHANNELS.values, default="api")
    priority = NonBlankText(max_length=32, default="medium")
    message = Text(max_length=BODY_LIMIT, required=False, allow_null=True, allow_blank=True)


class WoesConversationPatch(serializers.Serializer[Any]):
    """Any subset of what can be changed."""

    status = Choice(choices=STATUSES.values, required=False)
    priority = NonBlankText(max_length=32, required=False)
    subject = NonBlankText(max_length=10_000, required=False)


class WoesMessageInput(serializers.Serializer[Any]):
    """A message; from the customer unless the role says otherwise."""

    body = NonBlankText(max_length=BODY_LIMIT)
    role = Choice(choices=ROLES.values, default="user")


# --- What is answered ---------------------------------------------------------------------------


class Moment(serializers.DateTimeField):
    """ISO 8601 in UTC with milliseconds."""

    prints = staticmethod(milliseconds)


class WoesCustomer(outputs.Output):
    reads = ("external_id", "public_id")

    id = serializers.CharField(source="reference")
    name = serializers.CharField(allow_null=True)
    email = serializers.EmailField(allow_null=True)
    company = serializers.CharField(allow_null=True)
    identitySource = serializers.CharField(source="identity_source")


class StatedCustomer(NamedTuple):
    """The customer as an unproven caller stated them, who is not shown the stored person."""

    reference: str
    name: str | None
    email: str | None
    company: str | None
    identity_source: str


class WoesConversation(outputs.Output):
    object = outputs.Constant("conversation")
    id = serializers.UUIDField(source="public_id")
    channel = outputs.Word(CHANNELS)
    status = outputs.Word(STATUSES)
    priority = serializers.CharField(min_length=1, max_length=32)
    subject = serializers.CharField()
    preview = serializers.CharField()
    customer = WoesCustomer(source="contact")
    createdAt = Moment(source="created_at")
    updatedAt = Moment(source="updated_at")
    lastMessageAt = Moment(source="last_message_at")
    closedAt = Moment(source="closed_at", allow_null=True)

    def get_preview(self, row: Conversation) -> str:
        return row.preview or row.subject


class WoesMessage(outputs.Output):
    object = outputs.Constant("message")
    id = serializers.UUIDField(source="public_id")
    conversationId = serializers.UUIDField(source="conversation.public_id")
    role = outputs.Word(ROLES, source="sender_kind")
    body = serializers.CharField()
    deliveryStatus = outputs.Word(DELIVERIES, source="delivery_status")
    createdAt = Moment(source="created_at")


class WoesConversationList(outputs.Output):
    object = outputs.Constant("list")
    hasMore = serializers.BooleanField(source="has_more")
    nextCursor = serializers.CharField(
        source="next", allow_null=True, help_text="Pass as `cursor` to get the next page."
    )
    conversations = WoesConversation(many=True, source="rows")


CONVERSATION = outputs.columns(WoesConversation, Conversation)
MESSAGE = outputs.columns(WoesMessage, Message)


class WoesMessageList(outputs.Output):
    object = outputs.Constant("list")
    messages = WoesMessage(many=True, source="*")


class WoesConversationAnswer(outputs.Output):
    conversation = WoesConversation(source="*")


class Created(NamedTuple):
    """A conversation just started; `token` opens it to a visitor."""

    conversation: Conversation
    token: str | None


class WoesConversationCreated(outputs.Output):
    conversation = WoesConversation()
    conversationToken = serializers.CharField(
        source="token",
        required=False,
        help_text="For client keys: opens this one conversation as `X-Conversation-Token`.",
    )


class WoesMessageAnswer(outputs.Output):
    message = WoesMessage(source="*")
