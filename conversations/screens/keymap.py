"""A member's own keys: what they chose for each shortcut, in place of the keys that it comes with.

Kept in `User.preferences["keys"]`, by the names of the shortcuts; an empty list is a shortcut without keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import lru_cache
from typing import Any

from accounts.errors import Invalid
from conversations.screens import sections
from conversations.screens.shortcuts import GROUPS, Shortcut, shown

Keys = tuple[tuple[str, tuple[str, ...]], ...]
"""What was chosen, in a form that can be compared and remembered."""

MOST_KEYS = 4
"""Alternatives that one shortcut may have."""
NAMED = frozenset(
    {"Enter", "Escape", "ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "Home", "End", "PageUp", "PageDown"}
    | {f"F{number}" for number in range(1, 13)}
)
"""Keys with a name that a shortcut may have; Tab, Space and Backspace belong to the browser."""
_NAMES = {name.lower(): name for name in NAMED} | {
    "↓": "ArrowDown",
    "↑": "ArrowUp",
    "←": "ArrowLeft",
    "→": "ArrowRight",
    "esc": "Escape",
    "↵": "Enter",
    "return": "Enter",
}

_chosen: ContextVar[Keys] = ContextVar("chosen_keys", default=())


def of(preferences: Mapping[str, Any]) -> Keys:
    """What a person has chosen, without what is no shortcut any more."""
    kept = preferences.get("keys")
    if not isinstance(kept, Mapping):
        return ()
    known = sections.shortcuts()
    return tuple(
        (name, tuple(keys)) for name, keys in sorted(kept.items()) if name in known and not known[name].is_fixed
    )


@contextmanager
def chosen(keys: Keys) -> Iterator[None]:
    """Print these keys in the tooltips and the help while the block runs."""
    token = _chosen.set(keys)
    try:
        yield
    finally:
        _chosen.reset(token)


def current() -> Keys:
    """The keys that the member of this request has chosen."""
    return _chosen.get()


def shortcut(name: str) -> Shortcut:
    """A shortcut with the keys that it has for the member of this request. Raises KeyError for an unknown name."""
    return table(_chosen.get())[name]


@lru_cache(maxsize=256)
def table(keys: Keys = ()) -> Mapping[str, Shortcut]:
    """Every shortcut by name, in the order of the help, with the chosen keys.

    Where a chosen key is that of another shortcut, the other one does without it.
    """
    ours = dict(keys)
    taken = {key for given in ours.values() for key in given}
    return {
        name: replace(one, keys=ours[name])
        if name in ours
        else replace(one, keys=tuple(key for key in one.keys if one.is_fixed or not _clash(key, taken)))
        for name, one in sections.shortcuts().items()
    }


def groups() -> list[tuple[str, list[Shortcut]]]:
    """Every shortcut by its group, for the help."""
    known = table(_chosen.get()).values()
    return [(str(group), [one for one in known if one.group == group]) for group in GROUPS]


def parse(typed: str) -> tuple[str, ...]:
    """The keys that a person typed: alternatives with a comma between them, a sequence of two keys with a space.

    Raises Invalid for what is no key, and for more than MOST_KEYS.
    """
    found = [_keys(part) for part in _parts(typed) if part.strip()]
    if len(found) > MOST_KEYS:
        raise Invalid(f"at most {MOST_KEYS} keys", field="keys")
    return tuple(dict.fromkeys(found))


def checked(wanted: Mapping[str, Sequence[str]], now: Mapping[str, Shortcut] | None = None) -> dict[str, list[str]]:
    """What to keep of the keys that a person wants for every shortcut: those that differ from the shortcut's own.

    Raises Invalid for a key that two shortcuts would have, or that begins another one's sequence; the field is the one of the two
    that is given other keys than it has `now`, by default those that it comes with.
    """
    known = sections.shortcuts()
    full = {name: tuple(wanted.get(name, one.keys)) for name, one in known.items() if not one.is_fixed}
    owner: dict[str, str] = {}
    for name, keys in sorted(full.items(), key=lambda one: tuple((now or known)[one[0]].keys) != tuple(one[1])):
        for key in keys:
            other = next((owner[one] for one in owner if _clash(key, {one})), None)
            if other is not None and other != name:
                raise Invalid(f"{shown(key)} is used for “{known[other].label}”", field=name, code="taken")
            owner[key] = name
    return {name: list(keys) for name, keys in full.items() if keys != known[name].keys}


def _clash(key: str, others: set[str]) -> bool:
    """Whether a key is among the others, or one of the two begins the other."""
    return any(key == one or one.startswith(f"{key} ") or key.startswith(f"{one} ") for one in others)


def _parts(typed: str) -> list[str]:
    """Divided at commas; a comma that stands alone is the key."""
    return [","] if typed.strip() == "," else re.split(r"\s*,\s+|\s*,$", typed)


def _keys(typed: str) -> str:
    pressed = [_key(part) for part in re.split(r"\s+then\s+|\s+", typed.strip())]
    if len(pressed) > 2:
        raise Invalid("a sequence has two keys", field="keys")
    return " ".join(pressed)


def _key(typed: str) -> str:
    *held, last = typed.split("+") if len(typed) > 1 and not typed.endswith("++") else [typed]
    names = {one.lower() for one in held}
    if names - {"shift", "⇧"}:
        raise Invalid("keys held with Ctrl, Alt or ⌘ belong to the browser", field="keys", code="modifier")
    named = _NAMES.get(last.lower())
    if named is None and len(last) == 1 and last.isprintable() and not last.isspace():
        return last.upper() if names else last
    if named is None or names:
        raise Invalid(f"“{typed[:20]}” is not a key", field="keys")
    return named
