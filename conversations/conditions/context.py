"""For whom and when a condition is asked: what `me`, "2 h" and a date without a time mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils import timezone

from accounts.moments import FIRST, LAST

_AGE = re.compile(r"([1-9][0-9]{0,5})\s*(m|min|h|d|w)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=36_500)
RELATIVE = ("now", "today", "tomorrow", "this_week", "next_week")
"""Words for moments that move with the clock: this one, and the first of a day or of a week, which begins on Monday."""


@dataclass(frozen=True, slots=True)
class Context:
    """The moment, the member who asks (none for the desk itself), and the time zone of dates."""

    at: datetime
    me: int | None = None
    zone: tzinfo = field(default_factory=timezone.get_current_timezone)


def age(text: str) -> timedelta:
    """How long "30m", "2h", "3d" or "2w" is. Raises ValueError."""
    found = _AGE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError('a length of time such as "30m", "2h", "3d" or "2w"')
    length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if length > _LONGEST:
        raise ValueError("a length of time of at most 100 years")
    return length


def moment(text: str, context: Context) -> datetime:
    """A date's first moment, or a moment, in ISO 8601, or what a word such as "today" means in a context.

    Raises ValueError, also outside the moments that the desk can keep.
    """
    zone = context.zone
    if text in RELATIVE:
        return _relative(text, context.at.astimezone(zone))
    day = iso_date(text)
    try:
        found = datetime.combine(day, time(), zone) if day else datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=zone)
        found = found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError('a date such as "2026-11-30", or a moment') from error
    if not FIRST <= found <= LAST:
        raise ValueError(f"a moment between {FIRST.date()} and {LAST.date()}")
    return found


def _relative(word: str, now: datetime) -> datetime:
    if word == "now":
        return now.astimezone(UTC)
    today = now.date()
    monday = today - timedelta(days=today.weekday())
    day = {"today": today, "tomorrow": today + timedelta(days=1), "this_week": monday}.get(word)
    return datetime.combine(day or monday + timedelta(days=7), time(), now.tzinfo).astimezone(UTC)


def iso_date(text: str) -> date | None:
    """The date that "2026-11-30" spells; None for any other text."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
