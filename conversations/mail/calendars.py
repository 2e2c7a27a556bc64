"""Invitations: the first event of a calendar that comes with a mail."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from conversations.mail import charsets, limits
from conversations.mail.addresses import addresses
from conversations.mail.headers import one_line
from conversations.mail.parsed import Address, Invitation

TYPES = ("text/calendar", "application/ics")
_FOLD = re.compile(r"\n[ \t]")
_NAME = re.compile(r"([A-Za-z-]{1,40})[;:]")
_READ = frozenset(
    [
        "BEGIN",
        "END",
        "METHOD",
        "DTSTART",
        "DTEND",
        "DURATION",
        "SUMMARY",
        "LOCATION",
        "ORGANIZER",
        "UID",
        "TZID",
        "TZOFFSETFROM",
        "TZOFFSETTO",
        "TZNAME",
        "RRULE",
    ]
)
_PARTS = ("VCALENDAR", "VEVENT", "VTIMEZONE", "STANDARD", "DAYLIGHT")
_MOST_LINES = 500
_LONGEST_LINE = 2_000
_LONGEST = 500


def invitation(data: bytes, charset: str) -> Invitation | None:
    """The invitation in a calendar; None where it has no event, or cannot be read."""
    lines = _needed(charsets.decode(data[: limits.CALENDAR], charset or "utf-8")[0])
    if "BEGIN:VEVENT" not in lines:
        return None
    from icalendar import Calendar  # few mails need it

    try:
        calendar = Calendar.from_ical("\r\n".join(lines) + "\r\n")
        event = calendar.walk("VEVENT")[0]
        start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
        if end is None and start is not None and (duration := event.get("DURATION")) is not None:
            end = start + duration.dt if isinstance(duration.dt, timedelta) else None
        return Invitation(
            method=_text(calendar.get("METHOD")).upper()[:40],
            summary=_text(event.get("SUMMARY")),
            start=start,
            end=end,
            time_zone=_zone(event),
            organizer=_organizer(event),
            location=_text(event.get("LOCATION")),
            uid=_text(event.get("UID")),
        )
    except Exception:  # a calendar that cannot be read stays a file
        return None


def _needed(text: str) -> list[str]:
    """The lines of the first event and of the time zones: what else a calendar holds costs time, rules of repetition most."""
    kept: list[str] = []
    events = 0
    open_: list[str] = []
    for line in _FOLD.sub("", text).split("\n")[: 20 * _MOST_LINES]:
        found = _NAME.match(line)
        name = found[1].upper() if found else ""
        value = line.partition(":")[2].strip().upper()
        if name == "BEGIN":
            open_.append(value)
            events += value == "VEVENT"
        is_read = (
            name in _READ
            and len(open_) <= 3
            and all(part in _PARTS for part in open_)
            and (events <= 1 or "VEVENT" not in open_)
        )
        if is_read and name == "RRULE":
            is_read = "VTIMEZONE" in open_ and "FREQ=YEARLY" in value
        if is_read and len(kept) < _MOST_LINES:
            kept.append(f"{name}:{value}" if name in ("BEGIN", "END") else line.strip()[:_LONGEST_LINE])
        if name == "END" and open_:
            open_.pop()
    return kept


def _moment(event: Any, name: str) -> datetime | date | None:
    found = event.get(name)
    value = getattr(found, "dt", None)
    if isinstance(value, datetime):
        value.utcoffset()  # a time zone that cannot say it is none
        return value
    return value if isinstance(value, date) else None


def _zone(event: Any) -> str:
    start = event.get("DTSTART")
    if start is None:
        return ""
    named = str(start.params.get("TZID", ""))
    value = getattr(start, "dt", None)
    return one_line(named)[:100] or ("UTC" if isinstance(value, datetime) and value.tzinfo is not None else "")


def _organizer(event: Any) -> Address | None:
    found = event.get("ORGANIZER")
    if found is None:
        return None
    where = re.sub(r"^mailto:", "", str(found), flags=re.IGNORECASE)
    read, _ = addresses([where.encode("utf-8", "replace")])
    return Address(_text(found.params.get("CN")), read[0].address) if len(read) == 1 else None


def _text(value: object) -> str:
    return one_line(str(value))[:_LONGEST] if value is not None else ""
