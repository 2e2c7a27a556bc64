"""The list beside the thread: a view's rows, the counts of all views, and the rows that live updates ask for again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.models import Event
from accounts.permissions import may, permit
from accounts.text import whole_number
from conversations.conditions.typed import typed
from conversations.models import Conversation
from conversations.queries import conversations as queries
from conversations.queries import outbox as outbox_queries
from conversations.screens import saved_views
from conversations.screens.formatting import url
from conversations.screens.inbox import findings, labels, list_rows, narrowing
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.place import Place, frame, hues
from conversations.screens.inbox.queries import Listed
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen
from conversations.texts import operators

FIRST_TABS = ("mine", "unassigned", "open")
"""The views in the bar."""
MARKED = {
    "mentions": ("at-sign", "views__news--note"),
    "news": ("bell-dot", ""),
    "failed": ("triangle-alert", "views__news--bad"),
}
"""Views beside the bar while there is something in them: icon and class."""
WHEN_COUNTED = ("news", "failed")
"""Views that are offered when there is something in them."""
MOST_ROWS = 100
"""How many rows a page may ask for again at once."""


def listing(request: DeskRequest, place: Place) -> dict[str, Any]:
    """The context of the list: one page of rows, the counts of the views, and the event after which live updates begin.

    The event is read before anything that the page shows, so that no change in between is lost.
    """
    counts, newest = inbox_queries.inbox_counts_and_event(request.user)
    return {
        "journal_at": newest,
        **_tabs(place, counts),
        **narrowing.facts(request, place),
        **_rows(request, place),
    }


def _counts(request: DeskRequest, place: Place) -> dict[str, Any]:
    return _tabs(place, inbox_queries.inbox_counts(request.user))


def _tabs(place: Place, counts: dict[str, int]) -> dict[str, Any]:
    """The context of the views: all of them in the menu, and in the bar those that fit, of which the stylesheet decides."""
    tabs = place.tabs(counts)
    current = next((tab for tab in tabs if tab.is_current), None)
    first = [tab for tab in tabs if tab.key in FIRST_TABS]
    return {
        "tabs": first,
        "all_tabs": [tab for tab in tabs if tab.is_current or tab.count or tab.key not in WHEN_COUNTED],
        "other_tab": current if current is not None and current.key not in FIRST_TABS else None,
        "marked_tabs": [
            (tab, *MARKED[tab.key]) for tab in tabs if tab.key in MARKED and tab.count and not tab.is_current
        ],
        "count": "" if current is None else current.shown_count,
    }


def _rows(request: DeskRequest, place: Place) -> dict[str, Any]:
    page = place.page(request)
    facts: dict[str, Any] = {
        "rows": _printed(request, place, page.rows),
        "next": page.next,
        "is_first_page": "after" not in request.GET,
    }
    if not page.rows:
        facts["empty"] = labels.empty(place)
        facts["not_understood"] = operators.left(typed(place.search).words) if place.search else []
        facts["is_new_desk"] = not place.search and not place.filters and queries.tally().total == 0
        facts["may_start"] = may(request.actor, "api_key.create")
    if place.view.key == "failed":
        facts["may_retry"] = may(request.actor, "conversation.reply") and outbox_queries.has_failed()
    if place.view.key == "mine" and not place.search and facts["is_first_page"]:
        midnight = timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
        facts["resolved_today"] = inbox_queries.resolved_since(request.user, midnight)
    return facts


def _printed(request: DeskRequest, place: Place, found: Sequence[Listed]) -> list[list_rows.Row]:
    rows = list_rows.of(
        found,
        place=place,
        inbox_url=url("inbox", request.workspace.slug),
        hues=hues(request) if found else {},
        now=clock.now(),
        reader=request.user.pk,
    )
    if place.view.key == "failed" and not place.search:
        unsent = outbox_queries.newest_unsent(row.pk for row in rows) if rows else {}
        return [list_rows.with_unsent(row, unsent[row.pk]) if row.pk in unsent else row for row in rows]
    return findings.marked(rows, found, place.view.searched(place.search))


def list_update(request: DeskRequest, place: Place, conversation: Conversation) -> dict[str, Any]:
    """The context of the list after a change of this request: the row, if it is in the view, and the counts.

    `covered` are the events of the change, for which the page need not fetch anything.
    """
    rows = (
        inbox_queries.inbox_rows(place.view, request.user, place.search, place.filters)
        .filter(pk=conversation.pk)
        .order_by("pk")
    )
    found = list(inbox_queries.listed(rows))
    return {
        "rows": _printed(request, place, found),
        **_counts(request, place),
        "covered": [event.pk for event in request.recorded if _is_shown(event, conversation)],
    }


def _is_shown(event: Event, conversation: Conversation) -> bool:
    """Whether an answer about the conversation shows what happened: of tickets it has the one of the conversation."""
    return event.subject_type == "ticket" or (event.subject_type, event.subject_id) == ("conversation", conversation.pk)


@require_GET
@screen
def inbox(request: DeskRequest) -> HttpResponse:
    """A view's conversations. As a fragment: list and thread, the list, or only further rows, by the target."""
    permit(request.actor, "conversation.read")
    place = Place.of(request)
    target = request.htmx.target if is_fragment(request) else None
    if target == "desk" and saved_views.is_gone(request, place.view.saved):
        return HttpResponse(headers={"HX-Redirect": request.get_full_path()})  # a whole page says so
    if target == "listbox":
        return render(request, "inbox/more_rows.html", {**frame(request, place), **_rows(request, place)})
    if target == "open":  # back from a conversation: the list is there already
        return render(request, "inbox/no_conversation.html", {**frame(request, place), **_counts(request, place)})
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
    saved_views.say_if_gone(request, place.view.saved)
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
    facts = {
        "workspace": request.workspace,
        "membership": request.membership,
        "place": place,
        **_counts(request, place),
    }
    return render(request, "inbox/tabs.html", facts)


@require_GET
@screen
def rows(request: DeskRequest) -> HttpResponse:
    """Those of the rows named by `id` that are in the view at present; the page drops the ones that are missing."""
    permit(request.actor, "conversation.read")
    place = Place.of(request)
    ids = [pk for given in request.GET.getlist("id")[:MOST_ROWS] if (pk := whole_number(given)) is not None]
    found = (
        inbox_queries.inbox_rows(place.view, request.user, place.search, place.filters)
        .filter(pk__in=ids)
        .order_by("waiting_since", "pk")
    )
    shown = _printed(request, place, list(inbox_queries.listed(found)))
    return render(request, "inbox/rows.html", {"rows": shown})
