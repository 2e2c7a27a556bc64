"""Dates and times as the screens show them. Written with plain strings: a page prints sixty of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def moment(value: datetime) -> str:
    """A moment in the current time zone: "today 17:00", "Mon 23 Nov 09:00", with the year when it is another."""
    local, today = timezone.localtime(value), timezone.localdate()
    clock = f"{local:%H:%M}"
    if local.date() == today:
        return f"today {clock}"
    if local.date() == today + timedelta(days=1):
        return f"tomorrow {clock}"
    if local.year == today.year:
        return f"{_weekday(local)} {_date(local)} {clock}"
    return f"{_date(local)} {local.year} {clock}"


def day(value: datetime) -> str:
    """A day separator: "Today", "Yesterday", "Monday 16 November"."""
    local, today = timezone.localtime(value).date(), timezone.localdate()
    if local == today:
        return "Today"
    if local == today - timedelta(days=1):
        return "Yesterday"
    if local.year == today.year:
        return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"


def ago(value: datetime, at: datetime) -> str:
    """How long ago, as short as it goes: "now", "4 min", "3 h", "Thu", "12 Mar", "12 Mar 2024"."""
    seconds = (at - value).total_seconds()
    if seconds < 60:
        return "now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min"
    if seconds < 12 * 3600:
        return f"{int(seconds // 3600)} h"
    local, today = timezone.localtime(value), timezone.localtime(at).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if today - local.date() < timedelta(days=7):
        return _weekday(local)
    return _date(local) if local.year == today.year else f"{_date(local)} {local.year}"


def full(local: datetime) -> str:
    """A local moment to the minute, with its time zone: "Thursday 5 March 2026, 05:30 JST"."""
    date = f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{date}, {local:%H:%M} {local.tzname()}"


def _weekday(local: datetime | date) -> str:
    return DAYS[local.weekday()][:3]


def _date(local: datetime | date) -> str:
    return f"{local.day} {MONTHS[local.month - 1][:3]}"
