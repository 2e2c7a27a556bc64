"""The list of tickets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_safe

from accounts import clock
from accounts import queries as people
from accounts.errors import Invalid
from accounts.permissions import may, permit
from accounts.text import whole_number
from conversations.queries import saved_views as saved_queries
from conversations.queries.counts import shown
from conversations.screens import filter_form, filters, saved_views, ticketing
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen, shell
from conversations.screens.tickets import labels, list_rows, queries
from conversations.screens.tickets.queries import Chosen

PAGE = 50
MOST_RENEWED = 300
"""How many rows, or cards of a column, live updates renew; further ones stay as they are."""


@dataclass(frozen=True, slots=True)
class SavedLink:
    """A saved view in the menu: `digit` is the one after `g`."""

    name: str
    query: str
    digit: int
    is_current: bool
    is_favorite: bool
    count: str = ""


def chosen_of(request: DeskRequest) -> tuple[Chosen, str]:
    """Which tickets, and their order, from the query string; anything unknown falls back to the default."""
    given = Chosen.of(request.GET, request.actor)
    sort = request.GET.get("sort") or (given.saved.sort if given.saved else "")
    return given, sort if sort in queries.SORTS else "updated"


def address(given: Chosen, sort: str, **more: str) -> str:
    """The query string that leads to a list, without `?`."""
    usual_sort = (given.saved.sort if given.saved else "") or "updated"
    values = {
        "view": saved_views.key_of(given.saved.short_id) if given.saved else "",
        "status": given.status if given.status != given.usual_status else "",
        "owner": given.owner,
        "q": given.search,
        "sort": sort if sort != usual_sort else "",
    }
    kept = [(name, value) for name, value in values.items() if value]
    return urlencode([*kept, *given.filters, *more.items()])


def frame(request: DeskRequest) -> dict[str, Any]:
    """The context of every page of the tickets; the event after which live updates begin is read before what is shown."""
    return {
        **shell(request, "tickets"),
        "journal_at": people.newest_event(),
        "statuses": ticketing.STATUS,
        "priorities": ticketing.PRIORITY,
        "may_change": may(request.actor, "ticket.update"),
    }


def bar(request: DeskRequest, given: Chosen, sort: str) -> dict[str, Any]:
    """The context of what a list is narrowed by."""
    is_narrowed = bool(given.owner or given.search or given.filters)
    chips = filters.chips(given.filters, "ticket") if given.filters else []
    return {
        "given": given,
        "sort": sort,
        "sorts": labels.SORTS,
        "teams": list(people.teams()),
        "is_narrowed": is_narrowed,
        "query": address(given, sort),
        "filter_chips": [(chip.text, address(replace(given, filters=chip.rest), sort)) for chip in chips],
        "without_filters": address(replace(given, filters=()), sort),
        "saved_links": saved_links(request, given),
        "may_save": may(request.actor, "ticket.update") and (is_narrowed or given.status != given.usual_status),
    }


def saved_links(request: DeskRequest, given: Chosen, *, are_counted: bool = False) -> list[SavedLink]:
    """The saved views of tickets that the member finds, in their order: the first nine by `g` and a digit."""
    found = saved_queries.in_menu(request.actor, "ticket")
    counted: Mapping[int, int] = {}
    if are_counted:
        views = saved_queries.saved_views(request.actor, "ticket").filter(pk__in=[view.pk for view in found])
        counted = queries.counts_of(list(views), request.user)
    current = given.saved.short_id if given.saved else ""
    return [
        SavedLink(
            view.name,
            f"view={saved_views.key_of(view.short_id)}",
            number if number <= saved_views.DIGITS else 0,
            is_current=view.short_id == current,
            is_favorite=view.is_favorite,
            count=shown(counted.get(view.pk, 0)),
        )
        for number, view in enumerate(found, start=1)
    ]


def rows_wanted(request: DeskRequest, name: str, usual: int) -> int:
    """How many rows a list shows: as many as the page has that is renewed, or the usual number."""
    has = whole_number(request.GET.get(name, ""), most=MOST_RENEWED) if is_fragment(request) else None
    return max(usual, has or 0)


@require_safe
@screen
def saved(request: DeskRequest) -> HttpResponse:
    """The menu of saved views with their counts."""
    permit(request.actor, "ticket.read")
    given, sort = chosen_of(request)
    facts = {
        **frame(request),
        "given": given,
        "query": address(given, sort),
        "is_board": request.GET.get("layout") == "board",
        "saved_links": saved_links(request, given, are_counted=True),
    }
    return render(request, "tickets/saved_links.html", facts)


@require_safe
@screen
def filter_fields(request: DeskRequest) -> HttpResponse:
    """The form of the filters: in the menu of list or board, or as a page."""
    permit(request.actor, "ticket.read")
    given, sort = chosen_of(request)
    facts = {
        **frame(request),
        "given": given,
        "query": address(given, sort),
        "kept": parse_qsl(address(replace(given, filters=given.unoffered), sort)),
        "without_filters": address(replace(given, filters=()), sort),
        "is_board": request.GET.get("layout") == "board",
        "fields": filter_form.fields(given.filters, "ticket", without=queries.WITHOUT),
    }
    return render(request, "tickets/filter_form.html" if is_fragment(request) else "tickets/filter_page.html", facts)


@require_GET
@screen
def listing(request: DeskRequest) -> HttpResponse:
    """A page of tickets; as a fragment only its rows, or what further rows there are."""
    permit(request.actor, "ticket.read")
    given, sort = chosen_of(request)
    facts = {**frame(request), **bar(request, given, sort)}
    after, limit = request.GET.get("after"), rows_wanted(request, "rows", PAGE)
    try:
        page = queries.page(queries.chosen(given, request.user), sort=sort, after=after, limit=limit)
    except Invalid as error:
        raise Http404("no such page") from error
    facts |= {
        "rows": list_rows.of(page.rows, clock.now()),
        "next": address(given, sort, after=page.next) if page.next else "",
        "is_first": "after" not in request.GET,
    }
    if is_fragment(request) and request.htmx.target == "ticket-more":
        return render(request, "tickets/rows.html", facts)
    # A search is looked for once: its tabs have no counts.
    counts = {} if given.is_searched else queries.counts(given, request.user)
    facts["tabs"] = [
        (name, label, shown(counts.get(name, 0)), address(replace(given, status=name), sort))
        for name, label in labels.TABS.items()
    ]
    if is_fragment(request) and request.htmx.target == "tickets":
        return render(request, "tickets/list.html", facts)
    remember(request)
    saved_views.say_if_gone(request, given.saved)
    return render(request, "tickets/list_page.html", facts)
