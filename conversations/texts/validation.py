"""Texts that come from outside, checked once, in the verbs, for every door."""

from __future__ import annotations

import re

from accounts.errors import Invalid
from accounts.text import is_blank

SUBJECT_LIMIT = 10_000
BODY_LIMIT = 1_000_000
PREVIEW_LENGTH = 280
_SPACE = re.compile(r"\s+")


def check(value: str, field: str, *, longest: int, blank: bool = False) -> str:
    """The text as given. Raises Invalid when it is blank, too long, or holds what PostgreSQL cannot keep."""
    if not blank and is_blank(value):
        raise Invalid(f"{field} must not be blank", field=field, code="blank")
    if len(value) > longest:
        raise Invalid(f"{field} has at most {longest} characters", field=field, code="too_long")
    if not can_be_kept(value):
        raise Invalid(f"{field} contains characters that are not text", field=field, code="not_text")
    return value


def can_be_kept(value: str) -> bool:
    """Whether PostgreSQL can keep the text: it knows neither NUL nor half of a surrogate pair."""
    return "\x00" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def preview(body: str) -> str:
    """The first 280 characters in one line."""
    line = _SPACE.sub(" ", body[: PREVIEW_LENGTH * 4]).strip()
    return line if len(line) <= PREVIEW_LENGTH else line[: PREVIEW_LENGTH - 1].rstrip() + "…"


def sentence(given: str) -> str:
    """A remark as a sentence: with a capital, and with an end."""
    given = given.strip()
    return given[:1].upper() + given[1:] + ("" if given.endswith((".", "!", "?", "…", "”")) or not given else ".")
