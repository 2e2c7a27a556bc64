"""Another tag in the place of one, in all that is stored as JSON or typed and names tags. Pure functions."""

from __future__ import annotations

import re
from typing import Any

from conversations.conditions.grammar import MODES
from conversations.texts import operators
from tickets import tags

_TAG = "tag"
_LISTS = ("in", "not_in")
_SINGLE = ("is", "is_not")
_EFFECTS = ("add_tags", "remove_tags", "set_tags")
LONGEST_SEARCH = 200


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


def in_filters(value: Any, name: str, by_name: str | None) -> Any:
    """The filters that a client of the API wrote: of tickets, whose tags are in small letters."""
    given = value.get("tags") if isinstance(value, dict) else None
    if by_name is None or not isinstance(given, list):
        return value
    return {**value, "tags": _replaced(given, name, by_name.strip().lower())}


def in_search(text: str, name: str, by_name: str | None) -> str:
    """A search in whose operators the tag is named; one that would be too long stays."""
    if by_name is None or f"{_TAG}:" not in text.lower():
        return text

    def other(found: re.Match[str]) -> str:
        minus = "-" if found["minus"] else ""
        is_it = (found["name"] or "").lower() == _TAG and tags.key(found["quoted"] or found["plain"]) == tags.key(name)
        return minus + operators.spelled(_TAG, by_name) if is_it else found[0]

    made = operators.OPERATOR.sub(other, text)
    return made if len(made) <= LONGEST_SEARCH else text


def in_effects(value: Any, name: str, by_name: str | None) -> Any:
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
