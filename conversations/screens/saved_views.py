"""Saved views on screens: what a list's address asks for as a condition, and the member's views as links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from accounts.errors import Invalid, NotFound
from accounts.permissions import Actor
from accounts.text import whole_number
from conversations import conditions
from conversations.conditions import Condition
from conversations.models import SavedView
from conversations.queries import saved_views as queries
from conversations.screens import filters

PREFIX = "v-"
"""The beginning of a saved view's key in a list's address."""
DIGITS = 9
"""So many views have a key: `g` and a digit."""

_OPEN = {"field": "status", "is": "open"}
OF_INBOX: Mapping[str, dict[str, Any]] = {
    "mine": {"all": [_OPEN, {"field": "assignee", "is": "me"}]},
    "unassigned": {"all": [_OPEN, {"field": "assignee", "is": "nobody"}]},
    "open": _OPEN,
    "teams": {"all": [_OPEN, {"field": "team", "is": "mine"}]},
    "mentions": {"field": "mentioned", "is": "me"},
    "waiting": {"field": "status", "is": "pending"},
    "snoozed": {"field": "status", "is": "snoozed"},
    "callbacks": {"all": [{"field": "channel", "is": "callback"}, {"field": "status", "in": ["open", "pending", "snoozed"]}]},
    "news": {"all": [{"field": "status", "is": "closed"}, {"field": "unread", "is": True}]},
    "failed": {"field": "failed", "is": True},
    "assistant": {"field": "handler", "is": "assistant"},
    "solved": {"field": "status", "in": ["resolved", "closed"]},
    "spam": {"field": "handler", "is": "nobody"},
}  # fmt: skip
"""What the inbox's own views ask for, where a view is saved from them."""
TICKETS_BEGIN = {"field": "status", "in": ["new", "open", "pending", "on_hold"]}


def is_gone(request: HttpRequest, found: SavedView | None) -> bool:
    """Whether the address names a saved view that the member does not find: then the list shows its usual view."""
    return found is None and request.GET.get("view", "").startswith(PREFIX)


def say_if_gone(request: HttpRequest, found: SavedView | None) -> None:
    """Say so on the page that is about to be shown."""
    if is_gone(request, found):
        messages.error(request, _("This saved view no longer exists, or is not shared with you."))


@dataclass(frozen=True, slots=True)
class Shown:
    """What an address of a list shows: what a view saved from it would keep."""

    subject: str
    condition: Condition
    search: str
    sort: str


def shown(query: QueryDict, actor: Actor) -> Shown:
    """What an address of the inbox or, with `subject=ticket`, of the list of tickets shows."""
    subject = "ticket" if query.get("subject") == "ticket" else "conversation"
    search, sort = query.get("q", "").strip()[:200], query.get("sort", "")
    found = filters.condition(filters.of(query), subject)
    key = query.get("view", "")
    saved = of_key(key, actor, subject)
    if saved is not None:
        found = condition_of(saved).and_also(found)
        search, sort = f"{saved.search} {search}".strip()[:200], sort or saved.sort
    elif subject == "conversation" and not search:  # a search leaves its view
        found = conditions.parse(OF_INBOX.get(key, {})).and_also(found)
    if subject == "ticket":
        found = _of_tickets(query, has_view=saved is not None).and_also(found)
    return Shown(subject, found, search, sort)


def _of_tickets(query: QueryDict, *, has_view: bool) -> Condition:
    """What the list of tickets asks for by its tabs and its owner, beside the filters."""
    status, owner = query.get("status", ""), query.get("owner", "")
    asked: list[dict[str, Any]] = []
    if status == "unresolved" or not (status or has_view):
        asked.append(TICKETS_BEGIN)
    if owner == "me":
        asked.append({"field": "assignee", "is": "me"})
    elif owner == "nobody":
        asked += [{"field": "assignee", "is": "nobody"}, {"field": "team", "is": "none"}]
    elif (team := whole_number(owner)) is not None:
        asked.append({"field": "team", "is": team})
    try:
        return conditions.parse({"all": asked}, "ticket")
    except Invalid:
        return conditions.every("ticket")


def of_key(key: str, actor: Actor, subject: str) -> SavedView | None:
    """The saved view of a key in a list's address, if the actor finds it."""
    if not key.startswith(PREFIX):
        return None
    try:
        found = queries.saved_view(actor, key.removeprefix(PREFIX))
    except NotFound:
        return None
    return found if found.subject == subject else None


def key_of(short_id: str) -> str:
    """The key of a saved view in a list's address."""
    return f"{PREFIX}{short_id}"


def condition_of(view: SavedView) -> Condition:
    """What its rows have to be like; nothing passes where what it asks for is no field any more."""
    try:
        return conditions.parse(view.condition, view.subject)
    except Invalid:
        return conditions.parse({"any": []}, view.subject)
