"""The board: a column for each status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.errors import Invalid
from accounts.permissions import permit
from conversations.queries.counts import shown
from conversations.queries.paging import Page
from conversations.screens import saved_views
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen
from conversations.screens.ticketing import STATUS
from conversations.screens.tickets import list_rows, queries
from conversations.screens.tickets.lists import address, bar, chosen_of, frame, rows_wanted
from conversations.screens.tickets.queries import Chosen
from tickets.models import Ticket, TicketStatus

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
    facts = frame(request)
    pages = {status: _page(request, given, status) for status in TicketStatus.values}
    # A search is looked for once in each column: how many it finds there are those that are shown.
    counts = {} if given.is_searched else queries.counts(given, request.user)
    found = [one for page in pages.values() for one in page.rows]
    rows = {row.ticket.pk: row for row in list_rows.of(found, clock.now())}
    columns = [_column(given, status, page, rows, counts) for status, page in pages.items()]
    facts |= {**bar(request, given, sort), "columns": columns, "is_board": True}
    if is_fragment(request) and request.htmx.target == "tickets":
        return render(request, "tickets/board.html", facts)
    remember(request)
    saved_views.say_if_gone(request, given.saved)
    return render(request, "tickets/board_page.html", facts)


@require_GET
@screen
def column(request: DeskRequest, status: str) -> HttpResponse:
    """More cards of a column, for the page that shows the first ones."""
    permit(request.actor, "ticket.read")
    if status not in TicketStatus.values:
        raise Http404("no such status")
    given, _sort = chosen_of(request)
    facts, page = frame(request), _page(request, given, status)
    rows = {row.ticket.pk: row for row in list_rows.of(page.rows, clock.now())}
    facts |= {"column": _column(given, status, page, rows, {})}
    return render(request, "tickets/cards.html", facts)


def _page(request: DeskRequest, given: Chosen, status: str) -> Page[Ticket]:
    after = request.GET.get("after") if is_fragment(request) else None
    limit = CARDS if after else rows_wanted(request, status, CARDS)
    try:
        return queries.page(
            queries.chosen(replace(given, status=status), request.user), sort="updated", after=after, limit=limit
        )
    except Invalid as error:
        raise Http404("no such page") from error


def _column(
    given: Chosen, status: str, page: Page[Ticket], rows: Mapping[int, list_rows.Row], counts: Mapping[str, int]
) -> Column:
    more = address(replace(given, status=given.usual_status), "", after=page.next) if page.next else ""
    count = shown(counts[status]) if status in counts else f"{len(page.rows)}{'+' if page.next else ''}"
    cards = [rows[one.pk] for one in page.rows]
    return Column(status, STATUS[status], count, cards, more, address(replace(given, status=status), ""))
