"""The board: a column for each status."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.errors import Invalid
from accounts.permissions import permit
from conversations.queries.counts import shown
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen
from conversations.screens.ticketing import STATUS
from conversations.screens.tickets import list_rows, queries
from conversations.screens.tickets.lists import address, bar, chosen_of, frame
from conversations.screens.tickets.queries import Chosen
from tickets.models import TicketStatus

CARDS = 25
"""How many cards a column shows at first, and more at once."""


@dataclass(frozen=True, slots=True)
class Column:
    """A status with the tickets in it that changed last."""

    status: str
    title: str | Promise
    count: str
    cards: list[list_rows.Row]
    next: str
    query: str
    """That of the list of its tickets."""


@require_GET
@screen
def board(request: DeskRequest) -> HttpResponse:
    """Every status as a column, with a bounded number of cards."""
    permit(request.actor, "ticket.read")
    given, sort = chosen_of(request)
    counts = queries.counts(given, request.user)
    columns = [_column(request, given, status, shown(counts.get(status, 0))) for status in TicketStatus.values]
    facts = {**frame(request), **bar(request, given, sort), "columns": columns, "is_board": True}
    if is_fragment(request) and request.htmx.target == "tickets":
        return render(request, "tickets/board.html", facts)
    remember(request)
    return render(request, "tickets/board_page.html", facts)


@require_GET
@screen
def column(request: DeskRequest, status: str) -> HttpResponse:
    """More cards of a column, for the page that shows the first ones."""
    permit(request.actor, "ticket.read")
    if status not in TicketStatus.values:
        raise Http404("no such status")
    given, _sort = chosen_of(request)
    facts = {**frame(request), "column": _column(request, given, status, "")}
    return render(request, "tickets/cards.html", facts)


def _column(request: DeskRequest, given: Chosen, status: str, count: str) -> Column:
    wanted = replace(given, status=status)
    after = request.GET.get("after") if is_fragment(request) else None
    try:
        page = queries.page(queries.chosen(wanted, request.user), sort="updated", after=after, limit=CARDS)
    except Invalid as error:
        raise Http404("no such page") from error
    more = address(replace(given, status=given.usual_status), "", after=page.next) if page.next else ""
    return Column(status, STATUS[status], count, list_rows.of(page.rows, clock.now()), more, address(wanted, ""))
