"""Checks of a text from outside, for every door: whether anything of it is visible, and which number it is."""

from __future__ import annotations

import re
import unicodedata

HIGHEST_ID = 2**63 - 1
"""The highest id that PostgreSQL gives a row."""

# Invisible, though Unicode calls them letters, symbols or marks.
_EMPTY = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def is_blank(value: str) -> bool:
    """Whether nothing in the text is visible: spaces, control and format characters, fillers."""
    return all(unicodedata.category(char) in ("Zs", "Zl", "Zp", "Cc", "Cf") for char in _EMPTY.sub("", value))


def is_digits(value: str) -> bool:
    """Whether the text is one or more of the digits 0 to 9; `str.isdigit` takes others too, which `int` may refuse."""
    return value.isascii() and value.isdigit()


def whole_number(value: str, *, most: int = HIGHEST_ID) -> int | None:
    """The number that a text of digits stands for; None for any other text, and for a number above `most`."""
    if not is_digits(value) or len(value) > len(str(most)):
        return None
    number = int(value)
    return number if number <= most else None
