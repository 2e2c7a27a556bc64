"""Moments as an effect names them, which are found when it is done: "2h", "tomorrow 9:00", "reply", or a moment itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from conversations.models import UNTIL_REPLY

REPLY = "reply"
LONGEST = 9999
"""The most of a unit that a length may have."""
_FOR = re.compile(r"([1-9]\d{0,3}) ?(m|min|h|d|w)")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = re.compile(rf"(today|tomorrow|{'|'.join(DAYS)}) ([01]?\d|2[0-3]):([0-5]\d)")


def is_known(text: str) -> bool:
    """Whether the text names a moment."""
    return found(text, datetime(2026, 1, 1, tzinfo=UTC)) is not None


def found(text: str, at: datetime) -> datetime | None:
    """The moment that the text names at another one, days in the current time zone; None for a text that names none.

    A weekday is the next one after today; "reply" lasts until the customer writes.
    """
    text = text.strip().lower()
    if text == REPLY:
        return UNTIL_REPLY
    if length := _FOR.fullmatch(text):
        return at + timedelta(**{_UNITS[length[2]]: int(length[1])})
    if day := _DAY.fullmatch(text):
        local = timezone.localtime(at)
        date = local.date() + timedelta(days=_days_until(day[1], local.weekday()))
        moment = datetime.combine(date, time(int(day[2]), int(day[3])), tzinfo=local.tzinfo)
        return moment.astimezone(UTC)
    try:
        moment_given = parse_datetime(text.upper())
        return moment_given.astimezone(UTC) if moment_given is not None and timezone.is_aware(moment_given) else None
    except (ValueError, OverflowError):
        return None


@dataclass(frozen=True, slots=True)
class Length:
    """A text that names a length: `unit` is m, h, d or w."""

    count: int
    unit: str


@dataclass(frozen=True, slots=True)
class Day:
    """A text that names a time of a day: `day` is today, tomorrow or a weekday."""

    day: str
    at: time


def parsed(text: str) -> Length | Day | None:
    """What a text says, for those that show it; None for the customer's reply and for a moment itself."""
    text = text.strip().lower()
    if length := _FOR.fullmatch(text):
        return Length(int(length[1]), length[2][0])
    if day := _DAY.fullmatch(text):
        return Day(day[1], time(int(day[2]), int(day[3])))
    return None


def _days_until(day: str, today: int) -> int:
    if day in ("today", "tomorrow"):
        return int(day == "tomorrow")
    return (DAYS.index(day) - today - 1) % 7 + 1
