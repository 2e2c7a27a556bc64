"""What is accepted: request bodies become arguments of verbs. Unknown and read-only fields are ignored."""

from __future__ import annotations

import uuid
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_email
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.actions.ticketing import TITLE_LENGTH
from conversations.api.fields import Choice, Flag, JsonObject, NonBlankText, Text
from conversations.assistant.actions.answering import APPENDED_LIMIT, CONTENT_LIMIT
from conversations.dialects.posthog import deadlines
from conversations.models import Status, Visibility
from conversations.texts.validation import BODY_LIMIT
from tickets.models import TicketPriority, TicketStatus
from tickets.tags import MAX_LENGTH, MAX_TAGS

STATUSES = TicketStatus.values
PRIORITIES = TicketPriority.values
MESSAGE_LIMIT = 5_000
RICH_LIMIT = 100 * 1024  # bytes of JSON
MOST_AT_ONCE = 500
LONGEST_EMAIL = 254


class Moment(serializers.DateTimeField):
    """A JSON string in ISO 8601; without a zone it is in UTC."""

    def to_internal_value(self, value: Any) -> Any:
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]")
        return super().to_internal_value(value)


class Identifier(serializers.UUIDField):
    """A UUID in a JSON string."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            self.fail("invalid", value=data)
        return super().to_internal_value(data)


class Traits(JsonObject):
    """Any JSON object about the customer; an `email` in it must be valid."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        traits = super().to_internal_value(data)
        email = traits.get("email")
        if isinstance(email, str) and email.strip():
            try:
                if len(email) > LONGEST_EMAIL:
                    raise ValidationError("too long")
                validate_email(email.strip().lower())
            except ValidationError as error:
                raise serializers.ValidationError({"email": "Enter a valid email address."}) from error
        return traits


class Rich(JsonObject):
    """The message as an editor's document, at most 100 KB of JSON."""

    default_error_messages = {"too_long": "At most 100 KB."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        value = super().to_internal_value(data)
        if len(orjson.dumps(value)) > RICH_LIMIT:
            self.fail("too_long")
        return value


@extend_schema_field(
    {
        "oneOf": [
            {
                "type": "object",
                "required": ["type", "id"],
                "properties": {"type": {"type": "string", "enum": ["user"]}, "id": {"type": "integer"}},
            },
            {
                "type": "object",
                "required": ["type", "id"],
                "properties": {
                    "type": {"type": "string", "enum": ["role"]},
                    "id": {"type": "string", "format": "uuid"},
                },
            },
            {"type": "null"},
        ]
    }
)
class AssigneeField(serializers.Field[Any, Any, Any, Any]):
    """`{"type": "user", "id": 7}`, `{"type": "role", "id": "<uuid>"}`, or null for no one."""

    default_error_messages = {
        "not_an_object": "An assignee is an object with type and id, or null.",
        "type": "The type of an assignee is user or role.",
        "id": "A user's id is an integer, a role's a UUID.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict) or not {"type", "id"} <= set(data):
            self.fail("not_an_object")
        kind, found = data["type"], data["id"]
        if kind not in ("user", "role"):
            self.fail("type")
        wanted = int if kind == "user" else str
        if not isinstance(found, wanted) or isinstance(found, bool):
            self.fail("id")
        return {"type": kind, "id": found}

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "number", "exclusiveMinimum": 0})
class Amount(serializers.Field[Any, Any, Any, Any]):
    """A JSON number above 0."""

    default_error_messages = {"invalid": "This is a number.", "min_value": "This is more than 0."}

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool) or not isinstance(data, (int, float)) or not abs(data) < 2**53:
            self.fail("invalid")
        if data <= 0:
            self.fail("min_value")
        return float(data)

    def to_representation(self, value: Any) -> Any:
        return value


class Tags(serializers.ListField):
    """Tags: trimmed, lower-cased, each once."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("child", Text(max_length=MAX_LENGTH, allow_blank=True))
        kwargs.setdefault("max_length", MAX_TAGS)
        super().__init__(**kwargs)


class TicketPatch(serializers.Serializer[Any]):
    """What to change of a ticket: any subset. `title` and `subject` are the same; a `title` that is not blank wins."""

    title = Text(required=False, allow_null=True, allow_blank=True, max_length=TITLE_LENGTH)
    subject = Text(required=False, allow_null=True, allow_blank=True, max_length=TITLE_LENGTH)
    status = Choice(choices=STATUSES, required=False)
    priority = Choice(choices=PRIORITIES, required=False, allow_null=True, allow_blank=True)
    assignee = AssigneeField(required=False, allow_null=True)
    anonymous_traits = Traits(required=False)
    ai_resolved = Flag(required=False)
    escalation_reason = Text(required=False, allow_null=True, allow_blank=True, max_length=10_000)
    sla_due_at = Moment(required=False, allow_null=True)
    snoozed_until = Moment(required=False, allow_null=True)
    tags = Tags(required=False)


@extend_schema_field(
    {
        "oneOf": [
            {
                "type": "object",
                "required": ["days"],
                "properties": {
                    "days": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "enum": list(deadlines.WEEKDAYS)},
                    },
                    "time": {
                        "oneOf": [
                            {"type": "string", "enum": ["any"]},
                            {
                                "type": "array",
                                "minItems": 2,
                                "maxItems": 2,
                                "items": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
                            },
                        ]
                    },
                    "timezone": {"type": "string", "description": "UTC unless it is named."},
                },
            },
            {"type": "null"},
        ]
    }
)
class WorkingHours(JsonObject):
    """Hours of some days of the week."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return deadlines.window(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class ExternalPatch(serializers.Serializer[Any]):
    """What to change of a ticket: any subset. Due is what `sla_due_at` says, or when `sla_amount` of time has passed, counted
    within `sla_business_hours` where there are some. `tags` are added, set or removed."""

    status = Choice(choices=STATUSES, required=False)
    priority = Choice(choices=PRIORITIES, required=False)
    sla_due_at = Moment(required=False, allow_null=True)
    sla_amount = Amount(required=False, help_text="More than 0, and at most five years.")
    sla_unit = Choice(choices=deadlines.UNITS, required=False, help_text="Of `sla_amount`; hours unless stated.")
    sla_business_hours = WorkingHours(required=False, allow_null=True)
    snoozed_until = Moment(required=False, allow_null=True)
    assignee = AssigneeField(required=False, allow_null=True)
    tags = Tags(required=False)
    tags_mode = Choice(choices=["add", "set", "remove"], default="add")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse two statements of when it is due, and an amount that is too large."""
        amount = data.get("sla_amount")
        if amount is None and "sla_unit" in data:
            raise serializers.ValidationError({"sla_amount": "State how many of this unit."})
        if amount is not None and "sla_due_at" in data:
            raise serializers.ValidationError({"sla_amount": "State sla_due_at or sla_amount, not both."})
        if amount is not None and amount > (most := deadlines.LARGEST[data.get("sla_unit", "hour")]):
            raise serializers.ValidationError({"sla_amount": f"At most {most} of this unit."})
        return data


class TicketInput(TicketPatch):
    """A ticket to create, optionally with the customer's first message: `message`, `content` and `description` are the
    same, and the first of them that is not blank wins."""

    message = Text(required=False, allow_null=True, allow_blank=True, max_length=BODY_LIMIT)
    content = Text(required=False, allow_null=True, allow_blank=True, max_length=BODY_LIMIT)
    description = Text(required=False, allow_null=True, allow_blank=True, max_length=BODY_LIMIT)


@extend_schema_field({"type": "string", "format": "email", "maxLength": LONGEST_EMAIL})
class Address(Text):
    """An email address, which the verb checks."""


class ComposeInput(serializers.Serializer[Any]):
    """An email that starts a ticket. `email_config_id` is the id of a mailbox; the workspace's own, or none, is its default one."""

    recipient_email = Address(max_length=LONGEST_EMAIL)
    email_config_id = Identifier(required=False)
    message = NonBlankText(max_length=MESSAGE_LIMIT)
    recipient_distinct_id = Text(max_length=400, required=False, allow_blank=True)
    email_subject = Text(max_length=500, required=False, allow_blank=True)
    rich_content = Rich(required=False, allow_null=True)


class ReplyInput(serializers.Serializer[Any]):
    """A message to the customer, or with `is_private` a note for the team."""

    message = NonBlankText(max_length=MESSAGE_LIMIT)
    is_private = Flag(default=False)
    rich_content = Rich(required=False, allow_null=True)


class NoteInput(serializers.Serializer[Any]):
    """A note's new text; `rich_content` left out or null clears it."""

    message = NonBlankText(max_length=MESSAGE_LIMIT)
    rich_content = Rich(required=False, allow_null=True)


class BroadcastInput(serializers.Serializer[Any]):
    """A reply to all of the ticket's conversations, and optionally their new status."""

    message = NonBlankText(max_length=MESSAGE_LIMIT)
    conversation_status = Choice(choices=Status.values, required=False)


class BulkInput(serializers.Serializer[Any]):
    """At most 500 tickets; ids that are not among this workspace's are skipped."""

    ids = serializers.ListField(child=Identifier(), allow_empty=False, min_length=1, max_length=MOST_AT_ONCE)


class BulkStatusInput(BulkInput):
    status = Choice(choices=STATUSES)


class BulkTagsInput(BulkInput):
    action = Choice(choices=["add", "remove", "set"])
    tags = Tags()


class ViewInput(serializers.Serializer[Any]):
    """Filters under a name. `is_favorited` is the caller's own mark."""

    name = NonBlankText(max_length=400)
    filters = JsonObject(required=False)
    visibility = Choice(choices=[Visibility.PRIVATE.value, Visibility.SHARED.value], required=False)
    is_favorited = Flag(required=False)


class ViewPatch(ViewInput):
    """Any subset of a view."""

    name = NonBlankText(max_length=400, required=False)


class AgentMode(Text):
    """The client's mode, stored and returned."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(RegexValidator(r"^[a-z0-9_]{1,40}\Z", "Small letters, digits and _, at most 40."))


@extend_schema_field({})
class AnyJson(JsonObject):
    """Any JSON that PostgreSQL can keep."""

    def to_internal_value(self, data: Any) -> Any:
        self._check([data])
        return data


@extend_schema_field({})
class ObjectOrNothing(AnyJson):
    """Any JSON; anything but an object counts as null."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        return value if isinstance(value, dict) else None


@extend_schema_field({"type": "boolean", "enum": [False], "default": False})
class NoSandbox(Flag):
    """False: the assistant of this desk has no sandbox."""

    default_error_messages = {"sandbox": "There is no sandbox here."}

    def to_internal_value(self, data: Any) -> bool:
        if super().to_internal_value(data):
            self.fail("sandbox")
        return False


class AssistantMessageInput(serializers.Serializer[Any]):
    """A message to the assistant, with optional context."""

    content = NonBlankText(max_length=CONTENT_LIMIT)
    contextual_tools = JsonObject(required=False, allow_null=True)
    ui_context = AnyJson(required=False, allow_null=True)
    billing_context = ObjectOrNothing(required=False, allow_null=True)
    agent_mode = AgentMode(required=False, allow_null=True)


class AssistantInput(AssistantMessageInput):
    """`content` starts the assistant; without it the request attaches to the answer in progress. `conversation` is an id of
    the client's choice, or of an existing conversation. `distinct_id`, and `name` and `email` among the traits, say who is
    asking in a new one, so that people know when they are called in."""

    content = NonBlankText(max_length=CONTENT_LIMIT, required=False, allow_null=True)
    conversation = Identifier(required=False, allow_null=True)
    trace_id = Identifier(required=False, allow_null=True)
    session_id = Text(required=False, allow_null=True, allow_blank=True)
    is_sandbox = NoSandbox(required=False)
    distinct_id = Text(required=False, allow_null=True, max_length=400)
    anonymous_traits = Traits(required=False)
    resume_payload = AnyJson(required=False, allow_null=True)
    needs_body = True

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse a body with neither content nor conversation."""
        if "content" not in data and data.get("conversation") is None:
            raise serializers.ValidationError({"content": "This field is required."}, code="required")
        return data


def metadata(data: dict[str, Any]) -> dict[str, Any]:
    """The metadata of a message to the assistant, from its checked body; with the client's trace id or a new one."""
    names = ("contextual_tools", "ui_context", "billing_context", "session_id")
    given = {name: data[name] for name in names if data.get(name) is not None}
    return {**given, "trace_id": str(data.get("trace_id") or uuid.uuid4())}


def thread_metadata(data: dict[str, Any]) -> dict[str, Any]:
    """The metadata of the conversation until the next question."""
    return {"agent_mode": data["agent_mode"]} if data.get("agent_mode") else {}


class AppendedInput(serializers.Serializer[Any]):
    content = NonBlankText(max_length=APPENDED_LIMIT)


class QueuedInput(serializers.Serializer[Any]):
    """The new text of a queued message."""

    content = NonBlankText(max_length=CONTENT_LIMIT)
