"""What a person is notified of, and where: in the page, as a notification of the browser, by mail; and when not.

Kept in `User.preferences["notifications"]`:
`{"events": {"assigned": ["page", "mail"]}, "quiet": {"from": "22:00", "to": "07:00", "days": [0, 6]}, "sound": false}`.
What was not chosen is as DEFAULTS says. A day is counted from Monday, 0, and is the one on which the quiet hours begin; without
`days` they are on every day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from accounts.errors import Invalid
from accounts.models import User

PAGE, BROWSER, MAIL = "page", "browser", "mail"
WAYS = (PAGE, BROWSER, MAIL)
DEFAULTS: Mapping[str, frozenset[str]] = {
    "assigned": frozenset(WAYS),
    "mentioned": frozenset(WAYS),
    "replied": frozenset(WAYS),
    "team_assigned": frozenset({PAGE}),
    "unassigned_new": frozenset(),
    "failed_to_send": frozenset(WAYS),
    "mailbox_disconnected": frozenset({PAGE, MAIL}),
}
EVENTS = tuple(DEFAULTS)
EVERY_DAY = tuple(range(7))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time to another, over midnight where that comes before; on the days on which they begin."""

    start: time
    end: time
    days: tuple[int, ...] = EVERY_DAY


def ways(user: User, event: str) -> frozenset[str]:
    """In which ways the person is notified of an event. Raises KeyError for one that is unknown."""
    default, chosen = DEFAULTS[event], _kept(user).get("events", {}).get(event)
    return default if chosen is None else frozenset(chosen) & frozenset(WAYS)


def has_sound(user: User) -> bool:
    """Whether a notification in the page makes a sound."""
    return _kept(user).get("sound") is True


def quiet_hours(user: User) -> QuietHours | None:
    """The hours in which the person gets no notifications of the browser and no mails."""
    kept = _kept(user).get("quiet")
    if not kept:
        return None
    days = tuple(kept.get("days", EVERY_DAY))
    return QuietHours(time.fromisoformat(kept["from"]), time.fromisoformat(kept["to"]), days)


def quiet_until(user: User, at: datetime, zone: ZoneInfo) -> datetime | None:
    """The end of the quiet hours that the moment lies in, or None. `zone` is that of a person who has chosen none.

    Where clocks are put back, the hours begin the first time that their start is read, and end the last time that their end is.
    """
    hours = quiet_hours(user)
    if hours is None:
        return None
    local = at.astimezone(ZoneInfo(user.time_zone) if user.time_zone else zone)
    for begun in (local.date(), local.date() - timedelta(days=1)):
        if begun.weekday() not in hours.days:
            continue
        start = datetime.combine(begun, hours.start, local.tzinfo)
        last = begun if hours.end > hours.start else begun + timedelta(days=1)
        end = datetime.combine(last, hours.end, local.tzinfo)
        end = max(end, end.replace(fold=1), key=datetime.timestamp)
        if start.timestamp() <= local.timestamp() < end.timestamp():
            return end.astimezone(at.tzinfo)
    return None


def stored(chosen: Mapping[str, Sequence[str]], quiet: QuietHours | None, *, sound: bool) -> dict[str, Any]:
    """The form in which preferences are kept. Raises Invalid for an unknown event or way, and for hours without days."""
    for event, wanted in chosen.items():
        if event not in DEFAULTS or set(wanted) - set(WAYS):
            raise Invalid("unknown notification", field="events")
    kept: dict[str, Any] = {
        "events": {event: [way for way in WAYS if way in chosen[event]] for event in EVENTS if event in chosen},
        "sound": sound,
    }
    if quiet is not None:
        if not quiet.days or set(quiet.days) - set(EVERY_DAY):
            raise Invalid("choose at least one day for quiet hours", field="days")
        if quiet.start == quiet.end:
            raise Invalid("quiet hours end at another time than they start", field="quiet_to")
        kept["quiet"] = {
            "from": f"{quiet.start:%H:%M}",
            "to": f"{quiet.end:%H:%M}",
            "days": sorted(set(quiet.days)),
        }
    return kept


def _kept(user: User) -> Mapping[str, Any]:
    kept: Mapping[str, Any] = user.preferences.get("notifications") or {}
    return kept
