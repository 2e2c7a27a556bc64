"""One reply to all of a ticket's conversations: written, looked at for each of them, sent through the outbox, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import clock, journal, transaction
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.models import Event
from accounts.permissions import permit
from accounts.text import whole_number
from conversations import actions, events
from conversations.actions import outgoing
from conversations.knowledge import placeholders
from conversations.models import Conversation, Delivery, DeliveryState
from conversations.queries import tickets as ticket_links
from conversations.screens import errors
from conversations.screens.shell import DeskRequest, remember, screen
from conversations.screens.tickets import forms, queries
from conversations.screens.tickets.lists import frame
from tickets import actions as ticket_actions
from tickets.models import Ticket, TicketStatus

MOST = 200
"""Conversations that one reply goes to."""
KEPT = "broadcast"
"""In the session: the newest reply to all as it was typed, until it has left."""


class Recipient(NamedTuple):
    """A conversation of the ticket: the text that its customer would get."""

    conversation: Conversation
    text: str
    way: str
    """The channel by which it leaves; empty where the customer reads it where they wrote."""
    is_chosen: bool


def _recipients(request: DeskRequest, ticket: Ticket, body: str, chosen: set[int] | None) -> list[Recipient]:
    found = []
    for row in ticket_links.linked(ticket)[:MOST]:
        way = outgoing.route(row) or ""
        text = placeholders.filled(body, row, request.user) if body else ""
        found.append(Recipient(row, text, way, chosen is None or row.pk in chosen))
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def write(request: DeskRequest, number: int) -> HttpResponse:
    """Write the reply; `do=preview` shows it as each customer would get it, `do=send` sends it to the chosen ones."""
    permit(request.actor, "ticket.update")
    ticket = queries.by_number(number)
    form, fault, is_preview = forms.BroadcastForm(request.POST or None), "", False
    chosen = {pk for given in request.POST.getlist("to") if (pk := whole_number(given)) is not None}
    typed = request.POST or _kept(request, ticket, whole_number(request.GET.get("again", "")))
    body = typed.get("body", "").replace("\r\n", "\n")
    if typed is not request.POST:
        chosen = {*typed["to"]}
    everyone = _recipients(request, ticket, body, chosen if "to" in typed or "seen" in typed else None)
    if request.method == "POST":
        is_preview = request.POST.get("do") == "preview"
        unknown = placeholders.unknown(body)
        if not form.is_valid():
            fault = errors.of_form(form)
        elif unknown:
            fault = _("%(placeholder)s is not a placeholder.") % {"placeholder": unknown}
        elif not any(one.is_chosen for one in everyone):
            fault = _("Choose at least one conversation.")
        elif not is_preview:
            try:
                event = _send(request, ticket, [one for one in everyone if one.is_chosen], form.cleaned_data)
            except (NotFound, Forbidden):
                raise
            except DomainError as error:
                fault = errors.of_error(error)
            else:
                _keep(request, event, form.cleaned_data, chosen)
                return redirect("broadcast-result", request.workspace.slug, number, event.pk)
    remember(request)
    facts = {
        **frame(request),
        "ticket": ticket,
        "recipients": everyone,
        "is_preview": is_preview and not fault,
        "fault": fault,
        "typed": typed,
        "send_id": uuid4(),
        "placeholders": placeholders.PLACEHOLDERS,
    }
    return render(request, "tickets/broadcast.html", facts, status=422 if fault else 200)


def _keep(request: DeskRequest, event: Event, given: dict[str, Any], chosen: set[int]) -> None:
    typed = {name: given[name] for name in ("body", "then", "ticket")}
    request.session[KEPT] = {**typed, "event": event.pk, "to": sorted(chosen)}


def _kept(request: DeskRequest, ticket: Ticket, event: int | None) -> Mapping[str, Any]:
    """What was typed for a reply to all that was taken back, for those to whom it has not gone."""
    kept: dict[str, Any] = request.session.get(KEPT) or {}
    if event is None or kept.get("event") != event:
        return request.POST
    rows = Delivery.objects.filter(pk__in=_event(ticket, event).data["delivery_ids"], state=DeliveryState.CANCELLED)
    return {**kept, "to": list(rows.order_by("pk").values_list("conversation", flat=True))}


@transaction.atomic
def _send(request: DeskRequest, ticket: Ticket, chosen: list[Recipient], given: dict[str, Any]) -> Event:
    by, at = request.actor, clock.now()
    event, is_new = actions.broadcast_later(
        ticket=ticket,
        bodies={one.conversation.pk: one.text for one in chosen},
        then=given["then"],
        send_id=given["send_id"],
        by=by,
        at=at,
    )
    if is_new and given["ticket"]:
        ticket_actions.set_status(ticket=ticket, status=TicketStatus.RESOLVED, by=by, at=at)
    return event


def _event(ticket: Ticket, event: int) -> Event:
    rows = journal.lines_of(ticket).filter(pk=event)
    found = rows.filter(type=events.TICKET_BROADCAST_SCHEDULED.name).first()
    if found is None:
        raise Http404("no such broadcast")
    return found


@require_GET
@screen
def result(request: DeskRequest, number: int, event: int) -> HttpResponse:
    """What has become of each reply: sent, failed with the reason, or still to be taken back."""
    permit(request.actor, "ticket.read")
    ticket = queries.by_number(number)
    rows = Delivery.objects.filter(pk__in=_event(ticket, event).data["delivery_ids"])
    found = list(rows.select_related("conversation__contact").order_by("conversation__number", "pk"))
    waiting = [row for row in found if row.state == DeliveryState.SCHEDULED and row.held_at is None]
    is_kept = (request.session.get(KEPT) or {}).get("event") == event
    taken_back = any(row.state == DeliveryState.CANCELLED for row in found)
    if is_kept and not waiting and not taken_back:
        del request.session[KEPT]
    moving = [row for row in found if row.state in (DeliveryState.SCHEDULED, DeliveryState.SENDING)]
    facts = {
        **frame(request),
        "ticket": ticket,
        "event": event,
        "deliveries": found,
        "waiting": len(waiting),
        "may_edit": is_kept and taken_back,
        "is_moving": any(row.held_at is None for row in moving),
        "failed": sum(row.state == DeliveryState.FAILED for row in found),
    }
    remember(request)
    template = "tickets/broadcast_rows.html" if request.htmx.target == "results" else "tickets/broadcast_result.html"
    return render(request, template, facts)


@require_POST
@screen
def undo(request: DeskRequest, number: int, event: int) -> HttpResponse:
    """Take back what has not left."""
    permit(request.actor, "ticket.update")
    ticket = queries.by_number(number)
    taken, late = actions.cancel_broadcast(ticket=ticket, event=_event(ticket, event), by=request.actor, at=clock.now())
    text = ngettext("%(num)s reply taken back.", "%(num)s replies taken back.", taken) % {"num": taken}
    if late:
        text = f"{text} {ngettext('%(num)s had left already.', '%(num)s had left already.', late) % {'num': late}}"
    messages.add_message(request, messages.SUCCESS if taken else messages.ERROR, text)
    return redirect("broadcast-result", request.workspace.slug, number, event)
