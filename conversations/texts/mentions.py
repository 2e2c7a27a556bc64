"""Who is named in an internal note by `@`, and which conversations a text names by `#`. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

_AT = re.compile(r"(?<![\w.@+/-])[@＠](?=\S)")
_NUMBER = re.compile(r"(?<![\w&/#])#([1-9]\d{0,9})(?![\w#])")
MOST_NUMBERS = 20
"""So many conversations of one text are linked; the others stay text."""
_LARGEST = 2**31 - 1


def plain(name: str) -> str:
    """A name as it is compared: in one form of Unicode, whatever its case, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def may_mention(text: str) -> bool:
    """Whether it is worth looking for names at all."""
    return "@" in text or "＠" in text


def mentioned(text: str, names: Mapping[str, Collection[int]]) -> set[int]:
    """The ids of those whom a text mentions: after each `@` the longest of the names that stands there.

    `names` are `plain` ones, each with the ids that it stands for.
    """
    whole = " ".join(re.split(r"[^\S\n]+", unicodedata.normalize("NFC", text).casefold()))
    longest_first = sorted(filter(None, names), key=len, reverse=True)
    found: set[int] = set()
    for sign in _AT.finditer(whole):
        rest = whole[sign.end() :]
        name = next((one for one in longest_first if rest.startswith(one) and not _goes_on(rest, len(one))), None)
        found |= {*names[name]} if name is not None else set()
    return found


def _goes_on(text: str, end: int) -> bool:
    """Whether a word goes on there, so that what ends there is no name."""
    return end < len(text) and (text[end].isalnum() or text[end] in "_@")


def by_name(people: Iterable[tuple[int, str, str]], first_names: Iterable[tuple[int, str]]) -> dict[str, set[int]]:
    """The names of people (id, name, email); a first name stands for the one who has it alone."""
    names: dict[str, set[int]] = {}
    for pk, name, email in people:
        for one in filter(None, (plain(name), plain(email))):
            names.setdefault(one, set()).add(pk)
    firsts: dict[str, set[int]] = {}
    for pk, first in first_names:
        if first:
            firsts.setdefault(plain(first), set()).add(pk)
    for first, ids in firsts.items():
        if len(ids) == 1:
            names.setdefault(first, ids)
    return names


def numbers(text: str) -> list[int]:
    """The numbers of the conversations that a text names, such as `#42`, in their order."""
    found = (int(one) for one in _NUMBER.findall(text))
    return [*dict.fromkeys(number for number in found if number <= _LARGEST)][:MOST_NUMBERS]


def pieces_with_numbers(text: str) -> list[str]:
    """The text in pieces, of which every second one is a number that it names by `#`."""
    return _NUMBER.split(text)
