"""Moments as PostHog's filters take them: absolute, or relative to now such as `-7d`, `-1mStart`, `-0dEnd`."""

from __future__ import annotations

import calendar
import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from django.utils.dateparse import parse_date, parse_datetime

_RELATIVE = re.compile(r"-?(?P<number>\d{1,5})?(?P<unit>[smhdwqyM])(?P<position>Start|End)?", re.ASCII)
# `m` is a month; a minute is `M`.
_TIMES = {"s": "seconds", "M": "minutes", "h": "hours"}
"""Units of elapsed time, independent of clock changes."""
_DAYS = {"d": 1, "w": 7}
_MONTHS = {"m": 1, "q": 3, "y": 12}


def parse(value: str, now: datetime, zone: tzinfo, *, is_end: bool = False) -> datetime | None:
    """The moment of a value, or None for an invalid one. A day alone is its beginning, or with `is_end` its end."""
    try:
        if (match := _RELATIVE.fullmatch(value)) is not None:
            return _relative(now.astimezone(zone), match)
        if len(value) == 10 and (day := parse_date(value)) is not None:
            return _edge(day, zone, is_end=is_end)
        found = parse_datetime(value)
        return found if found is None or found.tzinfo else found.replace(tzinfo=zone)
    except (ValueError, OverflowError):
        return None


def _relative(now: datetime, match: re.Match[str]) -> datetime:
    number, unit = int(match["number"] or 0), match["unit"]
    zone = now.tzinfo
    assert zone is not None
    if unit in _TIMES:
        # In UTC: arithmetic in a time zone would move the local time.
        moment = now.astimezone(UTC) - timedelta(**{_TIMES[unit]: number})
    elif unit in _DAYS:
        moment = now - timedelta(days=number * _DAYS[unit])
    else:
        months = now.year * 12 + now.month - 1 - number * _MONTHS[unit]
        year, month = divmod(months, 12)
        last = calendar.monthrange(year, month + 1)[1]
        moment = now.replace(year=year, month=month + 1, day=min(now.day, last))
    if match["position"] is None:
        return moment
    first, last_day = _period(moment.astimezone(zone).date(), unit)
    return _edge(last_day, zone, is_end=True) if match["position"] == "End" else _edge(first, zone, is_end=False)


def _period(day: date, unit: str) -> tuple[date, date]:
    """First and last day of the week, month, quarter or year; the day itself for shorter units."""
    if unit == "w":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    if unit in _MONTHS:
        size = _MONTHS[unit]
        begin = (day.month - 1) // size * size + 1
        end = begin + size - 1
        return day.replace(month=begin, day=1), day.replace(month=end, day=calendar.monthrange(day.year, end)[1])
    return day, day


def _edge(day: date, zone: tzinfo, *, is_end: bool) -> datetime:
    return datetime.combine(day, time.max if is_end else time.min, zone)
