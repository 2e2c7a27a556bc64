"""The ticket of a conversation, beside the thread: its fields, and which ticket it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.forms import Form
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts import queries as people
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import permit
from conversations import actions
from conversations.models import Conversation
from conversations.queries import conversations as queries
from conversations.queries import search as search_queries
from conversations.queries import tickets as ticket_links
from conversations.screens import errors, ticketing
from conversations.screens.inbox.changes import Back, answered
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, is_fragment, screen
from conversations.screens.ticketing import Done
from tickets.models import Ticket, TicketStatus

MOST = 8
"""How many tickets a search offers."""

Change = Callable[[DeskRequest, Conversation], tuple[str, Back | None]]


def _changes(change: Change) -> Callable[..., HttpResponseBase]:
    """A view of a function that calls one verb, and returns the text of a message and what undoes it."""

    @require_POST
    @screen
    @wraps(change)
    def view(request: DeskRequest, number: int) -> HttpResponse:
        return _answer(request, number, change)

    return view


def _answer(request: DeskRequest, number: int, change: Change) -> HttpResponse:
    conversation, text, fault, back = queries.by_number(number), "", "", None
    try:
        text, back = change(request, conversation)
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        fault = errors.of_error(error)
    return answered(request, number, text=text, fault=fault, back=back)


def _field(form_class: type[Form], change: ticketing.Change) -> Callable[..., HttpResponseBase]:
    """A view that changes a field of the conversation's ticket."""

    def changed(request: DeskRequest, conversation: Conversation) -> tuple[str, Back | None]:
        if conversation.ticket is None:
            raise errors.no_ticket()
        form = form_class(request.POST)
        if not form.is_valid():
            raise errors.of_input(form)
        done: Done = ticketing.offered(request, change(request, conversation.ticket, form.cleaned_data))
        back = Back(f"conversation-ticket-{done.undo}", done.undo_values) if done.undo else None
        return done.text, back

    return _changes(changed)


FIELDS = {name: _field(field.form, field.change) for name, field in ticketing.FIELDS.items()}
"""The views of a ticket's fields, by name."""


@require_safe
@screen
def owners(request: DeskRequest, number: int) -> HttpResponse:
    """To whom the ticket can be given, asked for when its field is opened."""
    permit(request.actor, "ticket.update")
    conversation = queries.by_number(number)
    facts = {
        **frame(request, Place.of(request)),
        "conversation": conversation,
        "ticket": conversation.ticket,
        "assignable": list(people.assignable()),
        "teams": list(people.teams()),
    }
    return render(request, "inbox/side/ticket_owners.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def link(request: DeskRequest, number: int) -> HttpResponse:
    """Search a ticket by its number or words of its subject, and link the conversation to the chosen one."""
    permit(request.actor, "ticket.link")
    if request.method == "POST":
        return _answer(request, number, _linked)
    conversation = queries.by_number(number)
    find = request.GET.get("find", "").strip()[:200]
    facts = {
        **frame(request, Place.of(request)),
        "conversation": conversation,
        "find": find,
        "tickets": _found(find),
        "statuses": ticketing.STATUS,
    }
    template = "inbox/side/ticket_choices.html" if is_fragment(request) else "inbox/link_ticket.html"
    return render(request, template, facts)


def _found(find: str) -> list[Ticket]:
    """Those that were changed last; without a search, of those that are not resolved."""
    rows = Ticket.objects.get_queryset()
    if not find:
        rows = rows.exclude(status=TicketStatus.RESOLVED)
    elif (number := search_queries.number(find)) is not None:
        rows = rows.filter(number=number)
    else:
        rows = ticket_links.titled(find)
    return list(rows.only("number", "subject", "status").order_by("-updated_at", "-pk")[:MOST])


def _linked(request: DeskRequest, conversation: Conversation) -> tuple[str, Back | None]:
    number = search_queries.number(request.POST.get("ticket", ""))
    ticket = Ticket.objects.filter(number=number).first() if number is not None else None
    if ticket is None:
        raise errors.no_ticket_of_number()
    if conversation.ticket_id == ticket.pk:
        return _("It is linked to this ticket already."), None
    if conversation.ticket_id is not None:
        raise errors.linked_elsewhere()
    actions.link(conversation=conversation, ticket=ticket, by=request.actor, at=clock.now())
    return _("Linked to ticket %(number)s.") % {"number": ticket.number}, Back("unlink")


@_changes
def unlink(request: DeskRequest, conversation: Conversation) -> tuple[str, Back | None]:
    before: Any = conversation.ticket
    actions.unlink(conversation=conversation, by=request.actor, at=clock.now())
    back = Back("link-ticket", (("ticket", str(before.number)),)) if before is not None else None
    return _("Unlinked from the ticket."), back
