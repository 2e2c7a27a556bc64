"""What was typed into a search: words, and a condition made of the operators among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone

from accounts.errors import Invalid
from accounts.models import Membership, Team
from conversations.conditions.context import iso_date
from conversations.conditions.fields import CHANNELS
from conversations.conditions.grammar import MOST_LEAVES, Condition, parse
from conversations.texts import operators
from conversations.texts.operators import Operator
from conversations.texts.validation import can_be_kept
from tickets import tags
from tickets.models import Tag

Json = dict[str, Any]
_MOST_NAMED = 20
_EVERYTHING: Json = {}
_NOTHING: Json = {"any": []}

IS: dict[str, Json] = {
    **{status: {"field": "status", "is": status} for status in ("open", "pending", "snoozed", "resolved", "closed")},
    "waiting": {"field": "status", "is": "pending"},
    "unread": {"field": "unread", "is": True},
    "read": {"field": "unread", "is": False},
    "assigned": {"field": "assignee", "is_not": "nobody"},
    "unassigned": {"field": "assignee", "is": "nobody"},
    "mine": {"field": "assignee", "is": "me"},
    "followed": {"field": "follower", "is": "me"},
    "mentioned": {"field": "mentioned", "is": "me"},
    "failed": {"field": "failed", "is": True},
    "urgent": {"field": "priority", "is": "urgent"},
    "assistant": {"field": "handler", "is": "assistant"},
    "spam": {"field": "handler", "is": "nobody"},
}
"""What `is:` may be followed by."""
HAS: dict[str, Json] = {
    **{name: {"field": "file", "is": True} for name in ("file", "files", "attachment", "attachments")},
    "ticket": {"field": "ticket", "is": True},
}
"""What `has:` may be followed by."""
_CHANNELS = {str(value): str(value) for value, _label in CHANNELS} | {
    "mail": "email", "e-mail": "email", "call": "callback", "web": "form", "website": "chat", "widget": "chat",
}  # fmt: skip
_YEAR_OR_MONTH = re.compile("[0-9]{4}(-[0-9]{2})?")
_ONE_OF = {"from", "to", "channel", "assignee", "team"}
"""Operators of which a conversation can hold one alone: several mean any of them."""


class Typed(NamedTuple):
    """The words of a search without its operators, and what these ask for."""

    words: str
    condition: Condition


def typed(search: str) -> Typed:
    """Read a search of conversations in the open scope. An operator that is unknown, or with a value that means nothing, is text."""
    found: dict[str, list[Json]] = {}
    excluded: list[Json] = []
    count = 0

    def take(one: Operator) -> bool:
        nonlocal count
        json = _READERS[one.name](one.value) if can_be_kept(one.value) else None
        count += 1
        if json is None or count > MOST_LEAVES // 2 or not _is_condition(json):
            return False
        group = "status" if json.get("field") == "status" else one.name
        (excluded if one.is_excluded else found.setdefault(group, [])).append(json)
        return True

    words = operators.taken(search, take)
    groups: list[Json] = []
    for name, several in found.items():
        is_any = len(several) > 1 and (name in _ONE_OF or name == "status")
        groups += [{"any": several}] if is_any else several
    if excluded:
        groups.append({"none": excluded})
    return Typed(words, parse({"all": groups} if groups else _EVERYTHING, attributes=()))


def _is_condition(json: Json) -> bool:
    try:
        parse(json, attributes=())
    except Invalid:
        return False
    return True


# --- What the value of each operator means ------------------------------------------------------


def _from(value: str) -> Json:
    return {"field": "contact", "contains": value}


def _to(value: str) -> Json:
    return {"field": "recipient", "contains": value}


def _phrase(value: str) -> Json:
    return {"field": "text", "contains": f'"{value}"'}


def _tag(value: str) -> Json | None:
    if len(value) > tags.MAX_LENGTH:
        return None
    known = Tag.objects.filter(name__iexact=value).order_by("pk").values_list("name", flat=True).first()
    return {"field": "tag", "in": list(dict.fromkeys([value, known or value]))}


def _is(value: str) -> Json | None:
    return IS.get(value.lower())


def _has(value: str) -> Json | None:
    return HAS.get(value.lower())


def _channel(value: str) -> Json | None:
    channel = _CHANNELS.get(value.lower())
    return None if channel is None else {"field": "channel", "is": channel}


def _assignee(value: str) -> Json:
    if value.lower() in ("me", "nobody", "none"):
        return {"field": "assignee", "is": "me" if value.lower() == "me" else "nobody"}
    named = Q(user__name__icontains=value) | Q(user__email__icontains=value)
    found = Membership.objects.filter(named).order_by("pk").values_list("user", flat=True)
    return _any_of("assignee", found[:_MOST_NAMED])


def _team(value: str) -> Json:
    if value.lower() in ("mine", "none"):
        return {"field": "team", "is": value.lower()}
    rows = Team.objects.order_by("pk").values_list("pk", flat=True)
    return _any_of("team", rows.filter(name__iexact=value)[:1] or rows.filter(name__icontains=value)[:_MOST_NAMED])


def _any_of(field: str, ids: Iterable[int]) -> Json:
    found = list(ids)
    return {"field": field, "in": found} if found else _NOTHING


def _before(value: str) -> Json:
    return _moment(value, "before", "older_than")


def _after(value: str) -> Json:
    return _moment(value, "after", "newer_than")


def _moment(value: str, by_date: str, by_age: str) -> Json:
    """By a date (also a month, or a year), or by how long ago it is."""
    text = value.lower()
    if text in ("today", "yesterday"):
        text = str(timezone.localdate() - timedelta(days=text == "yesterday"))
    if _YEAR_OR_MONTH.fullmatch(text):
        text = f"{text}-01-01"[:10]
    return {"field": "last_message", by_date if iso_date(text) else by_age: text}


_READERS: dict[str, Callable[[str], Json | None]] = {
    "from": _from, "to": _to, "tag": _tag, "is": _is, "channel": _channel, "assignee": _assignee, "team": _team,
    "before": _before, "after": _after, "has": _has, operators.PHRASE: _phrase,
}  # fmt: skip
