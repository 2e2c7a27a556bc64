"""The page of a ticket, and opening one."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts import clock, transaction
from accounts import queries as people
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import may, permit
from conversations import actions
from conversations.models import Notification
from conversations.queries import conversations as conversation_queries
from conversations.queries import tickets as ticket_links
from conversations.screens import attributes, choices, colleagues, errors, ticketing
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen
from conversations.screens.tickets import forms, labels, list_rows, queries
from conversations.screens.tickets.lists import frame
from tickets import actions as ticket_actions
from tickets import queries as ticket_queries
from tickets.models import AttributeSubject, Ticket

MOST_LINKED = 100
"""How many conversations a page lists."""


def facts(request: DeskRequest, ticket: Ticket, *, typed: QueryDict | None = None) -> dict[str, Any]:
    """The context of a ticket's page; `typed` is what was refused."""
    linked = list(ticket_links.linked(ticket)[: MOST_LINKED + 1])
    return {
        **frame(request),
        "ticket": ticket,
        "status": ticketing.STATUS[ticket.status],
        "due_state": list_rows.due_state(ticket, clock.now()),
        "linked": linked[:MOST_LINKED],
        "has_more_linked": len(linked) > MOST_LINKED,
        "notes": queries.notes(ticket, with_versions=may(request.actor, "ticket.delete_note")),
        "may_delete_notes": may(request.actor, "ticket.delete_note"),
        "lines": [
            (line.event.pk, labels.actor(line), labels.happened(line, ticket.number, request.workspace), line.event.at)
            for line in queries.history(ticket)
        ],
        "assignable": list(people.assignable()),
        "teams": list(people.teams()),
        "notified": Notification.objects.filter(user=request.user.pk, ticket=ticket, read_at=None).exists(),
        "snooze_choices": choices.snooze_choices(clock.now()),
        "hues": ticket_queries.tag_hues(),
        "attribute_fields": attributes.fields(
            ticket_queries.attributes_of(AttributeSubject.TICKET), ticket.attributes, data=typed
        ),
    }


@require_GET
@screen
def ticket(request: DeskRequest, number: int) -> HttpResponse:
    """A ticket with its conversations, notes and history; as a fragment without the page around it."""
    permit(request.actor, "ticket.read")
    row = queries.by_number(number)
    if is_fragment(request) and request.htmx.target == "ticket":
        return render(request, "tickets/ticket.html", facts(request, row))
    remember(request)
    return render(request, "tickets/ticket_page.html", facts(request, row))


@require_GET
@screen
def mentions(request: DeskRequest, number: int) -> HttpResponse:
    """Whom a note of the ticket may mention."""
    permit(request.actor, "ticket.update")
    queries.by_number(number)
    return HttpResponse(orjson.dumps(colleagues.choices(request.user.pk)), content_type="application/json")


@require_GET
@screen
def commands(request: DeskRequest, number: int) -> HttpResponse:
    """The forms of what changes the ticket, for the palette of a list or the board."""
    permit(request.actor, "ticket.update")
    row = queries.by_number(number)
    facts = {
        **frame(request),
        "ticket": row,
        "assignable": list(people.assignable()),
        "teams": list(people.teams()),
        "snooze_choices": choices.snooze_choices(clock.now()),
        "tag_choices": choices.tag_choices(row.tags, ticket_queries.tag_names(choices.MOST_TAGS)),
    }
    return render(request, "tickets/commands.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def new(request: DeskRequest) -> HttpResponse:
    """Open a ticket: for a conversation, or without one."""
    permit(request.actor, "ticket.open")
    form = forms.NewForm(request.POST if request.method == "POST" else None)
    fault = ""
    if request.method == "POST":
        if form.is_valid():
            try:
                made = _opened(request, form.cleaned_data)
            except Forbidden:
                raise
            except DomainError as error:
                fault = errors.of_error(error)
            else:
                return redirect("ticket", request.workspace.slug, made.number)
        else:
            fault = errors.of_form(form)
    context = {
        **frame(request),
        "form": form,
        "fault": fault,
        "typed": request.POST,
        "asked_for": request.GET.get("conversation", ""),
        "assignable": list(people.assignable()),
        "teams": list(people.teams()),
    }
    return render(request, "tickets/new.html", context, status=422 if fault else 200)


@transaction.atomic
def _opened(request: DeskRequest, given: dict[str, Any]) -> Ticket:
    """The ticket, linked to the conversation that was named. Raises NotFound for one that does not exist."""
    by, at, owner = request.actor, clock.now(), given["owner"]
    is_team = owner is not None and hasattr(owner, "members")
    conversation = None
    if given["conversation"] is not None:
        try:
            conversation = conversation_queries.by_number(given["conversation"])
        except NotFound as error:
            raise errors.no_conversation() from error
    made = ticket_actions.open_ticket(
        workspace=request.workspace,
        subject=given["subject"],
        priority=given["priority"] or None,
        assignee=None if is_team else owner,
        team=owner if is_team else None,
        escalation_reason=given["reason"] or None,
        channel=conversation.channel if conversation is not None else "manual",
        by=by,
        at=at,
    )
    if conversation is not None:
        actions.link(conversation=conversation, ticket=made, by=by, at=at)
    return made
