"""Checks of a text from outside, for every door: whether anything of it is visible, and which number or id it is."""

from __future__ import annotations

import re
import unicodedata
import uuid

HIGHEST_ID = 2**63 - 1
"""The highest id that PostgreSQL gives a row."""

# Invisible, though Unicode calls them letters, symbols or marks.
_EMPTY = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")

VISIBLE = (
    r"[^\s\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]"
)
"""A text that is not blank, as a pattern for OpenAPI. Python and JavaScript, whose regular expressions that uses, differ in what
`\\s` holds: the rest is listed by code point. Characters beyond 16 bits are left to `is_blank`."""


def is_blank(value: str) -> bool:
    """Whether nothing in the text is visible: spaces, control and format characters, fillers."""
    return all(unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cc", "Cf") for char in _EMPTY.sub("", value))


def is_digits(value: str) -> bool:
    """Whether the text is one or more of the digits 0 to 9; `str.isdigit` takes others too, which `int` may refuse."""
    return value.isascii() and value.isdigit()


def uuid_or_none(value: str) -> uuid.UUID | None:
    """The UUID that a text spells; None for any other text."""
    try:
        return uuid.UUID(value)
    except ValueError:
        return None


def whole_number(value: str, *, most: int = HIGHEST_ID) -> int | None:
    """The number that a text of digits stands for; None for any other text, and for a number above `most`."""
    if not is_digits(value) or len(value) > len(str(most)):
        return None
    number = int(value)
    return number if number <= most else None
