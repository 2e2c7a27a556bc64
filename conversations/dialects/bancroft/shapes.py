"""Names and values of Bancroft, both ways: rows become its objects, its request bodies become arguments of verbs."""

from __future__ import annotations

from typing import Any

from django.core.validators import EmailValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import actions as account_actions
from accounts.models import ApiKey, KeyKind
from accounts.permissions import Scope
from conversations import priorities, text
from conversations.api.fields import MAYBE_EMAIL, Choice, JsonObject, Text, Words, seconds
from conversations.api.twins import Twins
from conversations.models import Channel, Contact, Conversation, Message, Status

STATUSES = Twins({status: (status,) for status in Status.values}, otherwise="open")
CHANNELS = Twins(
    {
        "web": (Channel.CHAT, Channel.DISCORD),
        "email": (Channel.EMAIL,),
        "api": (Channel.API, Channel.MANUAL),
        "callback": (Channel.CALLBACK,),
    },
    otherwise="web",
)
DEFAULT_CHANNEL = {KeyKind.SERVER: "api", KeyKind.CLIENT: "web"}
PRIORITIES = ("low", "normal", "high", "urgent")
REPLY = "reply"
SUBJECT_LIMIT = 500


def conversation(row: Conversation) -> dict[str, Any]:
    """The conversation object."""
    return {
        "id": str(row.public_id),
        "number": row.number,
        "subject": row.subject,
        "status": STATUSES.printed(row.status),
        "priority": priorities.printed(row.priority, PRIORITIES),
        "channel": CHANNELS.printed(row.channel),
        "metadata": row.metadata,
        "requester": requester(row.contact),
        "created_at": seconds(row.created_at),
        "updated_at": seconds(row.updated_at),
    }


def requester(contact: Contact) -> dict[str, Any]:
    """The person; a contact known by one name alone has its first word as first name."""
    first, last = contact.first_name, contact.last_name
    if not (first or last):
        first, _, last = contact.name.partition(" ")
    return {"email": contact.email or None, "first_name": first or None, "last_name": last or None}


def message(row: Message) -> dict[str, Any]:
    """The message object; what the team and the customer say to each other is all a `reply`."""
    return {
        "id": str(row.public_id),
        "sender_email": row.sender_email or None,
        "body": row.body,
        "message_type": REPLY,
        "created_at": seconds(row.created_at),
    }


def api_key(key: ApiKey, secret: str) -> dict[str, Any]:
    """A key just made, with its secret: the only time that it is shown."""
    return {
        "id": str(key.public_id),
        "name": key.name,
        "key_type": key.kind,
        "key": secret,
        "prefix": key.prefix,
        "allowed_origins": key.allowed_origins,
        "allowed_bundle_ids": key.allowed_bundle_ids,
        "created_at": seconds(key.created_at),
    }


# --- What is accepted ---------------------------------------------------------------------------


class Email(Text):
    """An email address, trimmed and in lower case."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 254)
        super().__init__(trim_whitespace=True, **kwargs)
        self.validators.append(EmailValidator())

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).lower()


@extend_schema_field(MAYBE_EMAIL)
class MaybeEmail(Email):
    """An email address, or nothing, as a form sends it that was not filled in."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_null=True, allow_blank=True, **kwargs)


class ConversationInput(serializers.Serializer[Any]):
    """A conversation to start. Null counts as omitted, and unknown fields are ignored. `message` is an alias of
    `description`, which wins."""

    subject = Words(max_length=SUBJECT_LIMIT)
    user_email = MaybeEmail()
    description = Text(max_length=text.BODY_LIMIT, required=False, allow_null=True, allow_blank=True)
    message = Text(max_length=text.BODY_LIMIT, required=False, allow_null=True, allow_blank=True)
    # 150 each, so that the two together fit the one name that the inbox shows.
    user_first_name = Text(max_length=150, required=False, allow_null=True, allow_blank=True)
    user_last_name = Text(max_length=150, required=False, allow_null=True, allow_blank=True)
    priority = Choice(choices=list(PRIORITIES), required=False, allow_null=True)
    channel = Choice(choices=CHANNELS.words, required=False, allow_null=True)
    metadata = JsonObject(required=False, allow_null=True)


class MessageInput(serializers.Serializer[Any]):
    """A message; the email says who sends it."""

    body = Words(max_length=text.BODY_LIMIT)
    user_email = Email()


class ApiKeyInput(serializers.Serializer[Any]):
    """A key to create. `workspace` (slug or id) and `scopes` are additions; by default, the only workspace and all scopes."""

    name = Words(max_length=100)
    key_type = Choice(choices=list(KeyKind.values))
    allowed_origins = serializers.ListField(child=Text(max_length=255), default=list, max_length=100)
    allowed_bundle_ids = serializers.ListField(child=Text(max_length=255), default=list, max_length=100)
    scopes = serializers.ListField(child=Choice(choices=list(Scope.values)), required=False, max_length=10)
    workspace = Text(max_length=50, required=False)

    def validate_allowed_origins(self, value: list[str]) -> list[str]:
        for origin in value:
            try:
                account_actions.clean_origin(origin)
            except ValueError as error:  # what the standard library says of a broken address
                raise serializers.ValidationError(f"{origin!r} is not an origin such as https://example.com") from error
        return value


# --- What is answered (OpenAPI) -----------------------------------------------------------------


class BancroftRequester(serializers.Serializer[Any]):
    email = serializers.EmailField(allow_null=True)
    first_name = serializers.CharField(allow_null=True)
    last_name = serializers.CharField(allow_null=True)


class BancroftConversation(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField(min_value=1)
    subject = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUSES.words)
    priority = serializers.ChoiceField(choices=list(PRIORITIES))
    channel = serializers.ChoiceField(choices=CHANNELS.words)
    metadata = JsonObject()
    requester = BancroftRequester()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class BancroftConversationCreated(BancroftConversation):
    conversation_token = serializers.CharField(
        required=False, help_text="For client keys: opens this one conversation as `X-Conversation-Token`."
    )


class BancroftConversationList(serializers.Serializer[Any]):
    count = serializers.IntegerField(min_value=0, help_text="All matching conversations, not only this page.")
    results = BancroftConversation(many=True)


class BancroftMessage(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    sender_email = serializers.EmailField(allow_null=True)
    body = serializers.CharField()
    message_type = serializers.ChoiceField(choices=[REPLY])
    created_at = serializers.DateTimeField()


class BancroftMessageList(serializers.Serializer[Any]):
    count = serializers.IntegerField(min_value=0)
    results = BancroftMessage(many=True)


class BancroftApiKey(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    key_type = serializers.ChoiceField(choices=list(KeyKind.values))
    key = serializers.CharField(help_text="The secret. It is shown only once.")
    prefix = serializers.CharField()
    allowed_origins = serializers.ListField(child=serializers.CharField())
    allowed_bundle_ids = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
