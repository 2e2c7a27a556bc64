"""What names a tag beside the rows that have it: saved views and macros, which follow it where it is renamed, merged or deleted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.permissions import Actor
from conversations import events
from conversations.conditions.grammar import MODES
from conversations.models import Macro, SavedView
from conversations.texts import operators
from tickets import tags

_TAG = "tag"
_LISTS = ("in", "not_in")
_SINGLE = ("is", "is_not")
_EFFECTS = ("add_tags", "remove_tags", "set_tags")
LONGEST_SEARCH = 200


Mentions = tuple[list[SavedView], list[Macro]]


def hold(name: str) -> Mentions:
    """The saved views and the macros that name a tag, locked in their order."""
    views = [view.pk for view in SavedView.objects.order_by("pk").iterator() if _of_view(view, name, "")]
    macros = [macro.pk for macro in _macros() if _of_macro(macro, name, "")]
    return (
        [transaction.held(view) for view in SavedView.objects.filter(pk__in=views).order_by("pk")],
        [transaction.held(macro) for macro in Macro.objects.filter(pk__in=macros).order_by("pk")],
    )


def _macros() -> Iterable[Macro]:
    return Macro.objects.only("pk", "effects", "condition").order_by("pk").iterator()


def replace(held: Mentions, name: str, by_name: str | None, *, by: Actor, at: datetime) -> None:
    """Put another tag into the place of one in what was held. Without another, conditions keep it and macros set it no more."""
    for view in held[0]:
        if changed := _of_view(view, name, by_name):
            _save(view, changed, at)
            journal.record(events.SAVED_VIEW_UPDATED, view, by=by, at=at, fields=changed)
    for macro in held[1]:
        if changed := _of_macro(macro, name, by_name):
            _save(macro, changed, at)
            journal.record(events.MACRO_UPDATED, macro, by=by, at=at, fields=changed)


def _save(row: SavedView | Macro, changed: list[str], at: datetime) -> None:
    row.updated_at = at
    row.save(update_fields=[*changed, "updated_at"])


def _of_view(view: SavedView, name: str, by_name: str | None) -> list[str]:
    """Change a view in memory; returns which of its fields."""
    return _changed(
        view,
        condition=in_condition(view.condition, name, by_name),
        filters=_in_filters(view.filters, name, by_name),
        search=_in_search(view.search, name, by_name),
    )


def _of_macro(macro: Macro, name: str, by_name: str | None) -> list[str]:
    return _changed(
        macro,
        condition=in_condition(macro.condition, name, by_name),
        effects=_in_effects(macro.effects, name, by_name),
    )


def _changed(row: SavedView | Macro, **given: Any) -> list[str]:
    changed = [field for field, value in given.items() if getattr(row, field) != value]
    for field in changed:
        setattr(row, field, given[field])
    return changed


def in_condition(value: Any, name: str, by_name: str | None) -> Any:
    """A condition's JSON with another tag in the place of one. Without another it stays: it says that the tag was removed."""
    if not isinstance(value, dict) or by_name is None:
        return value
    if value.get("field") == _TAG:
        return {key: _in_leaf(key, given, name, by_name) for key, given in value.items()}
    return {
        key: [in_condition(one, name, by_name) for one in given] if key in MODES and isinstance(given, list) else given
        for key, given in value.items()
    }


def _in_leaf(operator: str, given: Any, name: str, by_name: str) -> Any:
    if operator in _SINGLE and isinstance(given, str):
        return by_name if tags.key(given) == tags.key(name) else given
    if operator in _LISTS and isinstance(given, list):
        return _replaced(given, name, by_name)
    return given


def _replaced(given: list[Any], name: str, by_name: str | None) -> list[Any]:
    """The tags with another one in the place of one, which they may have had before; a list without it stays as it is."""
    names = [one for one in given if isinstance(one, str)]
    if all(tags.key(one) != tags.key(name) for one in names):
        return given
    return tags.replaced(names, name, by_name)


def _in_filters(value: Any, name: str, by_name: str | None) -> Any:
    """The filters that a client of the API wrote: of tickets, whose tags are in small letters."""
    given = value.get("tags") if isinstance(value, dict) else None
    if by_name is None or not isinstance(given, list):
        return value
    return {**value, "tags": _replaced(given, name, by_name.strip().lower())}


def _in_search(text: str, name: str, by_name: str | None) -> str:
    """A search in whose operators the tag is named; one that would be too long stays."""
    if by_name is None or f"{_TAG}:" not in text.lower():
        return text

    def other(found: re.Match[str]) -> str:
        minus = "-" if found["minus"] else ""
        is_it = (found["name"] or "").lower() == _TAG and tags.key(found["quoted"] or found["plain"]) == tags.key(name)
        return minus + operators.spelled(_TAG, by_name) if is_it else found[0]

    made = operators.OPERATOR.sub(other, text)
    return made if len(made) <= LONGEST_SEARCH else text


def _in_effects(value: Any, name: str, by_name: str | None) -> Any:
    """A macro's effects; without another tag it is neither added nor taken away any more."""
    if not isinstance(value, list):
        return value
    made = []
    for effect in value:
        given = effect.get("tags") if isinstance(effect, dict) and effect.get("do") in _EFFECTS else None
        replaced = _replaced(given, name, by_name) if isinstance(given, list) else given
        if replaced == given:
            made.append(effect)
        elif replaced or effect["do"] == "set_tags":
            made.append({**effect, "tags": replaced})
    return made
