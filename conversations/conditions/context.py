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


def moment(text: str, zone: tzinfo) -> datetime:
    """A date's first moment, or a moment, in ISO 8601. Raises ValueError, also outside the moments that the desk can keep."""
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


def iso_date(text: str) -> date | None:
    """The date that "2026-11-30" spells; None for any other text."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
