"""The filters of the list: their form, the chips, and the saved views beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import may, permit
from conversations.queries import saved_views as queries
from conversations.screens import filter_form, filters, saved_views
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, is_fragment, screen


@dataclass(frozen=True, slots=True)
class Link:
    """Something with an address in the list."""

    text: str
    query: str


@dataclass(frozen=True, slots=True)
class SavedLink:
    """A saved view in the menu: `digit` is the one after `g`."""

    name: str
    query: str
    digit: int
    is_current: bool
    is_favorite: bool
    count: str = ""


def facts(request: DeskRequest, place: Place) -> dict[str, Any]:
    """The context of the bar: the filters as chips that remove them, and the saved views."""
    chips = filters.chips(place.filters) if place.filters else []
    return {
        "filter_chips": [Link(chip.text, place.with_filters(chip.rest)) for chip in chips],
        "without_filters": place.with_filters(()),
        "saved_links": saved_links(request, place),
        "may_save": may(request.actor, "ticket.update") and bool(place.filters or place.search),
    }


def saved_links(request: DeskRequest, place: Place, *, are_counted: bool = False) -> list[SavedLink]:
    """The saved views of conversations that the member finds, in their order."""
    found = queries.in_menu(request.actor, "conversation")
    counted: Mapping[int, int] = {}
    if are_counted:
        views = queries.saved_views(request.actor, "conversation").filter(pk__in=[view.pk for view in found])
        counted = inbox_queries.counts_of(list(views), request.user)
    current = place.view.saved
    return [
        SavedLink(
            view.name,
            f"view={saved_views.key_of(view.short_id)}",
            number if number <= saved_views.DIGITS else 0,
            is_current=current is not None and current.pk == view.pk,
            is_favorite=view.is_favorite,
            count=_capped(counted.get(view.pk, 0)),
        )
        for number, view in enumerate(found, start=1)
    ]


def _capped(count: int) -> str:
    return f"{inbox_queries.COUNT_CAP - 1}+" if count >= inbox_queries.COUNT_CAP else str(count or "")


@require_safe
@screen
def saved(request: DeskRequest) -> HttpResponse:
    """The menu of saved views with their counts."""
    permit(request.actor, "conversation.read")
    place = Place.of(request)
    facts = {**frame(request, place), "saved_links": saved_links(request, place, are_counted=True)}
    return render(request, "inbox/saved_links.html", facts)


@require_safe
@screen
def form(request: DeskRequest) -> HttpResponse:
    """The form of the filters: in the list's menu, or as a page."""
    permit(request.actor, "conversation.read")
    place = Place.of(request)
    facts = {**frame(request, place), "fields": filter_form.fields(place.filters)}
    return render(request, "inbox/filter_form.html" if is_fragment(request) else "inbox/filter_page.html", facts)
