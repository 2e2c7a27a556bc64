"""When a ticket is due that may take some minutes, hours or days, counted only within working hours where they are stated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

UNITS = ("minute", "hour", "day")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_DAYS = 5 * 365
"""How far a deadline may be away."""
LARGEST = {"minute": MOST_DAYS * 24 * 60, "hour": MOST_DAYS * 24, "day": MOST_DAYS}
DAY = timedelta(days=1)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


class TooLong(Exception):
    """So much working time does not pass within five years."""


@dataclass(frozen=True, slots=True)
class Window:
    """The same hours of some days of each week. Without an end the whole of those days."""

    days: frozenset[int]
    zone: ZoneInfo
    start: time = time()
    end: time | None = None

    @property
    def is_always(self) -> bool:
        return len(self.days) == 7 and self.end is None

    @property
    def length(self) -> timedelta:
        """Of one day's hours."""
        if self.end is None:
            return DAY
        return timedelta(hours=self.end.hour - self.start.hour, minutes=self.end.minute - self.start.minute)


def window(stated: Mapping[str, Any]) -> Window:
    """The window of `{"days": ["monday"], "time": "any" or ["09:00", "17:00"], "timezone": "UTC"}`. Raises ValueError with what is wrong."""
    days = stated.get("days")
    if not isinstance(days, list) or not days or not all(isinstance(day, str) and day in WEEKDAYS for day in days):
        raise ValueError(f"days is a list of {', '.join(WEEKDAYS)}")
    name = stated.get("timezone") or "UTC"
    try:
        zone = ZoneInfo(name) if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_+/-]{1,60}", name) else None
    except (KeyError, ValueError, OSError):  # there is none of this name, or it is a folder of them
        zone = None
    if zone is None:
        raise ValueError("timezone is a name such as Europe/Berlin")
    chosen = frozenset(WEEKDAYS.index(day) for day in days)
    hours = stated.get("time", "any")
    if hours == "any":
        return Window(chosen, zone)
    clocks = [_CLOCK.fullmatch(one) for one in hours if isinstance(one, str)] if isinstance(hours, list) else []
    if len(clocks) != 2 or len(hours) != 2 or None in clocks:
        raise ValueError("time is any, or a list of two times such as 09:00")
    start, end = (time(int(found[1]), int(found[2])) for found in clocks if found)
    if start >= end:
        raise ValueError("time ends after it begins")
    return Window(chosen, zone, start, end)


def deadline(amount: float, unit: str, hours: Window | None, at: datetime) -> datetime:
    """When the amount of time has passed since `at`; of a day within hours, one day's hours. Raises TooLong."""
    if hours is None or hours.is_always:
        return at + timedelta(**{f"{unit}s": amount})
    rest = hours.length * amount if unit == "day" else timedelta(**{f"{unit}s": amount})
    # By the clock on the wall: nine to five is eight hours on every day.
    now = at.astimezone(hours.zone).replace(tzinfo=None)
    midnight = datetime.combine(now.date(), time())
    for number in range(MOST_DAYS):
        day = midnight + number * DAY
        if day.weekday() not in hours.days:
            continue
        start = max(now, datetime.combine(day.date(), hours.start))
        end = day + DAY if hours.end is None else datetime.combine(day.date(), hours.end)
        if start >= end:
            continue
        if rest <= end - start:
            return (start + rest).replace(tzinfo=hours.zone).astimezone(UTC)
        rest -= end - start
    raise TooLong
