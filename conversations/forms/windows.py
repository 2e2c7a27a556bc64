"""When a caller wants to be called: a day and two times on their own clock, as moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MOST_DAYS = 90
LONGEST_NIGHT = timedelta(hours=6)
"""A window may end on the next day if it is no longer: anything longer is a mistake of the caller."""
AREAS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


class Refused(Exception):
    """The window cannot be kept. `field` is the one at fault, `code` the key of the sentence."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(code)
        self.field, self.code = field, code


@cache
def zones() -> dict[str, list[str]]:
    """The zones that callers choose from, by area; the old names too, which some browsers still use."""
    found: dict[str, list[str]] = {area: [] for area in AREAS}
    for name in sorted(available_timezones()):
        area = name.partition("/")[0]
        if "/" in name and area in found:
            found[area].append(name)
    return {**found, "UTC": ["UTC"]}


@cache
def _known() -> frozenset[str]:
    return frozenset(name for names in zones().values() for name in names)


def zone_or_none(name: str) -> ZoneInfo | None:
    """The zone of an IANA name."""
    return ZoneInfo(name) if name in _known() else None


def window(*, day: str, begin: str, end: str, zone: str, at: datetime) -> tuple[datetime, datetime] | None:
    """The two moments, in UTC; None where neither day nor time is given. Raises Refused.

    An hour that the clocks skip is the one after it; one that they repeat is whole: from its first beginning to its last end.
    """
    if not (day or begin or end):
        return None
    if not (day and begin and end):
        raise Refused("day" if not day else "from" if not begin else "to", "error_window_incomplete")
    place = zone_or_none(zone)
    if place is None:
        raise Refused("zone", "error_zone")
    on, first, last = _day(day), _time(begin, "from"), _time(end, "to")
    lasts = datetime.combine(on, last) - datetime.combine(on, first)
    if lasts <= timedelta(0):
        lasts += timedelta(days=1)
        if lasts > LONGEST_NIGHT:
            raise Refused("to", "error_window_order")
    today = at.astimezone(place).date()
    if on > today + timedelta(days=MOST_DAYS):
        raise Refused("day", "error_window_far")
    if on < today - timedelta(days=1):
        raise Refused("day", "error_window_past")
    begins = datetime.combine(on, first)
    start, over = _moment(begins, place), _moment(begins + lasts, place, late=True)
    if over <= start:
        over = start + lasts  # it ended within the hour that is skipped
    if over <= at:
        raise Refused("to", "error_window_past")
    return start, over


def _moment(local: datetime, place: ZoneInfo, *, late: bool = False) -> datetime:
    first, second = (local.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return max(first, second) if late else first


def _day(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise Refused("day", "error_day") from error


def _time(value: str, field: str) -> time:
    try:
        found = time.fromisoformat(value)
    except ValueError as error:
        raise Refused(field, "error_time") from error
    if found.tzinfo is not None:
        raise Refused(field, "error_time")
    return found.replace(second=0, microsecond=0)
