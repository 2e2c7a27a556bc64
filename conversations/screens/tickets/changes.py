"""Changing a ticket: each view reads a form and calls one verb."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import partial, wraps
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

from accounts import clock, transaction
from accounts.permissions import permit
from conversations import actions
from conversations.screens import attributes, errors, ticketing
from conversations.screens.shell import DeskRequest, is_fragment, screen
from conversations.screens.ticketing import Done
from conversations.screens.tickets import forms, pages, queries
from tickets import actions as ticket_actions
from tickets import queries as ticket_queries
from tickets.attributes import typed as of_attribute
from tickets.models import Attribute, AttributeSubject, Ticket


def changes(form_class: type[Form]) -> Callable[[Callable[..., Done]], Callable[..., HttpResponseBase]]:
    """Make a view of a function that calls one verb with a form's values, and with the note that the address names.

    A fragment is answered with the ticket as it is now and a toast; without script the answer redirects to its page.
    """

    def decorate(change: Callable[..., Done]) -> Callable[..., HttpResponseBase]:
        @require_POST
        @screen
        @wraps(change)
        def view(request: DeskRequest, number: int, note: int | None = None) -> HttpResponse:
            ticket, form = queries.by_number(number), form_class(request.POST)
            about = {} if note is None else {"note": note}
            done, fault = errors.tried(form, partial(change, request, ticket, **about), Done(""))
            return answered(request, number, done, fault)

        return view

    return decorate


def answered(request: DeskRequest, number: int, done: Done, fault: str = "") -> HttpResponse:
    """The ticket with a toast, its card alone for the board, or a redirect to its page with a message.

    A member who has lost sight of the ticket by the change is led to the list.
    """
    is_board, has_left = bool(request.headers.get(ticketing.BOARD_HEADER)), not queries.is_seen(number)
    if has_left or not is_fragment(request):
        if fault or done.text:
            messages.add_message(request, messages.ERROR if fault else messages.SUCCESS, fault or done.text)
        if not has_left:
            return redirect("ticket", request.workspace.slug, number)
        url = reverse("ticket-board" if is_board else "tickets", args=[request.workspace.slug])
        return HttpResponseClientRedirect(url) if is_fragment(request) else redirect(url)
    covered = [event.pk for event in request.recorded]
    shown = {
        "toast": fault or done.text,
        "is_fault": bool(fault),
        "done": ticketing.offered(request, done),
        "covered": covered,
    }
    template = "tickets/moved.html" if is_board else "tickets/changed.html"
    facts = pages.facts(request, queries.by_number(number), typed=request.POST if fault else None)
    context = {**facts, **shown}
    return render(request, template, context, status=422 if fault else 200)


FIELDS = {name: changes(field.form)(field.change) for name, field in ticketing.FIELDS.items()}
"""The views of what can be changed beside a conversation too."""


@changes(forms.SubjectForm)
@transaction.atomic
def set_subject(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    before = ticketing.held(ticket, given, _subject)
    now = ticket_actions.update(ticket=before, subject=given["subject"], by=request.actor, at=clock.now())
    return Done(_("Subject saved."), *ticketing.undone_by("subject", "subject", _subject(before), _subject(now)))


@changes(forms.ReasonForm)
@transaction.atomic
def set_reason(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    before, reason = ticketing.held(ticket, given, _reason), given["reason"] or None
    now = ticket_actions.update(ticket=before, escalation_reason=reason, by=request.actor, at=clock.now())
    return Done(_("Reason saved."), *ticketing.undone_by("reason", "reason", _reason(before), _reason(now)))


def _subject(ticket: Ticket) -> str:
    return ticket.subject


def _reason(ticket: Ticket) -> str:
    return ticket.escalation_reason or ""


@changes(forms.AttributesForm)
@transaction.atomic
def set_attributes(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Set those that were typed otherwise; undone by what they were."""
    rows = list(ticket_queries.attributes_of(AttributeSubject.TICKET))
    asked = [row for row in rows if f"{attributes.PREFIX}{row.key}" in request.POST]
    before = ticketing.held(ticket, given, partial(_attributes, asked))
    values = attributes.typed(rows, before.attributes, request.POST)
    now = ticket_actions.set_attributes(ticket=before, values=values, by=request.actor, at=clock.now())
    changed = [row for row in rows if before.attributes.get(row.key) != now.attributes.get(row.key)]
    if not changed:
        return Done(_("Saved."))
    was = ((f"{attributes.PREFIX}{row.key}", of_attribute(row, before.attributes.get(row.key))) for row in changed)
    return Done(_("Saved."), "attributes", (*was, ("expected", _attributes(changed, now))))


def _attributes(rows: Iterable[Attribute], ticket: Ticket) -> str:
    return json.dumps({row.key: of_attribute(row, ticket.attributes.get(row.key)) for row in rows})


@changes(forms.NoteForm)
def note(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    actions.note_on_ticket(ticket=ticket, body=given["body"], by=request.actor, at=clock.now())
    return Done(_("Note added."))


@changes(forms.NoteForm)
def edit_note(request: DeskRequest, ticket: Ticket, given: dict[str, Any], note: int) -> Done:
    """Change a note of the ticket itself."""
    row = ticket_queries.note(ticket, note)
    actions.edit_note_of_ticket(note=row, body=given["body"], by=request.actor, at=clock.now())
    return Done(_("Note saved."))


@changes(Form)
def delete_note(request: DeskRequest, ticket: Ticket, given: dict[str, Any], note: int) -> Done:
    """Delete a note of the ticket itself."""
    ticket_actions.delete_note(note=ticket_queries.note(ticket, note), by=request.actor, at=clock.now())
    return Done(_("Note deleted."))


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
