"""Changing a ticket's fields, from its own page and from beside a conversation: forms, words, and one verb each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import clock, transaction
from accounts import queries as people
from accounts.errors import Conflict
from accounts.models import Team, User
from accounts.text import whole_number
from conversations.screens import dates, errors
from conversations.screens.fields import LOCAL_FORMATS, LocalDateTimeField
from conversations.screens.shell import DeskRequest
from tickets import actions, tags
from tickets.models import Ticket, TicketPriority, TicketStatus

BOARD_HEADER = "Desk-Board"
"""The header of a card's move on the board."""

STATUS: Mapping[str, str | Promise] = {
    TicketStatus.NEW: gettext_lazy("New"),
    TicketStatus.OPEN: gettext_lazy("Open"),
    TicketStatus.PENDING: gettext_lazy("Waiting on customer"),
    TicketStatus.ON_HOLD: gettext_lazy("On hold"),
    TicketStatus.RESOLVED: gettext_lazy("Resolved"),
}
PRIORITY: Mapping[str, str | Promise] = {
    "": gettext_lazy("No priority"),
    TicketPriority.LOW: gettext_lazy("Low"),
    TicketPriority.MEDIUM: gettext_lazy("Medium"),
    TicketPriority.HIGH: gettext_lazy("High"),
    TicketPriority.CRITICAL: gettext_lazy("Critical"),
}


class Field(forms.Form):
    """A field; `expected` is what an undo finds in it, unless somebody else has changed it."""

    def clean(self) -> dict[str, Any]:
        return {**self.cleaned_data, "expected": self.data.get("expected")}


class StatusForm(Field):
    status = forms.ChoiceField(choices=TicketStatus.choices)


class PriorityForm(Field):
    """A priority, or none."""

    priority = forms.ChoiceField(choices=TicketPriority.choices, required=False)


class OwnerForm(Field):
    """Who has it: `user-<id>`, `team-<id>`, or nobody."""

    owner = forms.CharField(required=False)

    def clean_owner(self) -> User | Team | None:
        kind, _sign, key = str(self.cleaned_data["owner"]).partition("-")
        found: User | Team | None = None
        if (pk := whole_number(key)) is not None:
            if kind == "user":
                found = people.assignable().filter(pk=pk).first()
            elif kind == "team":
                found = people.teams().filter(pk=pk).first()
        if kind and found is None:
            raise forms.ValidationError(_("This person or team is not in the workspace any more."))
        return found


class TagsForm(Field):
    tags = forms.CharField(required=False, max_length=5000)


class MomentField(LocalDateTimeField):
    """A local time in the current time zone; what an undo restores is exact, with its offset."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            exact = datetime.fromisoformat(str(value)) if value else None
        except ValueError:
            exact = None
        return exact if exact is not None and exact.tzinfo is not None else super().to_python(value)


class WhenForm(Field):
    """A moment in the member's time zone, or none."""

    when = MomentField(required=False, input_formats=LOCAL_FORMATS)


class SnoozeForm(WhenForm):
    """A moment, or none; `status` is what an undo restores with it."""

    status = forms.ChoiceField(choices=TicketStatus.choices, required=False)


@dataclass(frozen=True, slots=True)
class Done:
    """What a change tells, and how it is undone: the name of a change with the values to post."""

    text: str
    undo: str = ""
    undo_values: tuple[tuple[str, str], ...] = ()
    undo_path: tuple[int, ...] = ()
    """What its address names beside the ticket."""


Change = Callable[[DeskRequest, Ticket, dict[str, Any]], Done]


def held(ticket: Ticket, given: dict[str, Any], shown: Callable[[Ticket], str]) -> Ticket:
    """The ticket as it is now, locked until the change is made. Raises Conflict unless an undo finds what it expects."""
    now = transaction.held(ticket)
    if given["expected"] is not None and given["expected"] != shown(now):
        raise errors.ticket_changed()
    return now


def undone_by(name: str, value: str, was: str, now: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """How a change of one field is undone, if it changed something: the last two of Done."""
    return (name, ((value, was), ("expected", now))) if was != now else ("", ())


def offered(request: DeskRequest, done: Done) -> Done:
    """What the toast tells. An undo offers none itself: pressed again, the key undoes the change before."""
    is_undo = "expected" in request.POST and BOARD_HEADER not in request.headers
    return Done(done.text) if is_undo else done


def _status(ticket: Ticket) -> str:
    return ticket.status


def _priority(ticket: Ticket) -> str:
    return ticket.priority or ""


def _owner(ticket: Ticket) -> str:
    return f"user-{ticket.assignee_id}" if ticket.assignee_id else f"team-{ticket.team_id}" if ticket.team_id else ""


def _tags(ticket: Ticket) -> str:
    return tags.line(ticket.tags)


def _due(ticket: Ticket) -> str:
    return _moment(ticket.sla_due_at)


def _snooze(ticket: Ticket) -> str:
    return f"{_until(ticket)} {ticket.status}"


def _until(ticket: Ticket) -> str:
    return _moment(ticket.snoozed_until)


def _moment(at: datetime | None) -> str:
    """A moment as an undo names it, whatever time zone it was typed in."""
    return at.astimezone(UTC).isoformat() if at else ""


@transaction.atomic
def set_status(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Set the status; a card that somebody else has moved meanwhile stays where it is."""
    try:
        ticket = held(ticket, given, _status)
    except Conflict as error:
        raise (errors.ticket_moved(STATUS[ticket.status]) if request.headers.get(BOARD_HEADER) else error) from None
    before = ticket.status
    actions.set_status(ticket=ticket, status=given["status"], by=request.actor, at=clock.now())
    if before == given["status"]:
        return Done("")
    text = _("Status set to %(status)s.") % {"status": STATUS[given["status"]]}
    return Done(text, *undone_by("status", "status", before, given["status"]))


@transaction.atomic
def set_priority(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Set or clear the priority."""
    ticket = held(ticket, given, _priority)
    actions.set_priority(ticket=ticket, priority=given["priority"] or None, by=request.actor, at=clock.now())
    text = _("Priority set to %(priority)s.") % {"priority": PRIORITY[given["priority"]]}
    return Done(text, *undone_by("priority", "priority", _priority(ticket), given["priority"]))


@transaction.atomic
def assign(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Give it to a member or a team, or to no one."""
    ticket, owner = held(ticket, given, _owner), given["owner"]
    to, team = (None, owner) if isinstance(owner, Team) else (owner, None)
    now = actions.assign(ticket=ticket, to=to, team=team, by=request.actor, at=clock.now())
    undo = undone_by("assign", "owner", _owner(ticket), _owner(now))
    if owner is None:
        return Done(_("Unassigned."), *undo)
    if owner == request.user:
        return Done(_("Assigned to you."), *undo)
    return Done(_("Assigned to %(name)s.") % {"name": owner}, *undo)


@transaction.atomic
def set_tags(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Replace the tags."""
    ticket = held(ticket, given, _tags)
    names = tags.parsed(given["tags"], ticket.tags)
    now = actions.set_tags(ticket=ticket, names=names, by=request.actor, at=clock.now())
    return Done(_("Tags saved."), *undone_by("tags", "tags", _tags(ticket), _tags(now)))


@transaction.atomic
def set_due(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Set or remove the due date."""
    ticket = held(ticket, given, _due)
    now = actions.update(ticket=ticket, sla_due_at=given["when"], by=request.actor, at=clock.now())
    undo = undone_by("due", "when", _due(ticket), _due(now))
    if given["when"] is None:
        return Done(_("Due date removed."), *undo)
    return Done(_("Due %(when)s.") % {"when": dates.moment(given["when"])}, *undo)


@transaction.atomic
def snooze(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Put it on hold until a moment, or end that; undone together with the status that it had."""
    ticket = held(ticket, given, _snooze)
    status = given["status"] or None
    now = actions.snooze(ticket=ticket, until=given["when"], status=status, by=request.actor, at=clock.now())
    name, _values = undone_by("snooze", "when", _snooze(ticket), _snooze(now))
    values = (("when", _until(ticket)), ("status", ticket.status), ("expected", _snooze(now))) if name else ()
    if given["when"] is None:
        return Done(_("Unsnoozed."), name, values)
    return Done(_("Snoozed until %(when)s.") % {"when": dates.moment(given["when"])}, name, values)


class Changeable(NamedTuple):
    """A field that both pages change."""

    form: type[forms.Form]
    change: Change


FIELDS: Mapping[str, Changeable] = {
    "status": Changeable(StatusForm, set_status),
    "priority": Changeable(PriorityForm, set_priority),
    "assign": Changeable(OwnerForm, assign),
    "tags": Changeable(TagsForm, set_tags),
    "due": Changeable(WhenForm, set_due),
    "snooze": Changeable(SnoozeForm, snooze),
}
"""By the name that addresses have."""
