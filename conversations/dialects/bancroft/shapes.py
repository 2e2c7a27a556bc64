"""Names and values of Bancroft, both ways: rows become its objects, its request bodies become arguments of verbs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.validators import EmailValidator
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts import actions as account_actions
from accounts import permissions
from accounts.models import ApiKey, KeyKind
from conversations.api import outputs
from conversations.api.fields import MAYBE_EMAIL, Choice, JsonObject, NonBlankText, Text, seconds
from conversations.api.twins import Twins
from conversations.models import Channel, Contact, Conversation, Message, Status
from conversations.texts import validation

STATUSES = Twins({status: (status,) for status in Status.values}, otherwise="open")
CHANNELS = Twins(
    {
        "web": (Channel.CHAT, Channel.DISCORD, Channel.FORM),
        "email": (Channel.EMAIL,),
        "api": (Channel.API, Channel.MANUAL),
        "callback": (Channel.CALLBACK,),
    },
    otherwise="web",
)
DEFAULT_CHANNEL = {KeyKind.SERVER: "api", KeyKind.CLIENT: "web"}
PRIORITIES = ("low", "normal", "high", "urgent")
KINDS = Twins({kind: (kind,) for kind in KeyKind.values}, otherwise=KeyKind.SERVER)
SUBJECT_LIMIT = 500


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

    subject = NonBlankText(max_length=SUBJECT_LIMIT)
    user_email = MaybeEmail()
    description = Text(max_length=validation.BODY_LIMIT, required=False, allow_null=True, allow_blank=True)
    message = Text(max_length=validation.BODY_LIMIT, required=False, allow_null=True, allow_blank=True)
    # 150 each, so that the two together fit the one name that the inbox shows.
    user_first_name = Text(max_length=150, required=False, allow_null=True, allow_blank=True)
    user_last_name = Text(max_length=150, required=False, allow_null=True, allow_blank=True)
    priority = Choice(choices=list(PRIORITIES), required=False, allow_null=True)
    channel = Choice(choices=CHANNELS.values, required=False, allow_null=True)
    metadata = JsonObject(required=False, allow_null=True)


class MessageInput(serializers.Serializer[Any]):
    """A message; the email says who sends it."""

    body = NonBlankText(max_length=validation.BODY_LIMIT)
    user_email = Email()


class ApiKeyInput(serializers.Serializer[Any]):
    """A key to create. `workspace` (slug or id) and `scopes` are additions; by default, the only workspace and all scopes."""

    name = NonBlankText(max_length=100)
    key_type = Choice(choices=list(KeyKind.values))
    allowed_origins = serializers.ListField(child=Text(max_length=255), default=list, max_length=100)
    allowed_bundle_ids = serializers.ListField(child=Text(max_length=255), default=list, max_length=100)
    scopes = serializers.ListField(child=Choice(choices=list(permissions.scopes())), required=False, max_length=10)
    workspace = Text(max_length=50, required=False)

    def validate_allowed_origins(self, value: list[str]) -> list[str]:
        for origin in value:
            try:
                account_actions.clean_origin(origin)
            except ValueError as error:  # what the standard library says of a broken address
                raise serializers.ValidationError(f"{origin!r} is not an origin such as https://example.com") from error
        return value


# --- What is answered ---------------------------------------------------------------------------


class Moment(serializers.DateTimeField):
    """ISO 8601 in UTC with whole seconds."""

    prints = staticmethod(seconds)


class BancroftRequester(outputs.Output):
    reads = ("first_name", "last_name", "name")

    email = serializers.EmailField(allow_null=True)
    first_name = serializers.CharField(allow_null=True)
    last_name = serializers.CharField(allow_null=True)

    def get_first_name(self, contact: Contact) -> str:
        return _names(contact)[0]

    def get_last_name(self, contact: Contact) -> str:
        return _names(contact)[1]


def _names(contact: Contact) -> tuple[str, str]:
    """A contact known by one name alone has its first word as first name."""
    if contact.first_name or contact.last_name:
        return contact.first_name, contact.last_name
    first, _, last = contact.name.partition(" ")
    return first, last


class BancroftConversation(outputs.Output):
    id = serializers.UUIDField(source="public_id")
    number = serializers.IntegerField(min_value=1)
    subject = serializers.CharField()
    status = outputs.Word(STATUSES)
    priority = outputs.Priority(PRIORITIES)
    channel = outputs.Word(CHANNELS)
    metadata = JsonObject()
    requester = BancroftRequester(source="contact")
    created_at = Moment()
    updated_at = Moment()


class BancroftConversationCreated(BancroftConversation):
    conversation_token = serializers.CharField(
        required=False, help_text="For client keys: opens this one conversation as `X-Conversation-Token`."
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, or a page of one, with the number of all rows."""

    count: int
    rows: Iterable[Any]


class BancroftConversationList(outputs.Output):
    count = serializers.IntegerField(min_value=0, help_text="All matching conversations, not only this page.")
    results = BancroftConversation(many=True, source="rows")


class BancroftMessage(outputs.Output):
    id = serializers.UUIDField(source="public_id")
    sender_email = serializers.EmailField(allow_null=True)
    body = serializers.CharField()
    message_type = outputs.Constant("reply")  # from either side
    created_at = Moment()


CONVERSATION = outputs.columns(BancroftConversation, Conversation)
MESSAGE = outputs.columns(BancroftMessage, Message)


class BancroftMessageList(outputs.Output):
    count = serializers.IntegerField(min_value=0)
    results = BancroftMessage(many=True, source="rows")


class MadeKey(NamedTuple):
    """A key just made, with its secret."""

    key: ApiKey
    secret: str


class BancroftApiKey(outputs.Output):
    id = serializers.UUIDField(source="key.public_id")
    name = serializers.CharField(source="key.name")
    key_type = outputs.Word(KINDS, source="key.kind")
    key = serializers.CharField(source="secret", help_text="The secret. It is shown only once.")
    prefix = serializers.CharField(source="key.prefix")
    allowed_origins = serializers.ListField(source="key.allowed_origins", child=serializers.CharField())
    allowed_bundle_ids = serializers.ListField(source="key.allowed_bundle_ids", child=serializers.CharField())
    created_at = Moment(source="key.created_at")
