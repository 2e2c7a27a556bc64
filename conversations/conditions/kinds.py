"""The kinds of fields: which operators each has, and what they are compared with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from accounts.moments import FIRST
from accounts.text import HIGHEST_ID
from conversations.conditions import context
from conversations.texts.validation import can_be_kept
from tickets import tags

MOST_VALUES = 20
LONGEST = 500
"""Characters of a text."""

Check = Callable[[Any, Sequence[str]], Any]
"""Makes of a JSON value what is kept, or raises ValueError with what it should be. The texts are the field's choices."""

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


def _text(value: Any, choices: Sequence[str] = ()) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    if len(value) > LONGEST:
        raise ValueError(f"a text of at most {LONGEST} characters")
    if not value.strip() or not can_be_kept(value):
        raise ValueError("a text that is not blank")
    return value


def _choice(value: Any, choices: Sequence[str]) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"one of {', '.join(choices)}" if choices else "one of the choices")
    return value


def _tag(value: Any, choices: Sequence[str]) -> str:
    text = _text(value).strip()
    if len(text) > tags.MAX_LENGTH:
        raise ValueError(f"a tag of at most {tags.MAX_LENGTH} characters")
    return text


def _id(value: Any, *words: str) -> int | str:
    if isinstance(value, str) and value in words:
        return value
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= HIGHEST_ID:
        raise ValueError(f"an id, {' or '.join(map(repr, words))}" if words else "an id")
    return value


def _number(value: Any, choices: Sequence[str]) -> str:
    text = str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise ValueError("a number")
    return format(Decimal(text), "f")


def _moment(value: Any, choices: Sequence[str]) -> str:
    text = _text(value).strip()
    if text not in context.RELATIVE:
        context.moment(text, context.Context(at=FIRST, zone=UTC))
    return text


def _day(value: Any, choices: Sequence[str]) -> str:
    if not isinstance(value, str) or context.iso_date(value) is None:
        raise ValueError('a date such as "2026-11-30"')
    return value


def _age(value: Any, choices: Sequence[str]) -> str:
    context.age(text := _text(value).strip().lower())
    return text


def _yes_or_no(value: Any, choices: Sequence[str]) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _several(check: Check) -> Check:
    def checked(value: Any, choices: Sequence[str]) -> tuple[Any, ...]:
        if not isinstance(value, list) or not value:
            raise ValueError("a list that is not empty")
        if len(value) > MOST_VALUES:
            raise ValueError(f"a list of at most {MOST_VALUES} values")
        return tuple(dict.fromkeys(check(one, choices) for one in value))

    return checked


def _member(value: Any, choices: Sequence[str]) -> int | str:
    return _id(value, "me", "nobody")


def _team(value: Any, choices: Sequence[str]) -> int | str:
    return _id(value, "mine", "none")


def _equality(check: Check) -> dict[str, Check]:
    return {"is": check, "is_not": check, "in": _several(check), "not_in": _several(check)}


_EXISTS: dict[str, Check] = {"exists": _yes_or_no}

KINDS: Mapping[str, Mapping[str, Check]] = {
    "choice": _equality(_choice),
    "optional_choice": {**_equality(_choice), **_EXISTS},
    "tags": {**_equality(_tag), **_EXISTS},
    "member": _equality(_member),
    "team": _equality(_team),
    "text": {**_equality(_text), "contains": _text, "not_contains": _text, "starts_with": _text, **_EXISTS},
    "words": {"contains": _text, "not_contains": _text},
    "number": {**_equality(_number), **dict.fromkeys(("gt", "gte", "lt", "lte"), _number), **_EXISTS},
    "moment": {"before": _moment, "after": _moment, "older_than": _age, "newer_than": _age, **_EXISTS},
    "day": {"is": _day, "is_not": _day, "before": _day, "after": _day, **_EXISTS},
    "yes_or_no": {"is": _yes_or_no},
    "optional_yes_or_no": {"is": _yes_or_no, **_EXISTS},
}
"""The operators of each kind, with the check of what they are compared with."""

COMPLEMENTS = {"is_not": "is", "not_in": "in", "not_contains": "contains"}
"""Operators that hold where another does not."""
