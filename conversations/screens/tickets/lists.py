"""The list of tickets."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import clock
from accounts import queries as people
from accounts.errors import Invalid
from accounts.live.access import login_id
from accounts.permissions import may, permit
from accounts.text import whole_number
from conversations.queries.counts import shown
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen, shell
from conversations.screens.tickets import labels, list_rows, queries
from conversations.screens.tickets.queries import Chosen

PAGE = 50


def chosen_of(request: HttpRequest) -> Chosen:
    """From the query string; anything unknown falls back to the default."""
    status, owner = request.GET.get("status", ""), request.GET.get("owner", "")
    is_known = owner in ("me", "nobody") or whole_number(owner) is not None
    return Chosen(
        status=status if status in queries.STATUSES else "unresolved",
        owner=owner if is_known else "",
        search=request.GET.get("q", "").strip()[:200],
    )


def address(given: Chosen, sort: str, **more: str) -> str:
    """The query string that leads to a list, without `?`."""
    values = {
        "status": given.status if given.status != "unresolved" else "",
        "owner": given.owner,
        "q": given.search,
        "sort": sort if sort != "updated" else "",
        **more,
    }
    return urlencode({name: value for name, value in values.items() if value})


def frame(request: DeskRequest) -> dict[str, Any]:
    """The context of every page of the tickets; the event after which live updates begin is read before what is shown."""
    return {
        **shell(request, "tickets"),
        "journal_at": people.newest_event(),
        "login_id": login_id(request),
        "statuses": labels.STATUS,
        "priorities": labels.PRIORITY,
        "may_change": may(request.actor, "ticket.update"),
    }


def bar(request: DeskRequest, given: Chosen, sort: str) -> dict[str, Any]:
    """The context of what a list is narrowed by."""
    return {
        "given": given,
        "sort": sort,
        "sorts": labels.SORTS,
        "teams": list(people.teams()),
        "is_narrowed": bool(given.owner or given.search),
        "query": address(given, sort),
    }


@require_GET
@screen
def listing(request: DeskRequest) -> HttpResponse:
    """A page of tickets; as a fragment only its rows, or what further rows there are."""
    permit(request.actor, "ticket.read")
    given, sort = chosen_of(request), request.GET.get("sort", "")
    sort = sort if sort in queries.SORTS else "updated"
    facts = {**frame(request), **bar(request, given, sort)}
    try:
        page = queries.page(queries.chosen(given, request.user), sort=sort, after=request.GET.get("after"), limit=PAGE)
    except Invalid as error:
        raise Http404("no such page") from error
    facts |= {
        "rows": list_rows.of(page.rows, clock.now()),
        "next": address(given, sort, after=page.next) if page.next else "",
        "is_first": "after" not in request.GET,
    }
    if is_fragment(request) and request.htmx.target == "ticket-more":
        return render(request, "tickets/rows.html", facts)
    counts = queries.counts(given, request.user)
    facts["tabs"] = [
        (name, label, shown(counts.get(name, 0)), address(Chosen(name, given.owner, given.search), sort))
        for name, label in labels.TABS.items()
    ]
    if is_fragment(request) and request.htmx.target == "tickets":
        return render(request, "tickets/list.html", facts)
    remember(request)
    return render(request, "tickets/list_page.html", facts)
