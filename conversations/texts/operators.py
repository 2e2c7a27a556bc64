"""The operators of a search as people type them: `tag:refund`, `from:"Ada Lovelace"`, `-is:open`, `-"a phrase"`. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

NAMES = ("from", "to", "tag", "is", "channel", "assignee", "team", "before", "after", "has")
PHRASE = "phrase"
"""The name of what stands in quotes after a minus."""


class Operator(NamedTuple):
    """An operator with its value; `is_excluded` where a minus stands before it."""

    name: str
    value: str
    is_excluded: bool


# At the beginning of a word; a value ends at the next space, or is in quotes. A minus before a bare word is text.
OPERATOR = re.compile(
    r"(?<!\S)(?P<minus>-?)(?:(?P<name>" + "|".join(NAMES) + r'):(?:"(?P<quoted>[^"]+)"|(?P<plain>[^\s"]+))(?!\S)'
    r'|(?<=-)"(?P<phrase>[^"]+)"(?!\S))',
    re.IGNORECASE,
)


def taken(typed: str, take: Callable[[Operator], bool]) -> str:
    """What was typed without the operators that are taken; one that is not taken, as its value means nothing, stays text."""

    def read(found: re.Match[str]) -> str:
        value = (found["quoted"] or found["plain"] or found["phrase"] or "").strip()
        name = PHRASE if found["phrase"] else found["name"].lower()
        return " " if value and take(Operator(name, value, bool(found["minus"]))) else found[0]

    return OPERATOR.sub(read, typed).strip()


def left(words: str) -> list[str]:
    """The operators that were not taken, as they were typed."""
    return [found[0] for found in OPERATOR.finditer(words)]


def spelled(name: str, value: str) -> str:
    """An operator as one types it."""
    plain = value.replace('"', " ").strip()
    return f'{name}:"{plain}"' if re.search(r"\s", plain) else f"{name}:{plain}"
