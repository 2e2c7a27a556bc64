"""The filters of the list: their form, the chips, and the saved views beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import queries as account_queries
from accounts.permissions import may, permit
from conversations import conditions
from conversations.queries import saved_views as queries
from conversations.screens import filters, saved_views
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, is_fragment, screen
from tickets.models import Tag

MOST_TAGS = 300
"""How many tags the form offers."""


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


# --- The form -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that the form offers."""

    value: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A field of the form: ticks for the few `choices` of it, or a list, or something to type."""

    name: str
    label: str
    kind: str
    choices: Sequence[Choice] = ()
    value: str = ""


@require_safe
@screen
def form(request: DeskRequest) -> HttpResponse:
    """The form of the filters: in the list's menu, or as a page."""
    permit(request.actor, "conversation.read")
    place = Place.of(request)
    facts = {**frame(request, place), "fields": _fields(request, place)}
    return render(request, "inbox/filter_form.html" if is_fragment(request) else "inbox/filter_page.html", facts)


def _fields(request: DeskRequest, place: Place) -> list[Asked]:
    chosen: dict[str, list[str]] = {}
    for name, value in place.filters:
        chosen.setdefault(name, []).append(value)
    fields = {field.name: field for field in conditions.fields("conversation")}
    members = [(str(one.pk), one.name or one.email) for one in account_queries.assignable()]
    teams = [(str(one.pk), one.name) for one in account_queries.teams()]
    tags = [(one, one) for one in Tag.objects.order_by("name", "pk").values_list("name", flat=True)[:MOST_TAGS]]
    of_lists = {
        "assignee": [("me", _("Me")), ("nobody", _("Nobody")), *members],
        "team": [("mine", _("My teams")), ("none", _("No team")), *teams],
        "tag": tags,
    }
    asked = []
    for name in filters.CHOSEN:
        choices = of_lists.get(name) or [(value, str(label)) for value, label in fields[name].choices]
        kind = "list" if name in of_lists else "ticks"
        asked.append(Asked(name, str(fields[name].label), kind, _choices(choices, chosen.get(name, []))))
    for name, label in (
        ("created_after", _("Created from")),
        ("created_before", _("Created before")),
        ("message_after", _("Last message from")),
        ("message_before", _("Last message before")),
    ):
        asked.append(Asked(name, label, "date", value=next(iter(chosen.get(name, [])), "")))
    asked += [
        _of_attribute(field, chosen.get(name, []))
        for name, field in fields.items()
        if name.startswith((filters.ATTRIBUTE, f"contact.{filters.ATTRIBUTE}"))
    ]
    return asked


def _of_attribute(field: conditions.Field, chosen: Sequence[str]) -> Asked:
    value = next(iter(chosen), "")
    if field.kind == "optional_yes_or_no":
        choices = [("true", _("Yes")), ("false", _("No"))]
        return Asked(field.name, str(field.label), "ticks", _choices(choices, chosen))
    if field.kind == "optional_choice":
        choices = [(one, str(label)) for one, label in field.choices]
        return Asked(field.name, str(field.label), "ticks", _choices(choices, chosen))
    kind = {"day": "date", "number": "number"}.get(field.kind, "text")
    return Asked(field.name, str(field.label), kind, value=value)


def _choices(offered: Sequence[tuple[str, str]], chosen: Sequence[str]) -> list[Choice]:
    """Those that are offered, and those chosen that are not any more."""
    known = [value for value, _label in offered]
    others = [(value, value) for value in chosen if value not in known]
    return [Choice(value, label, value in chosen) for value, label in [*offered, *others]]
