"""The list beside the thread: a view's rows, the counts of all views, and the rows that live updates ask for again."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.errors import Invalid
from accounts.live.access import login_id
from accounts.permissions import may, permit
from accounts.text import whole_number
from conversations.models import Conversation
from conversations.queries import conversations as queries
from conversations.screens.inbox import labels
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.place import FIRST_TABS, Place, frame
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen

PAGE = 30
MOST_ROWS = 100
"""How many rows a page may ask for again at once."""


def listing(request: DeskRequest, place: Place) -> dict[str, Any]:
    """The context of the list: one page of rows, the counts of the views, and the event after which live updates begin.

    The event is read before anything that the page shows, so that no change in between is lost.
    """
    return {
        "journal_at": queries.latest_event_id(),
        "login_id": login_id(request),
        **_rows(request, place),
        **_tabs(request, place),
    }


def _tabs(request: DeskRequest, place: Place) -> dict[str, Any]:
    tabs = place.tabs(inbox_queries.inbox_counts(request.user))
    return {
        "tabs": tabs[:FIRST_TABS],
        "more_tabs": [tab for tab in tabs[FIRST_TABS:] if tab.is_current or tab.count or tab.key != "news"],
        "replied_tab": next((tab for tab in tabs if tab.key == "news" and tab.count), None),
        "count": next((tab.shown_count for tab in tabs if tab.is_current), ""),
    }


def _rows(request: DeskRequest, place: Place) -> dict[str, Any]:
    try:
        page = inbox_queries.inbox_page(
            place.view,
            user=request.user,
            sort=place.sort,
            search=place.search,
            after=request.GET.get("after"),
            limit=PAGE,
        )
    except Invalid as error:
        raise Http404("no such page") from error
    facts: dict[str, Any] = {
        "rows": page.rows,
        "next": page.next,
        "now": clock.now(),
        "is_first_page": "after" not in request.GET,
    }
    if not page.rows:
        facts["empty"] = labels.NOT_FOUND if place.search else labels.EMPTY[place.view.key]
        facts["is_new_desk"] = not place.search and queries.tally().total == 0
        facts["may_start"] = may(request.actor, "api_key.create")
    return facts


def list_update(request: DeskRequest, place: Place, conversation: Conversation) -> dict[str, Any]:
    """The context of the list after a change of this request: the row, if it is in the view, and the counts.

    `covered` are the events of the change, for which the page need not fetch anything.
    """
    rows = inbox_queries.inbox_rows(place.view, request.user, place.search).filter(pk=conversation.pk).order_by("pk")
    subject = ("conversation", conversation.pk)
    return {
        "rows": list(rows),
        **_tabs(request, place),
        "covered": [event.pk for event in request.recorded if (event.subject_type, event.subject_id) == subject],
    }


@require_GET
@screen
def inbox(request: DeskRequest) -> HttpResponse:
    """A view's conversations. As a fragment: list and thread, the list, or only further rows, by the target."""
    permit(request.actor, "conversation.read")
    place = Place.of(request)
    target = request.htmx.target if is_fragment(request) else None
    if target == "listbox":
        return render(request, "inbox/more_rows.html", {**frame(request, place), **_rows(request, place)})
    context = {**frame(request, place), **listing(request, place)}
    if target == "rows":
        path = _shown_path(request)
        # While a conversation is open, the page keeps its title.
        response = render(request, "inbox/results.html", {**context, "keeps_title": path != request.path})
        response["HX-Replace-Url"] = f"{path}?{place.query}"
        return response
    if target == "desk":
        return render(request, "inbox/panes.html", context)
    remember(request)
    return render(request, "inbox/page.html", context)


def _shown_path(request: DeskRequest) -> str:
    """The path of the page that asks, so that a search keeps the open conversation in the address."""
    inbox_path = request.path
    shown = urlsplit(request.htmx.current_url_abs_path or "").path
    return shown if re.fullmatch(rf"{re.escape(inbox_path)}(/\d+)?", shown) else inbox_path


@require_GET
@screen
def counts(request: DeskRequest) -> HttpResponse:
    """The views with their counts."""
    permit(request.actor, "conversation.read")
    place = Place.of(request)
    facts = {"workspace": request.workspace, "place": place, **_tabs(request, place)}
    return render(request, "inbox/tabs.html", facts)


@require_GET
@screen
def rows(request: DeskRequest) -> HttpResponse:
    """Those of the rows named by `id` that are in the view at present; the page drops the ones that are missing."""
    permit(request.actor, "conversation.read")
    place = Place.of(request)
    ids = [pk for given in request.GET.getlist("id")[:MOST_ROWS] if (pk := whole_number(given)) is not None]
    found = (
        inbox_queries.inbox_rows(place.view, request.user, place.search)
        .filter(pk__in=ids)
        .order_by("waiting_since", "pk")
    )
    return render(request, "inbox/rows.html", {**frame(request, place), "rows": list(found), "now": clock.now()})
