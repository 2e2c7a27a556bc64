"""What is answered to posthog-js in a page: its settings, and its chat."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from rest_framework import serializers
from rest_framework.fields import empty

from conversations.api import outputs
from conversations.api.fields import JsonObject
from conversations.dialects.posthog import rich
from conversations.dialects.posthog.shapes import AUTHORS, NAMELESS, STATUSES, Moment
from conversations.models import Message, SenderKind
from tickets.models import Ticket


class PosthogConversationsConfig(serializers.Serializer[Any]):
    """How the chat looks and what it asks; `domains` are the hosts of the pages that may have it, all of them if empty."""

    enabled = serializers.BooleanField()
    widgetEnabled = serializers.BooleanField()
    token = serializers.CharField()
    color = serializers.CharField()
    greetingText = serializers.CharField()
    requireEmail = serializers.BooleanField()
    collectName = serializers.BooleanField()
    domains = serializers.ListField(child=serializers.CharField())
    widgetPosition = serializers.ChoiceField(choices=["bottom_left", "bottom_right"])


class PosthogErrorTracking(serializers.Serializer[Any]):
    """Off."""

    autocaptureExceptions = serializers.BooleanField()
    suppressionRules = serializers.ListField(child=JsonObject())


class PosthogLogsConfig(serializers.Serializer[Any]):
    """Off."""

    captureConsoleLogs = serializers.BooleanField()


class PosthogRemoteConfig(serializers.Serializer[Any]):
    """The settings of posthog-js in a page. Of its features only the chat is on."""

    token = serializers.CharField()
    supportedCompression = serializers.ListField(child=serializers.CharField())
    hasFeatureFlags = serializers.BooleanField()
    autocapture_opt_out = serializers.BooleanField()
    autocaptureExceptions = serializers.BooleanField()
    captureDeadClicks = serializers.BooleanField()
    capturePerformance = serializers.BooleanField()
    defaultIdentifiedOnly = serializers.BooleanField()
    elementsChainAsString = serializers.BooleanField()
    errorTracking = PosthogErrorTracking()
    heatmaps = serializers.BooleanField()
    isAuthenticated = serializers.BooleanField()
    logs = PosthogLogsConfig()
    productTours = serializers.BooleanField()
    sessionRecording = serializers.BooleanField()
    siteApps = serializers.ListField(child=JsonObject())
    toolbarParams = JsonObject()
    conversations = PosthogConversationsConfig()


class PosthogFlags(serializers.Serializer[Any]):
    """Feature flags: none."""

    flags = JsonObject()
    featureFlags = JsonObject()
    featureFlagPayloads = JsonObject()
    errorsWhileComputingFlags = serializers.BooleanField()


class PosthogCaptured(outputs.Output):
    status = outputs.always(1, serializers.IntegerField())


# --- The widget ---------------------------------------------------------------------------------


class WidgetMessage(NamedTuple):
    """A message of a ticket as its customer sees it, with a moment that no other message of the ticket has."""

    message: Message
    moment: datetime
    customer: str


class PosthogWidgetMessage(outputs.Output):
    """`rich_content` is the document of an editor, for what is more than plain text."""

    id = serializers.UUIDField(source="message.public_id")
    content = serializers.CharField(allow_blank=True)
    rich_content = JsonObject(allow_null=True)
    author_type = serializers.ChoiceField(choices=sorted(AUTHORS.values))
    author_name = serializers.CharField()
    created_at = Moment(source="moment")

    def get_content(self, row: WidgetMessage) -> str:
        return row.message.body or ""

    def get_rich_content(self, row: WidgetMessage) -> Any:
        return rich.content(row.message)

    def get_author_type(self, row: WidgetMessage) -> str:
        return AUTHORS.printed(row.message.sender_kind)

    def get_author_name(self, row: WidgetMessage) -> str:
        message, kind = row.message, AUTHORS.printed(row.message.sender_kind)
        if kind == "customer":
            return row.customer or "You"
        if message.sender_kind == SenderKind.AGENT:
            return message.sender_name.split(" ")[0] or message.sender_email or NAMELESS[kind]
        return NAMELESS[kind]


class WidgetThread(NamedTuple):
    """Some messages of a ticket."""

    ticket: Ticket
    unread: int
    messages: Sequence[WidgetMessage]
    has_more: bool


class PosthogWidgetThread(outputs.Output):
    """Messages, the oldest first. `unread_count` is how many of the team's messages the customer has not seen."""

    ticket_id = serializers.UUIDField(source="ticket.public_id")
    ticket_status = outputs.Word(STATUSES, source="ticket.status")
    unread_count = serializers.IntegerField(source="unread")
    messages = PosthogWidgetMessage(many=True)
    has_more = serializers.BooleanField()


class WidgetSent(NamedTuple):
    """A message that has come in."""

    ticket: Ticket
    message: Message
    moment: datetime
    unread: int


class PosthogWidgetSent(outputs.Output):
    """A message that has come in, and the ticket in which it is. `created_at` is a moment to ask for later messages with."""

    ticket_id = serializers.UUIDField(source="ticket.public_id")
    message_id = serializers.UUIDField(source="message.public_id")
    ticket_status = outputs.Word(STATUSES, source="ticket.status")
    unread_count = serializers.IntegerField(source="unread")
    created_at = Moment(source="moment")


class PosthogWidgetRead(outputs.Output):
    success = outputs.always(True, serializers.BooleanField())
    unread_count = outputs.always(0, serializers.IntegerField())


class WidgetTicket(NamedTuple):
    """A ticket as its customer sees it."""

    ticket: Ticket
    unread: int
    message_count: int
    last: Message | None


class PosthogWidgetTicket(outputs.Output):
    id = serializers.UUIDField(source="ticket.public_id")
    ticket_number = serializers.IntegerField(source="ticket.number")
    status = outputs.Word(STATUSES, source="ticket.status")
    unread_count = serializers.IntegerField(source="unread")
    last_message = serializers.CharField(allow_null=True, allow_blank=True, max_length=500)
    last_message_at = Moment(allow_null=True)
    message_count = serializers.IntegerField()
    created_at = Moment(source="ticket.created_at")

    def get_last_message(self, row: WidgetTicket) -> str | None:
        return (row.last.body or "")[:500] if row.last else None

    def get_last_message_at(self, row: WidgetTicket) -> datetime | None:
        return row.last.created_at if row.last else None


class WidgetTickets(NamedTuple):
    """Some tickets, and how many there are."""

    number: int
    rows: Sequence[WidgetTicket]


class PosthogWidgetTickets(outputs.Output):
    """The latest tickets first; `count` is of all."""

    count = serializers.IntegerField(source="number")
    results = PosthogWidgetTicket(many=True, source="rows")


class WidgetRestored(NamedTuple):
    """What became of a link by which somebody finds their tickets again."""

    status: str
    code: str | None = None
    session: uuid.UUID | None = None
    tickets: Sequence[uuid.UUID] = ()


class PosthogWidgetRestored(outputs.Output):
    """`success` names the session that has the tickets now, and the tickets, if there are any."""

    status = serializers.ChoiceField(choices=["success", "invalid", "used", "expired"])
    code = serializers.ChoiceField(
        choices=["token_invalid", "token_already_used", "token_expired", "migration_failed"], required=False
    )
    widget_session_id = serializers.UUIDField(source="session", required=False)
    migrated_ticket_ids = serializers.ListField(child=serializers.UUIDField(), source="tickets", required=False)

    def get_tickets(self, row: WidgetRestored) -> Any:
        return list(row.tickets) or empty
