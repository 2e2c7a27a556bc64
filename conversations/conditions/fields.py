"""The fields of each subject: their names in JSON, what people call them, their kinds, and where their values stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations import priorities
from conversations.conditions import sources
from conversations.conditions.kinds import KINDS
from conversations.conditions.sources import Source
from conversations.models import Channel, Follower, Handler, Mention
from tickets.models import Attribute, AttributeKind, AttributeSubject, TicketPriority, TicketStatus

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Field:
    """Something that a condition may ask of a row."""

    name: str
    label: Label
    kind: str
    source: Source
    choices: tuple[tuple[str, Label], ...] = ()
    is_leading: bool = False
    """Whether an index leads to all rows for which it holds."""

    @property
    def operators(self) -> tuple[str, ...]:
        return tuple(KINDS[self.kind])

    @property
    def values(self) -> Sequence[str]:
        """What a choice may be."""
        return [value for value, _label in self.choices]


STATUSES = (
    ("open", _("Open")),
    ("pending", _("Waiting on customer")),
    ("snoozed", _("Snoozed")),
    ("resolved", _("Resolved")),
    ("closed", _("Closed")),
)
PRIORITIES = (("urgent", _("Urgent")), ("high", _("High")), ("normal", _("Normal")), ("low", _("Low")))
CHANNELS = (
    (Channel.CHAT, _("Chat")),
    (Channel.EMAIL, _("Email")),
    (Channel.DISCORD, _("Discord")),
    (Channel.API, _("API")),
    (Channel.CALLBACK, _("Callback")),
    (Channel.FORM, _("Web form")),
    (Channel.MANUAL, _("Manual")),
)
TICKET_STATUSES = (
    (TicketStatus.NEW, _("New")),
    (TicketStatus.OPEN, _("Open")),
    (TicketStatus.PENDING, _("Waiting on customer")),
    (TicketStatus.ON_HOLD, _("On hold")),
    (TicketStatus.RESOLVED, _("Resolved")),
)
TICKET_PRIORITIES = (
    (TicketPriority.CRITICAL, _("Critical")),
    (TicketPriority.HIGH, _("High")),
    (TicketPriority.MEDIUM, _("Medium")),
    (TicketPriority.LOW, _("Low")),
    ("none", _("No priority")),
)
HANDLERS = (
    (Handler.PEOPLE, _("The team")),
    (Handler.ASSISTANT, _("The assistant")),
    (Handler.NOBODY, _("No one (spam)")),
)


def _of_contact(prefix: str) -> list[Field]:
    """What is known of a contact, of the row at the end of a path."""
    text = [
        ("name", _("Customer name")),
        ("email", _("Customer email")),
        ("company", _("Company")),
        ("external_id", _("Customer id")),
    ]
    return [Field(name, label, "text", sources.Text(f"{prefix}{name}")) for name, label in text]


def _plain(values: Sequence[tuple[str, Label]]) -> tuple[tuple[str, Label], ...]:
    return tuple((str(value), label) for value, label in values)


def _moments(**named: tuple[str, Label]) -> list[Field]:
    return [Field(name, label, "moment", sources.Moment(path)) for name, (path, label) in named.items()]


def _conversation() -> list[Field]:
    of_contact = _of_contact("contact__")
    return [
        Field("status", _("Status"), "choice", sources.State(), _plain(STATUSES)),
        Field(
            "priority",
            _("Priority"),
            "choice",
            sources.Mapped("priority_rank", tuple((value, priorities.RANKS[value]) for value, _label in PRIORITIES)),
            _plain(PRIORITIES),
        ),
        Field("tag", _("Tag"), "tags", sources.Tags("tags"), is_leading=True),
        Field("assignee", _("Assigned to"), "member", sources.Member("assignee"), is_leading=True),
        Field("team", _("Team"), "team", sources.OfTeam("team"), is_leading=True),
        Field("channel", _("Channel"), "choice", sources.Choice("channel"), _plain(CHANNELS)),
        Field("mailbox", _("Mailbox"), "number", sources.Number("mailbox_id")),
        Field("handler", _("Answered by"), "choice", sources.Choice("handler"), _plain(HANDLERS)),
        Field("subject", _("Subject"), "text", sources.Text("subject")),
        Field("text", _("Words"), "words", sources.Words()),
        Field("contact", _("Customer"), "words", sources.OfCustomer(), is_leading=True),
        *(replace(field, name=f"contact.{field.name}") for field in of_contact),
        Field("recipient", _("Sent to"), "words", sources.Recipient()),
        Field("contact.verified", _("Customer is verified"), "yes_or_no", sources.Flag("contact__is_verified")),
        Field("number", _("Number"), "number", sources.Number("number")),
        *_moments(
            created=("created_at", _("Created")),
            updated=("updated_at", _("Changed")),
            waiting=("waiting_since", _("Waiting since")),
            last_message=("last_message_at", _("Last message")),
            last_customer_message=("last_inbound_at", _("Last message of the customer")),
            last_reply=("last_outbound_at", _("Last reply")),
            closed=("closed_at", _("Resolved or closed at")),
            snoozed_until=("snoozed_until", _("Snoozed until")),
        ),
        Field("deadline", _("Reply due"), "moment", sources.Deadline()),
        Field("unread", _("Unread"), "yes_or_no", sources.Present("unread_count")),
        Field("file", _("Has a file"), "yes_or_no", sources.HasFile(), is_leading=True),
        Field("failed", _("Failed to send"), "yes_or_no", sources.NotSent(), is_leading=True),
        Field("ticket", _("Has a ticket"), "yes_or_no", sources.Linked("ticket")),
        Field(
            "ticket.status",
            _("Ticket status"),
            "optional_choice",
            sources.Choice("ticket__status"),
            _plain(TICKET_STATUSES),
        ),
        Field(
            "ticket.priority",
            _("Ticket priority"),
            "optional_choice",
            sources.Choice("ticket__priority"),
            _plain(TICKET_PRIORITIES[:-1]),
        ),
        Field("follower", _("Followed by"), "member", sources.Members(Follower)),
        Field("mentioned", _("Mentioned"), "member", sources.Members(Mention)),
    ]


def _ticket() -> list[Field]:
    of_contact = [field for field in _of_contact("contact__") if field.name != "external_id"]
    return [
        Field("status", _("Status"), "choice", sources.Choice("status"), _plain(TICKET_STATUSES)),
        Field("priority", _("Priority"), "choice", sources.ChoiceOrNone("priority"), _plain(TICKET_PRIORITIES)),
        Field("tag", _("Tag"), "tags", sources.Tags("tags")),
        Field("assignee", _("Assigned to"), "member", sources.Member("assignee")),
        Field("team", _("Team"), "team", sources.OfTeam("team")),
        Field("channel", _("Channel"), "text", sources.Text("channel")),
        Field("subject", _("Subject"), "text", sources.Text("subject")),
        Field("text", _("Words"), "words", sources.TicketWords()),
        Field("number", _("Number"), "number", sources.Number("number")),
        *_moments(
            created=("created_at", _("Created")),
            updated=("updated_at", _("Changed")),
            last_message=("last_message_at", _("Last message")),
            due=("sla_due_at", _("Due")),
            snoozed_until=("snoozed_until", _("Snoozed until")),
            resolved=("resolved_at", _("Resolved at")),
        ),
        Field("unread", _("Unread"), "yes_or_no", sources.Present("unread_team_count")),
        Field("conversation", _("Has a conversation"), "yes_or_no", sources.OfConversations()),
        *(
            replace(field, name=f"contact.{field.name}", source=sources.OfConversations(field.source))
            for field in of_contact
        ),
    ]


def _contact() -> list[Field]:
    return [
        *_of_contact(""),
        Field("verified", _("Verified"), "yes_or_no", sources.Flag("is_verified")),
        Field("text", _("Words"), "words", sources.ContactWords()),
        *_moments(created=("created_at", _("Created")), updated=("updated_at", _("Changed"))),
    ]


_FIELDS: Mapping[str, Callable[[], list[Field]]] = {
    AttributeSubject.CONVERSATION.value: _conversation,
    AttributeSubject.TICKET.value: _ticket,
    AttributeSubject.CONTACT.value: _contact,
}
SUBJECTS = tuple(_FIELDS)
"""What a condition may be on."""


@cache
def known(subject: str) -> Mapping[str, Field]:
    """The fields that every workspace has, by name."""
    return {field.name: field for field in _FIELDS[subject]()}


# --- Custom attributes --------------------------------------------------------------------------

_OF_ATTRIBUTES: Mapping[str, tuple[str, Callable[[str, str], Source]]] = {
    AttributeKind.TEXT: ("text", sources.TextAttribute),
    AttributeKind.URL: ("text", sources.TextAttribute),
    AttributeKind.CHOICE: ("optional_choice", sources.ChoiceAttribute),
    AttributeKind.NUMBER: ("number", sources.NumberAttribute),
    AttributeKind.DECIMAL: ("number", sources.NumberAttribute),
    AttributeKind.BOOLEAN: ("optional_yes_or_no", sources.YesOrNoAttribute),
    AttributeKind.DATE: ("day", sources.DayAttribute),
}
PLACES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "conversation": {
        "attribute.": ("conversation", "attributes"),
        "contact.attribute.": ("contact", "contact__attributes"),
        "ticket.attribute.": ("ticket", "ticket__attributes"),
    },
    "ticket": {"attribute.": ("ticket", "attributes")},
    "contact": {"attribute.": ("contact", "attributes")},
}
"""Where the attributes of a subject stand, by the beginning of a field's name: what they describe, and the column."""


def of_attribute(row: Attribute, name: str, path: str) -> Field:
    """The field of a custom attribute; of one that was archived nothing is found until it is restored."""
    kind, source = _OF_ATTRIBUTES[row.kind]
    choices = tuple((one, one) for one in row.choices)
    if row.archived_at is not None:
        return Field(name, gettext("%(name)s (removed)") % {"name": row.name}, kind, sources.Nothing(), choices)
    return Field(name, row.name, kind, source(path, row.key), choices)


def fields(subject: str, attributes: Sequence[Attribute] | None = None) -> list[Field]:
    """All fields of a subject, with the custom attributes of the open scope's workspace that are in use, or of those given."""
    if attributes is None:
        attributes = list(Attribute.objects.filter(archived_at=None).order_by("position", "pk"))
    of_attributes = [
        of_attribute(row, f"{beginning}{row.key}", path)
        for beginning, (described, path) in PLACES[subject].items()
        for row in attributes
        if row.subject == described
    ]
    return [*known(subject).values(), *of_attributes]
