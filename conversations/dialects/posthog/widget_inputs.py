"""What posthog-js sends from a page. It may be anything: it comes from strangers."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.api.fields import Choice, NonBlankText, Text
from conversations.dialects.posthog.inputs import LONGEST_EMAIL, STATUSES, Identifier
from conversations.texts.validation import can_be_kept

LONGEST_MESSAGE = 10_000
LONGEST_ID = 400
HASH_LENGTH = 64
MOST_TRAITS, LONGEST_TRAIT_NAME, LONGEST_TRAIT = 50, 200, 500
MOST_CONTEXT, LONGEST_CONTEXT_NAME, LONGEST_CONTEXT = 20, 100, 2_000
MOST_ROWS = 500
_NEEDED = "Send widget_session_id, or identity_distinct_id with identity_hash."
_LARGEST = 2**53
_PLAIN: dict[str, Any] = {"type": "object", "additionalProperties": {}}


def _texts(value: Any, most: int, longest_name: int) -> list[tuple[str, Any]]:
    """The first plain values of an object that can be kept; all others are left out."""
    if not isinstance(value, dict):
        raise serializers.ValidationError("This is an object.")
    found: list[tuple[str, Any]] = []
    for name, one in value.items():
        is_plain = isinstance(one, (str, bool)) or (isinstance(one, (int, float)) and abs(one) < _LARGEST)
        if not is_plain or not name or len(name) > longest_name or not can_be_kept(name) or not can_be_kept(str(one)):
            continue
        if len(found) < most:
            found.append((name, one))
    return found


@extend_schema_field(_PLAIN)
class CustomerTraits(serializers.Field[Any, Any, Any, Any]):
    """What the page says of its visitor: at most 50 plain values, kept as texts of at most 500 characters."""

    def to_internal_value(self, data: Any) -> dict[str, str]:
        found = _texts(data, MOST_TRAITS, LONGEST_TRAIT_NAME)
        return {name: str(value)[:LONGEST_TRAIT] for name, value in found}

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(_PLAIN)
class SessionContext(serializers.Field[Any, Any, Any, Any]):
    """What the page says of the visit: at most 20 plain values, texts cut at 2,000 characters."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        found = _texts(data, MOST_CONTEXT, LONGEST_CONTEXT_NAME)
        return {name: value[:LONGEST_CONTEXT] if isinstance(value, str) else value for name, value in found}

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(
    {"oneOf": [{"type": "string", "format": "uuid"}, {"type": "string", "maxLength": 0}, {"type": "null"}]}
)
class TicketId(Identifier):
    """A ticket's UUID; an empty text is none."""

    def to_internal_value(self, data: Any) -> Any:
        return None if data == "" else super().to_internal_value(data)


class Trimmed(NonBlankText):
    """A text without white space around it."""

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).strip()


class VisitorInput(serializers.Serializer[Any]):
    """Who calls: the browser by its random id, or a person whose id the website has signed. A signed person wins."""

    needs_body = True

    widget_session_id: serializers.UUIDField = Identifier(required=False, help_text="The random UUID of the browser.")
    identity_distinct_id = Text(required=False, max_length=LONGEST_ID, help_text="The id of a signed person.")
    identity_hash = Text(
        required=False,
        min_length=HASH_LENGTH,
        max_length=HASH_LENGTH,
        help_text="Hex HMAC-SHA256 of that id, keyed with the workspace's identity secret.",
    )

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse a call of nobody."""
        if "widget_session_id" not in data and not is_signed(data):
            raise serializers.ValidationError(_NEEDED)
        return data


def is_signed(data: dict[str, Any]) -> bool:
    """Whether a person is named with a proof, which may be wrong."""
    return bool(data.get("identity_distinct_id")) and "identity_hash" in data


class WidgetMessageInput(VisitorInput):
    """A message: the first of a new ticket, or with `ticket_id` a further one. `distinct_id` is what the client calls its visitor,
    and proves nothing; it is needed with `widget_session_id`."""

    message = Trimmed(
        max_length=LONGEST_MESSAGE, help_text="1 to 10,000 characters; white space around them is left out."
    )
    distinct_id = Text(required=False, max_length=LONGEST_ID)
    ticket_id = TicketId(required=False, allow_null=True)
    traits = CustomerTraits(required=False, default=dict)
    session_id = Text(required=False, allow_null=True, allow_blank=True, max_length=64)
    session_context = SessionContext(required=False, default=dict)
    _hp = Text(required=False, allow_blank=True, help_text="Left out or empty: only programs fill it in.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse a browser that does not name its visitor."""
        data = super().validate(data)
        if not is_signed(data) and not data.get("distinct_id"):
            raise serializers.ValidationError({"distinct_id": "This field is required."}, code="required")
        return data


class WidgetReadInput(VisitorInput):
    """Who has read the ticket."""


class VisitorQuery(VisitorInput):
    """The same in a query."""

    needs_body = False
    widget_session_id = serializers.UUIDField(required=False, help_text="The random UUID of the browser.")


class WidgetMessagesQuery(VisitorQuery):
    after = serializers.DateTimeField(
        required=False, help_text="Only messages that are later: the `created_at` of the last one that is known."
    )
    limit = serializers.IntegerField(
        required=False, default=MOST_ROWS, min_value=1, max_value=MOST_ROWS, help_text="Page size: 500 by default."
    )


class WidgetTicketsQuery(VisitorQuery):
    status = Choice(choices=STATUSES, required=False, help_text="Only tickets with this status.")
    limit = serializers.IntegerField(
        required=False, default=100, min_value=1, max_value=MOST_ROWS, help_text="Page size: 100 by default."
    )
    offset = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=2**31 - 1, help_text="Number of tickets to skip."
    )


@extend_schema_field({"type": "string", "format": "email", "maxLength": LONGEST_EMAIL})
class CheckedAddress(Text):
    """An email address."""

    default_error_messages = {"no_address": "Enter a valid email address."}

    def to_internal_value(self, data: Any) -> str:
        address = super().to_internal_value(data).strip().lower()
        try:
            validate_email(address)
        except ValidationError:
            self.fail("no_address")
        return address


class WidgetRestoreRequestInput(serializers.Serializer[Any]):
    """The address with which somebody has written, and the page to which the link is to lead: one of the caller's own site."""

    email = CheckedAddress(max_length=LONGEST_EMAIL)
    request_url = Text(max_length=2048)


class WidgetRestoreInput(serializers.Serializer[Any]):
    """The token of the link, and the browser that gets the tickets."""

    restore_token = Text(min_length=40, max_length=50)
    widget_session_id = Identifier()


class FlagsInput(serializers.Serializer[Any]):
    """What the client says when it asks for flags; of it only the token of its project is read."""

    token = Text(required=False, max_length=LONGEST_EMAIL)
    api_key = Text(required=False, max_length=LONGEST_EMAIL)
    needs_body = True
