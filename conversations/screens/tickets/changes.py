"""Changing a ticket: each view reads a form and calls one verb."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.models import Team
from accounts.permissions import permit
from conversations import actions
from conversations.screens import dates, errors
from conversations.screens.shell import DeskRequest, is_fragment, screen
from conversations.screens.tickets import forms, labels, pages, queries
from tickets import actions as ticket_actions
from tickets import tags
from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Done:
    """What a change tells, and how it is undone: the name of a URL of this section with the values to post."""

    text: str
    undo_url: str = ""
    undo_values: tuple[tuple[str, str], ...] = ()


Change = Callable[[DeskRequest, Ticket, dict[str, Any]], Done]


def changes(form_class: type[Form]) -> Callable[[Change], Callable[..., HttpResponseBase]]:
    """Make a view of a function that calls one verb with a form's values.

    A fragment is answered with the ticket as it is now and a toast; without script the answer redirects to its page.
    """

    def decorate(change: Change) -> Callable[..., HttpResponseBase]:
        @require_POST
        @screen
        @wraps(change)
        def view(request: DeskRequest, number: int) -> HttpResponse:
            ticket, form = queries.by_number(number), form_class(request.POST)
            done, fault = Done(""), ""
            if form.is_valid():
                try:
                    done = change(request, ticket, form.cleaned_data)
                except (NotFound, Forbidden):
                    raise
                except DomainError as error:
                    fault = errors.of_error(error)
            else:
                fault = errors.of_form(form)
            return answered(request, number, done, fault)

        return view

    return decorate


def answered(request: DeskRequest, number: int, done: Done, fault: str = "") -> HttpResponse:
    """The ticket with a toast, its card alone for the board, or a redirect to its page with a message.

    A member who has lost sight of the ticket by the change is led to the list.
    """
    is_board, has_left = bool(request.headers.get("Desk-Board")), not queries.is_seen(number)
    if has_left or not is_fragment(request):
        if fault or done.text:
            messages.add_message(request, messages.ERROR if fault else messages.SUCCESS, fault or done.text)
        if not has_left:
            return redirect("ticket", request.workspace.slug, number)
        url = reverse("ticket-board" if is_board else "tickets", args=[request.workspace.slug])
        return HttpResponseClientRedirect(url) if is_fragment(request) else redirect(url)
    shown = {"toast": fault or done.text, "is_fault": bool(fault), "done": done}
    template = "tickets/moved.html" if is_board else "tickets/changed.html"
    context = {**pages.facts(request, queries.by_number(number)), **shown}
    return render(request, template, context, status=422 if fault else 200)


@changes(forms.StatusForm)
def set_status(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    before = ticket.status
    if given["expected"] and given["expected"] != before:
        raise errors.changed_since()
    ticket_actions.set_status(ticket=ticket, status=given["status"], by=request.actor, at=clock.now())
    if before == given["status"]:
        return Done("")
    text = _("Status set to %(status)s.") % {"status": labels.STATUS[given["status"]]}
    return Done(text, "ticket-status", (("status", before), ("expected", given["status"])))


@changes(forms.PriorityForm)
def set_priority(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    before = ticket.priority or ""
    ticket_actions.set_priority(ticket=ticket, priority=given["priority"] or None, by=request.actor, at=clock.now())
    text = _("Priority set to %(priority)s.") % {"priority": labels.PRIORITY[given["priority"]]}
    return Done(text, "ticket-priority", (("priority", before),))


@changes(forms.OwnerForm)
def assign(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    before = f"user-{ticket.assignee_id}" if ticket.assignee_id else f"team-{ticket.team_id}" if ticket.team_id else ""
    owner = given["owner"]
    to, team = (None, owner) if isinstance(owner, Team) else (owner, None)
    ticket_actions.assign(ticket=ticket, to=to, team=team, by=request.actor, at=clock.now())
    undo = ("ticket-assign", (("owner", before),))
    if owner is None:
        return Done(_("Unassigned."), *undo)
    if owner == request.user:
        return Done(_("Assigned to you."), *undo)
    return Done(_("Assigned to %(name)s.") % {"name": owner}, *undo)


@changes(forms.TagsForm)
def set_tags(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    names = tags.parsed(given["tags"], ticket.tags)
    ticket_actions.set_tags(ticket=ticket, names=names, by=request.actor, at=clock.now())
    return Done(_("Tags saved."))


@changes(forms.SubjectForm)
def set_subject(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    ticket_actions.update(ticket=ticket, subject=given["subject"], by=request.actor, at=clock.now())
    return Done(_("Subject saved."))


@changes(forms.ReasonForm)
def set_reason(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    ticket_actions.update(ticket=ticket, escalation_reason=given["reason"] or None, by=request.actor, at=clock.now())
    return Done(_("Reason saved."))


@changes(forms.WhenForm)
def set_due(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    ticket_actions.update(ticket=ticket, sla_due_at=given["when"], by=request.actor, at=clock.now())
    if given["when"] is None:
        return Done(_("Due date removed."))
    return Done(_("Due %(when)s.") % {"when": dates.moment(given["when"])})


@changes(forms.WhenForm)
def snooze(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    ticket_actions.snooze(ticket=ticket, until=given["when"], by=request.actor, at=clock.now())
    if given["when"] is None:
        return Done(_("Unsnoozed."))
    return Done(_("Snoozed until %(when)s.") % {"when": dates.moment(given["when"])})


@changes(forms.NoteForm)
def note(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    actions.note_in_ticket(ticket=ticket, body=given["body"], by=request.actor, at=clock.now())
    return Done(_("Note added."))


@require_POST
@screen
def mark_read(request: DeskRequest, number: int) -> HttpResponse:
    """The team has seen the ticket."""
    permit(request.actor, "ticket.mark_read")
    ticket_actions.mark_read(ticket=queries.by_number(number), by=request.actor, at=clock.now())
    return HttpResponse(status=204) if request.htmx else redirect("ticket", request.workspace.slug, number)


@require_POST
@screen
def delete(request: DeskRequest, number: int) -> HttpResponse:
    """Delete the ticket; its conversations stay."""
    ticket = queries.by_number(number)
    actions.delete_ticket(ticket=ticket, by=request.actor, at=clock.now())
    messages.success(request, _("Ticket %(number)s deleted. Its conversations are kept.") % {"number": number})
    return redirect("tickets", request.workspace.slug)
