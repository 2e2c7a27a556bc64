"""Dates and times as the screens show them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format


def moment(value: datetime) -> str:
    """A moment in the current time zone: "today 17:00", "Mon 23 Nov 09:00", with the year when it is another."""
    local, today = timezone.localtime(value), timezone.localdate()
    clock = date_format(local, "H:i")
    if local.date() == today:
        return f"today {clock}"
    if local.date() == today + timedelta(days=1):
        return f"tomorrow {clock}"
    return date_format(local, "D j M H:i" if local.year == today.year else "j M Y H:i")


def day(value: datetime) -> str:
    """A day separator: "Today", "Yesterday", "Monday 16 November"."""
    local, today = timezone.localtime(value).date(), timezone.localdate()
    if local == today:
        return "Today"
    if local == today - timedelta(days=1):
        return "Yesterday"
    return date_format(local, "l j F" if local.year == today.year else "j F Y")


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
        return date_format(local, "H:i")
    if today - local.date() < timedelta(days=7):
        return date_format(local, "D")
    return date_format(local, "j M" if local.year == today.year else "j M Y")
