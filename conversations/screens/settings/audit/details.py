"""The data of an event as people read it: names instead of ids, words instead of stored values, moments in the reader's time zone.

The exports keep what is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from accounts import activity, journal
from accounts.models import ActorKind, Event, Membership, Team, User
from accounts.permissions import Role
from accounts.permissions import Visibility as MemberVisibility
from conversations.models import (
    UNTIL_REPLY,
    ArticleVisibility,
    Channel,
    Company,
    Contact,
    Conversation,
    Macro,
    Mailbox,
    Visibility,
    Widget,
)
from conversations.models.mailbox import Inbound
from conversations.screens.formatting import date, priority_name, status_name
from conversations.screens.ticketing import PRIORITY, STATUS
from tickets.models import Ticket

NAMES: dict[str, str | Promise] = {
    "added": gettext_lazy("Added"),
    "added_count": gettext_lazy("Added"),
    "approved": gettext_lazy("Approved"),
    "archived": gettext_lazy("Archived"),
    "assignee_id": gettext_lazy("Assigned to"),
    "attempt": gettext_lazy("Attempt"),
    "by_mail": gettext_lazy("By email"),
    "call": gettext_lazy("Reason"),
    "changed_count": gettext_lazy("Changed"),
    "channel": gettext_lazy("Channel"),
    "code": gettext_lazy("Reason"),
    "company_id": gettext_lazy("Company"),
    "contact_count": gettext_lazy("Customers"),
    "contact_id": gettext_lazy("Customer"),
    "conversation_id": gettext_lazy("Conversation"),
    "conversation_ids": gettext_lazy("Conversations"),
    "days": gettext_lazy("Days"),
    "delivery": gettext_lazy("Delivery"),
    "due_at": gettext_lazy("Due"),
    "engine": gettext_lazy("Engine"),
    "failed_count": gettext_lazy("Failed"),
    "favorite": gettext_lazy("Favorite"),
    "fields": gettext_lazy("Changed"),
    "file_count": gettext_lazy("Files"),
    "from_customer": gettext_lazy("From the customer"),
    "inbound": gettext_lazy("Receives by"),
    "is_join": gettext_lazy("Merge"),
    "is_verified": gettext_lazy("Identity verified"),
    "is_whole": gettext_lazy("Whole message"),
    "kept_count": gettext_lazy("Left as they are"),
    "key": gettext_lazy("Key"),
    "keys": gettext_lazy("Attributes"),
    "kind": gettext_lazy("Kind"),
    "linked_id": gettext_lazy("Linked"),
    "macro_id": gettext_lazy("Macro"),
    "mailbox_id": gettext_lazy("Mailbox"),
    "mailed": gettext_lazy("By email"),
    "message_count": gettext_lazy("Messages"),
    "moved": gettext_lazy("Moved"),
    "number": gettext_lazy("Number"),
    "outcome": gettext_lazy("Outcome"),
    "position": gettext_lazy("Position"),
    "priority": gettext_lazy("Priority"),
    "previous_assignee_id": gettext_lazy("Previously assigned to"),
    "previous_company_id": gettext_lazy("Previous company"),
    "previous_contact_id": gettext_lazy("Previous customer"),
    "previous_team_id": gettext_lazy("Previous team"),
    "removed": gettext_lazy("Removed"),
    "removed_count": gettext_lazy("Removed"),
    "required": gettext_lazy("Required"),
    "role": gettext_lazy("Role"),
    "row_count": gettext_lazy("Conversations"),
    "scopes": gettext_lazy("Scopes"),
    "send_after": gettext_lazy("To be sent"),
    "session_count": gettext_lazy("Sessions"),
    "skipped_count": gettext_lazy("Skipped"),
    "status": gettext_lazy("Status"),
    "subject": gettext_lazy("Describes"),
    "superuser": gettext_lazy("Superuser"),
    "team_id": gettext_lazy("Team"),
    "ticket_id": gettext_lazy("Ticket"),
    "time_zone": gettext_lazy("Time zone"),
    "unassigned": gettext_lazy("Unassigned"),
    "undone_count": gettext_lazy("Undone"),
    "unlinked_id": gettext_lazy("Unlinked"),
    "until": gettext_lazy("Until"),
    "user_id": gettext_lazy("Member"),
    "values": gettext_lazy("Values"),
    "version": gettext_lazy("Version"),
    "visibility": gettext_lazy("Visibility"),
    "widget_id": gettext_lazy("Chat widget"),
}
"""What people read for the names of data. A name that is here is shown."""
FOR_PROGRAMS = frozenset({
    "added_id", "address_id", "after", "before", "begun_id", "blocked_id", "callback_id", "delivery_id", "delivery_ids",
    "edited_id", "erasure_id", "event_ids", "from_id", "into_id", "last_message_id", "merged_id", "merged_ids", "message_id",
    "message_ids", "note_id", "other_id", "previous", "proposal_id", "removed_id", "request_id", "run_id", "send_id",
    "session_id", "suggestion_id", "to_id", "undo", "undone_id", "weekly",
})  # fmt: skip
"""Names of data that say nothing to people: ids of rows without a name, states to go back to. The exports have them."""
_BEFORE = ("status", "priority", "role", "visibility")
"""Names beside which `previous` is the value that it was."""

_VALUES: dict[str, dict[str, str | Promise]] = {
    "call": {
        "asked": gettext_lazy("the customer asked for a person"),
        "policy": gettext_lazy("a topic for people"),
        "unsure": gettext_lazy("no answer found"),
    },
    "channel": dict(Channel.choices),
    "delivery": {
        "delivered": pgettext_lazy("delivery of a reply", "delivered"),
        "sending": pgettext_lazy("delivery of a reply", "sending"),
        "failed": pgettext_lazy("delivery of a reply", "failed"),
    },
    "engine": {"builtin": gettext_lazy("built in")},
    "inbound": dict(Inbound.choices),
    "kind": {
        "server": gettext_lazy("server key"),
        "client": gettext_lazy("client key"),
        "contact": gettext_lazy("contact form"),
        "callback": gettext_lazy("callback form"),
        "email": gettext_lazy("email address"),
        "phone": gettext_lazy("phone number"),
        "reply": gettext_lazy("reply"),
        "note": gettext_lazy("note"),
        "mail": gettext_lazy("new mail"),
        "totp": gettext_lazy("authenticator app"),
        "webauthn": gettext_lazy("passkey"),
        "recovery_codes": gettext_lazy("recovery codes"),
        "all": gettext_lazy("all"),
        "text": gettext_lazy("text"),
        "number": gettext_lazy("number"),
        "decimal": gettext_lazy("decimal number"),
        "choice": gettext_lazy("choice"),
        "boolean": gettext_lazy("yes or no"),
        "date": gettext_lazy("date"),
        "url": gettext_lazy("web address"),
    },
    "outcome": {
        "accepted": gettext_lazy("used"),
        "edited": gettext_lazy("edited and used"),
        "rejected": gettext_lazy("dismissed"),
    },
    "subject": {
        "contact": gettext_lazy("customers"),
        "conversation": gettext_lazy("conversations"),
        "ticket": gettext_lazy("tickets"),
        "company": gettext_lazy("companies"),
    },
}
"""What people read for stored values, by the names of their data."""

_FIELDS: dict[str, str | Promise] = {
    "address": gettext_lazy("address"),
    "assignee": gettext_lazy("assignee"),
    "avatar_url": gettext_lazy("picture"),
    "body": gettext_lazy("text"),
    "choices": gettext_lazy("choices"),
    "color": gettext_lazy("color"),
    "company": gettext_lazy("company"),
    "condition": gettext_lazy("conditions"),
    "description": gettext_lazy("description"),
    "display_name": gettext_lazy("name"),
    "domain": gettext_lazy("domain"),
    "effects": gettext_lazy("actions"),
    "email": gettext_lazy("email address"),
    "escalation_reason": gettext_lazy("reason"),
    "external_id": gettext_lazy("external id"),
    "first_name": gettext_lazy("first name"),
    "greeting": gettext_lazy("greeting"),
    "is_active": gettext_lazy("active"),
    "language": gettext_lazy("language"),
    "last_name": gettext_lazy("last name"),
    "name": gettext_lazy("name"),
    "notifications": gettext_lazy("notifications"),
    "password": gettext_lazy("password"),
    "phone": gettext_lazy("phone number"),
    "picture": gettext_lazy("picture"),
    "position": gettext_lazy("position"),
    "questions": gettext_lazy("questions"),
    "signature": gettext_lazy("signature"),
    "signs_replies": gettext_lazy("signature"),
    "sla_due_at": gettext_lazy("due date"),
    "subject": gettext_lazy("subject"),
    "team": gettext_lazy("team"),
    "time_zone": gettext_lazy("time zone"),
    "title": gettext_lazy("title"),
    "traits": gettext_lazy("traits"),
    "visibility": gettext_lazy("visibility"),
}
"""What people read for the fields that an event says were changed; others are shown as they are."""

_PEOPLE = ("user_id", "assignee_id", "previous_assignee_id")
_TEAMS = ("team_id", "previous_team_id")
_ROWS: dict[str, type[Model]] = {
    **dict.fromkeys(_PEOPLE, User),
    **dict.fromkeys(_TEAMS, Team),
    "company_id": Company,
    "previous_company_id": Company,
    "contact_id": Contact,
    "previous_contact_id": Contact,
    "conversation_id": Conversation,
    "conversation_ids": Conversation,
    "linked_id": Conversation,
    "unlinked_id": Conversation,
    "macro_id": Macro,
    "mailbox_id": Mailbox,
    "ticket_id": Ticket,
    "widget_id": Widget,
}
"""The models of ids in data."""
_SUBJECTS: dict[str, type[Model]] = {
    "company": Company,
    "contact": Contact,
    "conversation": Conversation,
    "macro": Macro,
    "mailbox": Mailbox,
    "team": Team,
    "ticket": Ticket,
    "user": User,
    "widget": Widget,
}
"""The models of what an event is about, of those whose rows have a name."""


@dataclass(frozen=True, slots=True)
class Named:
    """The names of rows that a page of events mentions, read with one query for each model."""

    names: Mapping[type[Model], Mapping[int, str]] = field(default_factory=dict)
    members: Mapping[int, int] = field(default_factory=dict)
    """Who a membership belongs to."""

    @classmethod
    def of(cls, events: Iterable[Event]) -> Named:
        events = list(events)
        memberships = {event.subject_id for event in events if event.subject_type == "membership"}
        members = dict(Membership.objects.filter(pk__in=memberships).values_list("pk", "user"))
        wanted: dict[type[Model], set[int]] = {User: set(members.values())}
        for event in events:
            if event.actor_kind == ActorKind.CONTACT and event.actor_id is not None:
                wanted.setdefault(Contact, set()).add(event.actor_id)
            if event.subject_type in _SUBJECTS:
                wanted.setdefault(_SUBJECTS[event.subject_type], set()).add(event.subject_id)
            for name, model in _ROWS.items():
                value = event.data.get(name)
                found = value if isinstance(value, list) else [value]
                wanted.setdefault(model, set()).update(one for one in found if isinstance(one, int))
        return cls({model: _NAMED[model](ids) for model, ids in wanted.items() if ids}, members)

    def actor(self, event: Event) -> str:
        """Who did it."""
        if event.actor_kind == ActorKind.CONTACT and event.actor_id is not None:
            return self.name(Contact, event.actor_id)
        return str(capfirst(activity.actor_text(event)))

    def name(self, model: type[Model], pk: int) -> str:
        """The row's name, or its id where it has gone."""
        return self.names.get(model, {}).get(pk) or _("deleted (%(id)s)") % {"id": pk}

    def subject(self, event: Event) -> str:
        """The name of what the event is about; empty where it has none."""
        if (person := self.members.get(event.subject_id)) and event.subject_type == "membership":
            return self.name(User, person)
        model = _SUBJECTS.get(event.subject_type)
        return "" if model is None else self.names.get(model, {}).get(event.subject_id, "")


def _numbered(model: type[Conversation] | type[Ticket]) -> Callable[[set[int]], dict[int, str]]:
    def numbers(ids: set[int]) -> dict[int, str]:
        return {pk: f"#{number}" for pk, number in model.objects.filter(pk__in=ids).values_list("pk", "number")}

    return numbers


def _called(model: Any, name: str = "name") -> Callable[[set[int]], dict[int, str]]:
    return lambda ids: dict(model.objects.filter(pk__in=ids).values_list("pk", name))


_NAMED: dict[type[Model], Callable[[set[int]], dict[int, str]]] = {
    User: lambda ids: {user.pk: str(user) for user in User.objects.filter(pk__in=ids)},
    Contact: lambda ids: {row.pk: row.name or row.email for row in Contact.objects.filter(pk__in=ids)},
    Conversation: _numbered(Conversation),
    Ticket: _numbered(Ticket),
    **{model: _called(model) for model in (Company, Macro, Team, Widget)},
    Mailbox: _called(Mailbox, "address"),
}


def meaning(event: Event) -> str:
    """What happened, without its values."""
    kind = journal.catalogue.get(event.type)
    if event.type.endswith(".assigned") and not (event.data.get("assignee_id") or event.data.get("team_id")):
        return _("Unassigned")
    if event.type.endswith(".snoozed"):
        return _("Snoozed") if event.data.get("until") else _("Unsnoozed")
    return _(kind.meaning).rstrip(".") if kind else event.type


def of(event: Event, named: Named) -> list[tuple[str, str]]:
    """The values that are for people, each with its name."""
    kind = journal.catalogue.get(event.type)
    found = []
    for name in kind.data if kind else ():
        value = event.data.get(name)
        if name not in NAMES or value in (None, [], {}, ""):
            continue
        text = _text(name, value, event, named)
        before = event.data.get("previous") if name in _BEFORE else None
        if before not in (None, "", value):
            text = _("%(now)s, was %(before)s") % {"now": text, "before": _text(name, before, event, named)}
        found.append((str(NAMES[name]), text))
    return found


def _text(name: str, value: Any, event: Event, named: Named) -> str:
    if isinstance(value, bool):
        return _value(value)
    if name == "unassigned" and isinstance(value, dict):
        return ", ".join(_counted(what, count) for what, count in sorted(value.items()))
    if name == "values" and isinstance(value, dict):
        return ", ".join(_("%(name)s: %(value)s") % {"name": key, "value": _value(one)} for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_text(name, one, event, named) for one in value)
    if name in _ROWS and isinstance(value, int):
        return named.name(_ROWS[name], value)
    if name == "number":
        return f"#{value}"
    if name in ("until", "send_after", "due_at"):
        return _moment(str(value))
    if name == "fields":
        return str(_FIELDS.get(value, str(value).replace("_", " ")))
    if name in _BEFORE:
        return _state(name, str(value), event.type)
    return str(_VALUES.get(name, {}).get(value, value))


def _value(value: Any) -> str:
    """A value that needs no other words: of a custom attribute, or yes or no."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return _("none") if value in (None, "") else str(value)


def _state(name: str, value: str, kind: str) -> str:
    if name == "role":
        return str(dict(Role.choices).get(value, value))
    if name == "visibility":
        known = {**dict(MemberVisibility.choices), **dict(Visibility.choices), **dict(ArticleVisibility.choices)}
        return str(known.get(value, value))
    is_ticket = kind.startswith("ticket.")
    if name == "status":
        return str(STATUS.get(value, value)) if is_ticket else status_name(value)
    return str(PRIORITY.get(value, value)) if is_ticket else priority_name(value)


def _moment(value: str) -> str:
    try:
        found: datetime | None = parse_datetime(value)
    except ValueError:
        found = None
    if found is None:
        return value
    return _("the customer replies") if found == UNTIL_REPLY else date(found, "j M Y, H:i")


def _counted(what: str, count: int) -> str:
    if what.startswith("conversation"):
        return ngettext("%(num)s conversation", "%(num)s conversations", count) % {"num": count}
    if what.startswith("ticket"):
        return ngettext("%(num)s ticket", "%(num)s tickets", count) % {"num": count}
    return f"{capfirst(what.replace('_', ' '))} {count}"
