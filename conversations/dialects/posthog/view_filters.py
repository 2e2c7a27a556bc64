"""Filters of saved views: what a client's mean in the desk's own conditions, and the filters of a view that was made in the desk."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.errors import Invalid
from accounts.models import Team
from accounts.text import uuid_or_none, whole_number
from conversations import conditions
from conversations.conditions import Condition, Group, Leaf
from conversations.conditions.kinds import MOST_VALUES
from conversations.dialects.posthog import shapes
from conversations.models import SavedView

_AGE = re.compile(r"-([0-9]{1,4})([hdw])")


def condition(filters: Mapping[str, Any]) -> dict[str, Any]:
    """The filters as a condition, as far as they are as documented and there is a field for them.

    What is more than a condition may hold asks nothing there: it goes by the client's own filters, which are kept.
    """
    found: list[dict[str, Any]] = [
        {"field": "status", "in": _listed(filters, "status", shapes.STATUSES.values)},
        {"field": "priority", "in": _listed(filters, "priority", shapes.PRIORITIES.values)},
        {"any": _assignees(filters.get("assignee"))},
        {"none": [{"field": "tag", "in": _texts(filters.get("tagsExclude"))}]},
        *_dates(filters),
    ]
    tags = _texts(filters.get("tags"))
    if filters.get("tagsMatch") == "all":
        found += [{"field": "tag", "is": tag} for tag in tags]
    else:
        found.append({"field": "tag", "in": tags})
    asked = {"all": [one for one in found if one.get("any") != [] and _is_condition(one)]}
    return asked if _is_condition(asked) else {}


def search(filters: Mapping[str, Any]) -> str:
    """What the filters search for, where the desk can."""
    text = filters.get("search")
    return (
        text.strip() if isinstance(text, str) and len(text) <= 200 and "\x00" not in text and text.isprintable() else ""
    )


_STATED: Mapping[str, tuple[str, ...]] = {
    "status": ("status",),
    "priority": ("priority",),
    "channel": ("channel_source", "channel_detail"),
    "tag": ("tags", "tags_all"),
    "assignee": ("assignee",),
    "team": ("assignee",),
    "updated": ("date_from", "date_to"),
    "due": ("sla",),
    "snoozed_until": ("snoozed",),
    "text": ("search",),
}
"""By which parameters of a list a call states a field itself."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a view asks for: by filters, and where it was made on a screen by a condition beside them."""

    filters: Mapping[str, Any]
    condition: Condition | None = None


def asked(view: SavedView, stated: Container[str]) -> Asked:
    """What a view asks for in a list; `stated` are the parameters of the call, which win over the view's.

    Where a condition names what is no field any more, it holds for nothing.
    """
    if view.filters or not view.condition:
        return Asked(printed(view))
    try:
        condition = conditions.parse(view.condition, "ticket")
    except Invalid:
        return Asked({}, Condition("ticket", Group("any", ())))
    root = condition.root
    parts = root.parts if isinstance(root, Group) and root.mode == "all" else (root,)
    kept = tuple(part for part in parts if not (isinstance(part, Leaf) and _is_stated(part, stated)))
    return Asked({"search": view.search}, Condition("ticket", Group("all", kept)))


def _is_stated(leaf: Leaf, stated: Container[str]) -> bool:
    return any(name in stated for name in _STATED.get(leaf.field.name, ()))


def printed(view: SavedView) -> dict[str, Any]:
    """The filters of a view: a client's own verbatim, or those that say what its condition asks.

    What they have no words for is left out: they let through all that the view has, and may let through more.
    """
    if view.filters or not (view.condition or view.search):
        filters: dict[str, Any] = view.filters
        return filters
    made: dict[str, Any] = {"search": view.search} if view.search else {}
    tagged: list[str] = []
    for part in _parts(view.condition):
        field, values = part.get("field"), part.get("in", [part["is"]] if "is" in part else [])
        if field in ("status", "priority") and values and "none" not in values:
            made[field] = values
        elif field == "assignee" and values and "me" not in values:
            made["assignee"] = ["unassigned" if one == "nobody" else {"type": "user", "id": one} for one in values]
        elif field == "tag" and "is" in part:
            tagged.append(part["is"])
        elif field == "tag" and "in" in part:
            made["tags"] = values
        elif field == "updated":
            made |= _dated(part)
        if without := _excluded(part):
            made["tagsExclude"] = [*made.get("tagsExclude", []), *without]
    if tagged:
        made["tags"] = tagged
    if len(tagged) > 1:
        made["tagsMatch"] = "all"
    return made


def _parts(asked: Any) -> list[dict[str, Any]]:
    """What has to hold altogether, of a stored condition: a comparison alone, or each part of one that means all."""
    if not isinstance(asked, dict) or "field" in asked:
        return [asked] if asked else []
    groups = [{mode: asked[mode]} for mode in ("any", "none") if mode in asked]
    return [*(leaf for part in asked.get("all", ()) for leaf in _parts(part)), *groups]


def _excluded(part: Mapping[str, Any]) -> list[str]:
    """The tags that a part excludes, where it does nothing else."""
    if part.get("field") == "tag":
        found: list[str] = part.get("not_in", [part["is_not"]] if "is_not" in part else [])
        return found
    return [
        tag
        for one in part.get("none", ())
        if one.get("field") == "tag"
        for tag in one.get("in", [one["is"]] if "is" in one else [])
    ]


def _dated(part: Mapping[str, Any]) -> dict[str, str]:
    """`dateFrom` or `dateTo`, where PostHog's grammar has a word for the moment."""
    for operator, name, is_age in (
        ("after", "dateFrom", False),
        ("newer_than", "dateFrom", True),
        ("before", "dateTo", False),
        ("older_than", "dateTo", True),
    ):
        value = part.get(operator)
        if isinstance(value, str) and (_AGE.fullmatch(f"-{value}") if is_age else value[:1].isdigit()):
            return {name: f"-{value}" if is_age else value}
    return {}


def _is_condition(json: Any) -> bool:
    try:
        conditions.parse(json, "ticket", attributes=())
    except Invalid:
        return False
    return True


def _texts(value: Any) -> list[str]:
    return [one for one in value if isinstance(one, str)][:MOST_VALUES] if isinstance(value, list) else []


def _listed(filters: Mapping[str, Any], name: str, known: Any) -> list[str]:
    given = filters.get(name)
    return [one for one in _texts(given if isinstance(given, list) else [given]) if one in known]


def _assignees(value: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in value if isinstance(value, list) else [value]:
        kind, key = (one.get("type"), one.get("id")) if isinstance(one, dict) else str(one or "").partition(":")[::2]
        if one == "unassigned":
            found.append({"all": [{"field": "assignee", "is": "nobody"}, {"field": "team", "is": "none"}]})
        elif kind == "user" and (user := whole_number(str(key))):
            found.append({"field": "assignee", "is": user})
        elif kind == "role" and (public_id := uuid_or_none(str(key))):
            team = Team.objects.filter(public_id=public_id).values_list("pk", flat=True).first()
            found += [{"field": "team", "is": team}] if team else []
    return found[:MOST_VALUES]


def _dates(filters: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name, operator, by_age in (("dateFrom", "after", "newer_than"), ("dateTo", "before", "older_than")):
        value = filters.get(name)
        if isinstance(value, str) and value:
            age = _AGE.fullmatch(value)
            found.append(
                {"field": "updated", by_age: f"{age[1]}{age[2]}"} if age else {"field": "updated", operator: value}
            )
    return found
