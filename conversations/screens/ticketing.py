"""Changing a ticket's fields, from its own page and from beside a conversation: forms, words, and one verb each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import clock
from accounts import queries as people
from accounts.models import Team, User
from accounts.text import whole_number
from conversations.screens import dates, errors
from conversations.screens.fields import LOCAL_FORMATS, LocalDateTimeField
from conversations.screens.shell import DeskRequest
from tickets import actions, tags
from tickets.models import Ticket, TicketPriority, TicketStatus

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


class StatusForm(forms.Form):
    """A status; `expected` is the one that an undo finds, unless somebody else has changed it."""

    status = forms.ChoiceField(choices=TicketStatus.choices)
    expected = forms.CharField(required=False)


class PriorityForm(forms.Form):
    """A priority, or none."""

    priority = forms.ChoiceField(choices=TicketPriority.choices, required=False)


class OwnerForm(forms.Form):
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


class TagsForm(forms.Form):
    tags = forms.CharField(required=False, max_length=5000)


class WhenForm(forms.Form):
    """A moment in the member's time zone, or none."""

    when = LocalDateTimeField(required=False, input_formats=LOCAL_FORMATS)


@dataclass(frozen=True, slots=True)
class Done:
    """What a change tells, and how it is undone: the name of a change with the values to post."""

    text: str
    undo: str = ""
    undo_values: tuple[tuple[str, str], ...] = ()


Change = Callable[[DeskRequest, Ticket, dict[str, Any]], Done]


def set_status(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Set the status; what an undo expects is compared first."""
    before = ticket.status
    if given["expected"] and given["expected"] != before:
        raise errors.changed_since()
    actions.set_status(ticket=ticket, status=given["status"], by=request.actor, at=clock.now())
    if before == given["status"]:
        return Done("")
    text = _("Status set to %(status)s.") % {"status": STATUS[given["status"]]}
    return Done(text, "status", (("status", before), ("expected", given["status"])))


def set_priority(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Set or clear the priority."""
    before = ticket.priority or ""
    actions.set_priority(ticket=ticket, priority=given["priority"] or None, by=request.actor, at=clock.now())
    text = _("Priority set to %(priority)s.") % {"priority": PRIORITY[given["priority"]]}
    return Done(text, "priority", (("priority", before),))


def assign(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Give it to a member or a team, or to no one."""
    before = f"user-{ticket.assignee_id}" if ticket.assignee_id else f"team-{ticket.team_id}" if ticket.team_id else ""
    owner = given["owner"]
    to, team = (None, owner) if isinstance(owner, Team) else (owner, None)
    actions.assign(ticket=ticket, to=to, team=team, by=request.actor, at=clock.now())
    undo = ("assign", (("owner", before),))
    if owner is None:
        return Done(_("Unassigned."), *undo)
    if owner == request.user:
        return Done(_("Assigned to you."), *undo)
    return Done(_("Assigned to %(name)s.") % {"name": owner}, *undo)


def set_tags(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Replace the tags."""
    names = tags.parsed(given["tags"], ticket.tags)
    actions.set_tags(ticket=ticket, names=names, by=request.actor, at=clock.now())
    return Done(_("Tags saved."))


def set_due(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Set or remove the due date."""
    actions.update(ticket=ticket, sla_due_at=given["when"], by=request.actor, at=clock.now())
    if given["when"] is None:
        return Done(_("Due date removed."))
    return Done(_("Due %(when)s.") % {"when": dates.moment(given["when"])})


class Field(NamedTuple):
    """A field that both pages change."""

    form: type[forms.Form]
    change: Change


FIELDS: Mapping[str, Field] = {
    "status": Field(StatusForm, set_status),
    "priority": Field(PriorityForm, set_priority),
    "assign": Field(OwnerForm, assign),
    "tags": Field(TagsForm, set_tags),
    "due": Field(WhenForm, set_due),
}
"""By the name that addresses have."""
