"""Weekly business hours in a time zone: read from JSON, and when they begin and end. No Django.

A day has intervals of the wall clock, such as 09:00 to 17:00. One that ends no later than it begins ends on the next day, and
24:00 is the end of the day. It is open whenever a clock on the wall shows a time inside: an hour that daylight saving time
leaves out is never open, and one that comes twice is open both times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from accounts.errors import Invalid

DAYS = {
    "mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip
MOST_INTERVALS = 12
"""How many intervals a day can have."""
DAY = 24 * 60
_WEEK = 7 * DAY
_AHEAD = 22
"""Days that are looked ahead: three weeks, as the only hour of a week may be one that daylight saving time leaves out."""
_ZONE, _WEEKLY = ("time_zone", "timezone", "timeZone", "zone"), ("weekly", "hours", "week", "days")
_ENDS = (("from", "to"), ("start", "end"), ("open", "close"))
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::00)?")
_RANGE = re.compile(r"\s*([0-9:]{1,8})\s*(?:-|–|—|to)\s*([0-9:]{1,8})\s*")

Interval = tuple[int, int]
"""Minutes of the day from its beginning on; the second is at most a day after the first."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of a week, Monday first: each day has its intervals, in order."""

    time_zone: str
    weekly: tuple[tuple[Interval, ...], ...]

    @property
    def zone(self) -> ZoneInfo:
        """Where the clock hangs."""
        return ZoneInfo(self.time_zone)

    def as_json(self) -> dict[str, Any]:
        """The one form in which they are kept, which `parse` reads as the same hours."""
        weekly = {
            day: [[_clock(start), _clock(end if end <= DAY else end - DAY)] for start, end in intervals]
            for day, intervals in zip(DAYS, self.weekly, strict=True)
        }
        return {"time_zone": self.time_zone, "weekly": weekly}

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at a moment; at the end of an interval it is closed."""
        here = at.astimezone(self.zone)
        minute = here.hour * 60 + here.minute
        today, before = self.weekly[here.weekday()], self.weekly[here.weekday() - 1]
        return any(start <= minute < end for start, end in today) or any(minute < end - DAY for _, end in before)

    def next_opening(self, at: datetime) -> datetime | None:
        """The next moment at which it opens, in UTC. None if there is none: always open, or never."""
        return next((moment for moment, opens in self._changes(at) if opens), None)

    def next_closing(self, at: datetime) -> datetime | None:
        """The next moment at which it closes, in UTC. None if there is none: always open, or never."""
        return next((moment for moment, opens in self._changes(at) if not opens), None)

    def _changes(self, at: datetime) -> Iterator[tuple[datetime, bool]]:
        """The moments after this one at which it opens (True) or closes, in order."""
        state = self.is_open(at)
        begin = at.astimezone(UTC).replace(microsecond=0)
        for _ in range(_AHEAD):
            end = begin + timedelta(days=1)
            for moment in sorted({*self._edges(begin, end), *_shifts(self.zone, begin, end)}):
                if begin < moment <= end and self.is_open(moment) != state:
                    state = not state
                    yield moment, state
            begin = end

    def _edges(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """When a clock on the wall shows the beginning or the end of an interval, around that time: twice in an hour that comes twice."""
        day, last = (moment.astimezone(self.zone).date() for moment in (begin - timedelta(days=1), end))
        while day <= last:
            for minute in {minute for interval in self.weekly[day.weekday()] for minute in interval}:
                for fold in (0, 1):
                    yield _at(day, minute, self.zone, fold)
            day += timedelta(days=1)


def parse(document: Any, time_zone: str = "UTC") -> Hours | None:
    """The hours that a JSON document states; None is always open. `time_zone` is for one that names none.

    {"time_zone": "Europe/Berlin", "weekly": {"mon": [["09:00", "17:00"]], …}}; a day that is not named is closed. Raises
    Invalid with the field at fault: "hours", "time_zone", "weekly", or one such as "weekly.mon".
    """
    if document is None:
        return None
    if not isinstance(document, dict):
        raise Invalid('hours are an object such as {"weekly": {"mon": [["09:00", "17:00"]]}}, or null', field="hours")
    zone_key, weekly_key = _one_of(document, _ZONE), _one_of(document, _WEEKLY)
    if unknown := document.keys() - {zone_key, weekly_key}:
        raise Invalid(f"{_shown(sorted(unknown, key=str)[0])} is not known: time_zone and weekly are", field="hours")
    zone = document[zone_key] if zone_key else None
    found = time_zone if zone is None else known_zone(zone)
    if weekly_key is None:
        raise Invalid("weekly is missing; null means always open", field="weekly")
    if document[weekly_key] is None:
        return None
    return Hours(found, _week(document[weekly_key]))


def parse_row(time_zone: str, weekly: Any) -> Hours:
    """The hours that are kept as a time zone and the days of the one form."""
    return Hours(time_zone, _week(weekly))


def loads(text: str) -> Any:
    """The JSON document in a text, for `parse`. Raises Invalid."""
    try:
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"this is not JSON: {error}", field="hours") from error


def known_zone(value: Any) -> str:
    """An IANA time zone, such as Europe/Berlin, however its letters are written. Raises Invalid."""
    found = zones().get(value.strip().casefold()) if isinstance(value, str) else None
    if found is None:
        raise Invalid(f"{_shown(value)} is not a time zone such as Europe/Berlin", field="time_zone")
    return found


@cache
def zones() -> Mapping[str, str]:
    """Every time zone that this machine knows, by its name in lower case."""
    return {name.casefold(): name for name in sorted(available_timezones())}


def minute_of(value: Any, field: str) -> int:
    """A time of the day such as 09:00, from 00:00 to 24:00, in minutes. Raises Invalid."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    minute = int(found[1]) * 60 + int(found[2]) if found and int(found[2]) < 60 else DAY + 1
    if minute > DAY:
        raise Invalid(f"{_shown(value)} is not a time from 00:00 to 24:00", field=field)
    return minute


def interval_of(start: Any, end: Any, field: str) -> Interval:
    """An interval between two times of the day. Raises Invalid."""
    begin, stop = minute_of(start, field), minute_of(end, field)
    if begin == DAY:
        raise Invalid("an interval begins before 24:00", field=field)
    stop = stop or DAY  # midnight at the end is that of the next day
    if begin == stop:
        raise Invalid(f"an interval begins and ends at {_clock(begin)}; 00:00 to 24:00 is the whole day", field=field)
    return begin, stop if stop > begin else stop + DAY


def in_order(week: Mapping[str, list[Interval]]) -> tuple[tuple[Interval, ...], ...]:
    """The intervals of each day in order, Monday first. Raises Invalid where a day has too many, or where two overlap."""
    for day, intervals in week.items():
        if len(intervals) > MOST_INTERVALS:
            raise Invalid(f"a day has at most {MOST_INTERVALS} intervals", field=f"weekly.{day}")
    ordered = tuple(tuple(sorted(week.get(day, ()))) for day in DAYS)
    spans = [
        (number * DAY + start, number * DAY + end, day)
        for number, (day, intervals) in enumerate(zip(DAYS, ordered, strict=True))
        for start, end in intervals
    ]
    if spans:
        first_start, first_end, first_day = spans[0]
        spans.append((first_start + _WEEK, first_end + _WEEK, first_day))
    for (_, before, _), (start, _, day) in pairwise(spans):
        if start < before:
            raise Invalid(
                f"the intervals of {DAYS[day]} overlap, or one of the day before goes on", field=f"weekly.{day}"
            )
    return ordered


def _week(value: Any) -> tuple[tuple[Interval, ...], ...]:
    if not isinstance(value, dict):
        raise Invalid('weekly is an object of days, such as {"mon": [["09:00", "17:00"]]}, or null', field="weekly")
    week: dict[str, list[Interval]] = {}
    for name, intervals in value.items():
        day = _day(name)
        if day in week:
            raise Invalid(f"{DAYS[day]} is there twice", field=f"weekly.{day}")
        week[day] = list(_intervals(intervals, f"weekly.{day}"))
    return in_order(week)


def _day(name: Any) -> str:
    lower = str(name).strip().lower()
    found = next((day for day, full in DAYS.items() if len(lower) >= 3 and full.lower().startswith(lower)), None)
    if found is None:
        raise Invalid(f"{_shown(name)} is not a day: {', '.join(DAYS)}", field="weekly")
    return found


def _intervals(value: Any, field: str) -> Iterator[Interval]:
    """The intervals of a day: a list, one alone, or nothing."""
    if value is None or (isinstance(value, str) and value.strip().lower() == "closed"):
        return
    if isinstance(value, str):
        value = value.split(",")
    is_one = isinstance(value, dict) or (
        isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) and ":" in one and not _RANGE.fullmatch(one) for one in value)
    )  # fmt: skip
    if not is_one and not isinstance(value, list):
        raise Invalid(f'{_shown(value)} is not a list such as [["09:00", "17:00"]]', field=field)
    for one in [value] if is_one else value:
        yield _interval(one, field)


def _interval(value: Any, field: str) -> Interval:
    if isinstance(value, str) and (found := _RANGE.fullmatch(value)):
        return interval_of(found[1], found[2], field)
    if isinstance(value, list) and len(value) == 2:
        return interval_of(value[0], value[1], field)
    if isinstance(value, dict):
        for start, end in _ENDS:
            if value.keys() == {start, end}:
                return interval_of(value[start], value[end], field)
    raise Invalid(f'{_shown(value)} is not an interval such as ["09:00", "17:00"]', field=field)


def _one_of(document: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    found = [name for name in names if name in document]
    if len(found) > 1:
        raise Invalid(f"{found[1]} says the same as {found[0]}", field=names[0])
    return found[0] if found else None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"{_shown(next(name for name in names if names.count(name) > 1))} is there twice")
    return found


def _shown(value: Any) -> str:
    """A value in an error: short, and printable whatever it is."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _at(day: date, minute: int, zone: ZoneInfo, fold: int) -> datetime:
    """The moment at which a clock on the wall shows a time of a day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (midnight + timedelta(minutes=minute)).replace(fold=fold).astimezone(UTC)


def _shifts(zone: ZoneInfo, begin: datetime, end: datetime) -> Iterator[datetime]:
    """The moments at which the clocks of a zone are changed, in between."""
    step = timedelta(hours=6)
    while begin < end:
        after = min(begin + step, end)
        if _offset(begin, zone) != _offset(after, zone):
            yield _shift(zone, begin, after)
        begin = after


def _shift(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The second at which the clocks are changed once in between."""
    offset = _offset(before, zone)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        before, after = (middle, after) if _offset(middle, zone) == offset else (before, middle)
    return after


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()
