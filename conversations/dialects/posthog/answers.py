"""What is answered about tickets, their messages and saved views: declared here, documented and printed from it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.models import Team, User
from conversations.actions.contacts import OF_CHAT
from conversations.api import outputs
from conversations.api.fields import JsonObject
from conversations.dialects.posthog import view_filters
from conversations.dialects.posthog.shapes import (
    AUTHORS,
    DETAILS,
    NAMELESS,
    PRIORITIES,
    SOURCES,
    STATUSES,
    VISIBILITIES,
    Moment,
)
from conversations.knowledge.passages import SourceKind
from conversations.models import Channel, Contact, Conversation, Message, MessageKind, SavedView, Suggestion
from tickets.models import Ticket

NOTHING = "No matching answer found."


class PosthogAssigneeUser(outputs.Output):
    email = serializers.EmailField()


class PosthogAssigneeRole(outputs.Output):
    name = serializers.CharField()


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string", "format": "uuid"}]})
class UserOrRoleId(serializers.JSONField):
    """An integer for a user, a UUID for a role."""


# The member, or the team, which this format calls a role.
class PosthogAssignee(outputs.Output):
    id = UserOrRoleId()
    type = serializers.ChoiceField(choices=["user", "role"])
    user = PosthogAssigneeUser(source="assignee", allow_null=True)
    role = PosthogAssigneeRole(allow_null=True)

    def get_id(self, ticket: Ticket) -> int | uuid.UUID | None:
        if ticket.assignee is not None:
            return ticket.assignee.pk
        return ticket.team.public_id if ticket.team else None

    def get_type(self, ticket: Ticket) -> str:
        return "role" if ticket.assignee is None else "user"

    def get_role(self, ticket: Ticket) -> Team | None:
        return ticket.team if ticket.assignee is None else None


class PosthogPerson(outputs.Output):
    reads = ("external_id", "email", "name", "company", "traits", "is_verified", "identity_source")

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField(source="display_name")
    distinct_ids = serializers.ListField(child=serializers.CharField(), min_length=1)
    properties = JsonObject()
    created_at = Moment()
    is_identified = serializers.BooleanField()

    def get_distinct_ids(self, contact: Contact) -> list[str]:
        return list(dict.fromkeys([contact.reference, distinct_id(contact)]))

    def get_properties(self, contact: Contact) -> dict[str, Any]:
        known = {"email": contact.email, "name": contact.name, "company": contact.company}
        return {**contact.traits, **{name: value for name, value in known.items() if value}}

    def get_is_identified(self, contact: Contact) -> bool:
        return contact.external_id is not None or (contact.is_verified and bool(contact.email))


def distinct_id(contact: Contact) -> str:
    """The id by which the client knows somebody; of a chat's visitor whom nobody has verified the one that the page stated."""
    is_stated = contact.identity_source == OF_CHAT and not contact.is_verified
    stated = contact.traits.get("stated_id") if is_stated else None
    return stated if isinstance(stated, str) and stated else contact.reference


class TicketRow(NamedTuple):
    """A ticket with its first conversation, whose customer is shown as the `person`."""

    ticket: Ticket
    primary: Conversation | None
    contact: Contact | None
    person: Contact | None
    mail: Conversation | None

    @classmethod
    def of(cls, ticket: Ticket, primary: Conversation | None, *, with_person: bool = True) -> TicketRow:
        """`mail` is the first conversation where it came by email."""
        contact = primary.contact if primary else None
        is_mail = ticket.channel == Channel.EMAIL
        return cls(ticket, primary, contact, contact if with_person else None, primary if is_mail else None)


@cache
def _address(sender: str) -> str:
    """The address of a sender with a name; taking it apart costs as much as all the rest of a ticket."""
    return parseaddr(sender)[1]


class PosthogTicket(outputs.Output):
    """`distinct_id` and `person` are those of the primary conversation's customer; counts include all linked conversations."""

    id = serializers.UUIDField(source="ticket.public_id")
    ticket_number = serializers.IntegerField(source="ticket.number")
    channel_source = outputs.Word(SOURCES, source="ticket.channel")
    channel_detail = outputs.Word(DETAILS, source="ticket.channel", allow_null=True)
    distinct_id = serializers.CharField(allow_blank=True, max_length=400)
    status = outputs.Word(STATUSES, source="ticket.status")
    priority = outputs.Word(PRIORITIES, source="ticket.priority", allow_null=True)
    assignee = PosthogAssignee(allow_null=True)
    anonymous_traits = JsonObject(source="ticket.anonymous_traits")
    ai_resolved = serializers.BooleanField(source="ticket.ai_resolved")
    escalation_reason = serializers.CharField(source="ticket.escalation_reason", allow_null=True, allow_blank=True)
    created_at = Moment(source="ticket.created_at")
    updated_at = Moment(source="ticket.updated_at")
    message_count = serializers.IntegerField(source="ticket.message_count")
    last_message_at = Moment(source="ticket.last_message_at", allow_null=True)
    last_message_text = serializers.CharField(
        source="ticket.last_message_text", allow_null=True, allow_blank=True, max_length=500
    )
    unread_team_count = serializers.IntegerField(source="ticket.unread_team_count")
    unread_customer_count = serializers.IntegerField(source="ticket.unread_customer_count")
    session_id = serializers.CharField(source="ticket.session_id", allow_null=True, allow_blank=True, max_length=64)
    session_context = JsonObject(source="ticket.session_context")
    sla_due_at = Moment(source="ticket.sla_due_at", allow_null=True)
    snoozed_until = Moment(source="ticket.snoozed_until", allow_null=True)
    slack_channel_id = outputs.always(None, serializers.CharField(allow_null=True))
    slack_thread_ts = outputs.always(None, serializers.CharField(allow_null=True))
    slack_team_id = outputs.always(None, serializers.CharField(allow_null=True))
    email_subject = serializers.CharField(allow_null=True, allow_blank=True, max_length=500)
    email_from = serializers.EmailField(allow_null=True)
    email_to = serializers.CharField(allow_null=True)
    cc_participants = serializers.ListField(
        child=serializers.CharField(), help_text="Whom answers go to besides the customer."
    )
    github_repo = outputs.always(None, serializers.CharField(allow_null=True))
    github_issue_number = outputs.always(None, serializers.IntegerField(allow_null=True))
    person = PosthogPerson(allow_null=True)
    tags = serializers.ListField(source="ticket.tags", child=serializers.CharField())

    def get_distinct_id(self, row: TicketRow) -> str:
        return distinct_id(row.contact) if row.contact else ""

    def get_assignee(self, row: TicketRow) -> Ticket | None:
        ticket = row.ticket
        return ticket if ticket.assignee is not None or ticket.team is not None else None

    def get_email_subject(self, row: TicketRow) -> str | None:
        return row.mail.subject[:500] if row.mail else None

    def get_email_from(self, row: TicketRow) -> str | None:
        return row.mail.contact.email if row.mail else None

    def get_email_to(self, row: TicketRow) -> str | None:
        if row.mail is not None and row.mail.mailbox is not None:
            return row.mail.mailbox.address
        return _address(settings.DEFAULT_FROM_EMAIL) if row.ticket.channel == Channel.EMAIL else None

    def get_cc_participants(self, row: TicketRow) -> list[str]:
        return row.primary.cc if row.primary else []


class PosthogExternalTicket(outputs.Output):
    """A ticket for a workflow. `url` is the page on which its customer was, `sla` the moment by which it is due."""

    id = serializers.UUIDField(source="ticket.public_id")
    number = serializers.IntegerField(source="ticket.number")
    status = outputs.Word(STATUSES, source="ticket.status")
    priority = outputs.Word(PRIORITIES, source="ticket.priority", allow_null=True)
    channel_source = outputs.Word(SOURCES, source="ticket.channel")
    channel_detail = outputs.Word(DETAILS, source="ticket.channel", allow_null=True)
    distinct_id = serializers.CharField(allow_blank=True, max_length=400)
    created_at = Moment(source="ticket.created_at")
    updated_at = Moment(source="ticket.updated_at")
    message_count = serializers.IntegerField(source="ticket.message_count")
    last_message_at = Moment(source="ticket.last_message_at", allow_null=True)
    last_message_text = serializers.CharField(
        source="ticket.last_message_text", allow_null=True, allow_blank=True, max_length=500
    )
    unread_team_count = serializers.IntegerField(source="ticket.unread_team_count")
    unread_customer_count = serializers.IntegerField(source="ticket.unread_customer_count")
    sla = Moment(source="ticket.sla_due_at", allow_null=True)
    snoozed_until = Moment(source="ticket.snoozed_until", allow_null=True)
    assignee = PosthogAssignee(allow_null=True)
    url = serializers.CharField(allow_null=True)
    slack_channel_id = outputs.always(None, serializers.CharField(allow_null=True))
    slack_thread_ts = outputs.always(None, serializers.CharField(allow_null=True))
    slack_team_id = outputs.always(None, serializers.CharField(allow_null=True))
    email_subject = serializers.CharField(allow_null=True, allow_blank=True, max_length=500)
    email_from = serializers.EmailField(allow_null=True)
    email_to = serializers.CharField(allow_null=True)
    cc_participants = serializers.ListField(
        child=serializers.CharField(), help_text="Whom answers go to besides the customer."
    )
    tags = serializers.ListField(source="ticket.tags", child=serializers.CharField())

    get_distinct_id = PosthogTicket.get_distinct_id
    get_assignee = PosthogTicket.get_assignee
    get_email_subject = PosthogTicket.get_email_subject
    get_email_from = PosthogTicket.get_email_from
    get_email_to = PosthogTicket.get_email_to
    get_cc_participants = PosthogTicket.get_cc_participants

    def get_url(self, row: TicketRow) -> str | None:
        page = row.ticket.session_context.get("current_url")
        # A browser states it, hence anybody: nothing that a program could take for a script.
        return page if isinstance(page, str) and page.startswith(("https://", "http://")) else None


class PosthogOk(outputs.Output):
    ok = outputs.always(True, serializers.BooleanField())


TICKET_COLUMNS = (
    *(
        source.removeprefix("ticket.")
        for source in (str(field.source) for field in PosthogTicket._declared_fields.values())
        if source.startswith("ticket.")
    ),
    "assignee__email",
    "team__public_id",
    "team__name",
)
"""The columns of a ticket that are printed."""
PRIMARY_COLUMNS = (
    "ticket",
    "subject",
    "cc",
    "mailbox__address",
    *(f"contact__{column}" for column in outputs.columns(PosthogPerson, Contact)),
)
"""And of its primary conversation."""


class PosthogMessage(outputs.Output):
    reads = ("body", "metadata", "sender_kind", "sender_name", "sender_email", "kind")
    id = serializers.UUIDField(source="public_id")
    content = serializers.CharField(allow_blank=True)
    rich_content = JsonObject(allow_null=True)
    author_type = serializers.ChoiceField(choices=sorted(AUTHORS.values))
    author_name = serializers.CharField()
    is_private = serializers.BooleanField()
    created_at = Moment()

    def get_content(self, message: Message) -> str:
        return message.body or ""

    def get_rich_content(self, message: Message) -> Any:
        return (message.metadata or {}).get("rich_content")

    def get_author_type(self, message: Message) -> str:
        return AUTHORS.printed(message.sender_kind)

    def get_author_name(self, message: Message) -> str:
        return message.sender_name or message.sender_email or NAMELESS[AUTHORS.printed(message.sender_kind)]

    def get_is_private(self, message: Message) -> bool:
        return message.kind == MessageKind.NOTE


MESSAGE_COLUMNS = outputs.columns(PosthogMessage, Message)
"""The columns of a message that are printed."""


class PosthogUser(outputs.Output):
    id = serializers.IntegerField(source="pk")
    uuid = serializers.UUIDField(source="public_id")
    distinct_id = serializers.CharField()
    first_name = serializers.CharField(allow_blank=True)
    last_name = serializers.CharField(allow_blank=True)
    email = serializers.EmailField()
    is_email_verified = outputs.always(None, serializers.BooleanField(allow_null=True))
    hedgehog_config = outputs.always(None, JsonObject(allow_null=True))
    role_at_organization = outputs.always(None, serializers.CharField(allow_null=True))

    def get_distinct_id(self, user: User) -> str:
        return str(user.public_id)

    def get_first_name(self, user: User) -> str:
        return user.name.partition(" ")[0]

    def get_last_name(self, user: User) -> str:
        return user.name.partition(" ")[2]


class PosthogView(outputs.Output):
    id = serializers.UUIDField(source="public_id")
    short_id = serializers.CharField()
    name = serializers.CharField(max_length=400)
    filters = JsonObject()
    visibility = outputs.Word(VISIBILITIES)
    is_favorited = serializers.BooleanField()
    created_at = Moment()
    created_by = PosthogUser(allow_null=True)

    @staticmethod
    def get_filters(row: SavedView) -> dict[str, Any]:
        return view_filters.printed(row)


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page: its rows, how many there are in all, and the addresses of the pages around it."""

    count: int
    next: str | None
    previous: str | None
    rows: Sequence[Any]


class Page(outputs.Output):
    """A page of a list; `next` and `previous` are complete URLs."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class PosthogTicketPage(Page):
    results = PosthogTicket(many=True, source="rows")


class PosthogMessagePage(Page):
    results = PosthogMessage(many=True, source="rows")


class PosthogViewPage(Page):
    results = PosthogView(many=True, source="rows")


class PosthogUnread(outputs.Output):
    count = serializers.IntegerField(source="*", help_text="Unread messages, over all tickets that are not resolved.")


class PosthogSource(outputs.Stored):
    """An article, a macro or a resolved conversation; only the last has a `conversation` and a `number`."""

    type = serializers.ChoiceField(choices=[kind.value for kind in SourceKind])
    id = serializers.UUIDField()
    title = serializers.CharField()
    conversation = serializers.UUIDField(allow_null=True)
    number = serializers.IntegerField(allow_null=True)


class PosthogSuggestion(outputs.Output):
    """`suggestion` is the suggested reply. Without a match `found` is false and `suggestion` says so."""

    suggestion = serializers.CharField()
    found = serializers.BooleanField()
    engine = serializers.CharField()
    sources = PosthogSource(many=True)

    def get_suggestion(self, made: Suggestion) -> str:
        return made.text or NOTHING

    def get_found(self, made: Suggestion) -> bool:
        return bool(made.text)


ERROR_TYPES = ("validation_error", "unknown_error")


class PosthogSuggestionFailed(serializers.Serializer[Any]):
    detail = serializers.CharField()
    error_type = serializers.ChoiceField(choices=ERROR_TYPES)


class PosthogNoteRefused(serializers.Serializer[Any]):
    detail = serializers.CharField()
    error_type = serializers.ChoiceField(choices=["not_note_author", "not_private_note", "note_not_found"])


class PosthogUpdated(outputs.Output):
    updated = serializers.IntegerField(source="*", help_text="How many tickets were changed.")


class PosthogSent(outputs.Output):
    sent = serializers.IntegerField(help_text="How many conversations the answer went to.")
    messages = PosthogMessage(many=True, source="*")

    def get_sent(self, messages: Sequence[Message]) -> int:
        return len(messages)


class PosthogComposed(outputs.Output):
    id = serializers.UUIDField(source="public_id")
    ticket_number = serializers.IntegerField(source="number")
