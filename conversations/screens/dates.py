"""Dates and times as the screens show them, in the language of the person who reads. A page prints sixty of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.utils import dateformat, dates, timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext as _

FORMATS = {
    "M": pgettext_lazy("date format", "M"),
    "j M": pgettext_lazy("date format", "j M"),
    "j M Y": pgettext_lazy("date format", "j M Y"),
    "j M, H:i": pgettext_lazy("date format", "j M, H:i"),
    "j M Y, H:i:s": pgettext_lazy("date format", "j M Y, H:i:s"),
    "j F": pgettext_lazy("date format", "j F"),
    "j F Y": pgettext_lazy("date format", "j F Y"),
    "D H:i": pgettext_lazy("date format", "D H:i"),
    "D j M H:i": pgettext_lazy("date format", "D j M H:i"),
}
"""How English writes dates, for Django's filter, and how another language writes the same."""


@dataclass(frozen=True, slots=True)
class Language:
    """What a language calls the days and months, and how it writes dates and times."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    today_at: str
    tomorrow_at: str
    day_at: str
    zoned: str
    date: str
    with_weekday: str
    with_year: str
    today: str
    yesterday: str
    now: str
    minutes: str
    hours: str


def moment(value: datetime) -> str:
    """A moment in the current time zone: "today 17:00", "Mon 23 Nov 09:00", with the year when it is another."""
    local, today, words = timezone.localtime(value), timezone.localdate(), _words()
    time = f"{local:%H:%M}"
    if local.date() == today:
        return words.today_at % {"time": time}
    if local.date() == today + timedelta(days=1):
        return words.tomorrow_at % {"time": time}
    short = _short(local, words)
    if local.year == today.year:
        named = words.with_weekday % {"weekday": words.short_days[local.weekday()], "date": short}
        return words.day_at % {"date": named, "time": time}
    return words.day_at % {"date": words.with_year % {"date": short, "year": local.year}, "time": time}


def clock(value: datetime) -> str:
    """A moment as `moment` has it, but of today the time alone: "17:00"."""
    local = timezone.localtime(value)
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else moment(value)


def day(value: datetime) -> str:
    """A day separator: "Today", "Yesterday", "Monday 16 November"."""
    local, today, words = timezone.localtime(value).date(), timezone.localdate(), _words()
    if local == today:
        return words.today
    if local == today - timedelta(days=1):
        return words.yesterday
    if local.year == today.year:
        return words.with_weekday % {"weekday": words.days[local.weekday()], "date": _long(local, words)}
    return words.with_year % {"date": _long(local, words), "year": local.year}


def ago(value: datetime, at: datetime) -> str:
    """How long ago, as short as it goes: "now", "4 min", "3 h", "Thu", "12 Mar", "12 Mar 2024"."""
    seconds, words = (at - value).total_seconds(), _words()
    if seconds < 60:
        return words.now
    if seconds < 3600:
        return words.minutes % {"minutes": int(seconds // 60)}
    if seconds < 12 * 3600:
        return words.hours % {"hours": int(seconds // 3600)}
    local, today = timezone.localtime(value), timezone.localtime(at).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    if today - local.date() < timedelta(days=7):
        return words.short_days[local.weekday()]
    short = _short(local, words)
    return short if local.year == today.year else words.with_year % {"date": short, "year": local.year}


def full(local: datetime) -> str:
    """A local moment to the minute, with its time zone: "Thursday 5 March 2026, 05:30 JST"."""
    return _words().zoned % {"date": day_of_year(local), "time": f"{local:%H:%M}", "zone": local.tzname()}


def day_of_year(local: date) -> str:
    """A local day in full: "Thursday 5 March 2026"."""
    words = _words()
    named = words.with_weekday % {"weekday": words.days[local.weekday()], "date": _long(local, words)}
    return words.with_year % {"date": named, "year": local.year}


def formatted(value: date, form: str) -> str:
    """A date or a local moment as Django's filter prints it, in the format that the reader's language has for this one."""
    return str(dateformat.format(value, str(FORMATS.get(form, form))))


def _words() -> Language:
    return _of_language(get_language())


@lru_cache(maxsize=32)
def _of_language(language: str | None) -> Language:
    """What is looked up once for each language: it is the current one."""
    return Language(
        months=tuple(map(str, dates.MONTHS.values())),
        short_months=tuple(formatted(date(2000, number, 1), "M") for number in range(1, 13)),
        days=tuple(map(str, dates.WEEKDAYS.values())),
        short_days=tuple(map(str, dates.WEEKDAYS_ABBR.values())),
        today_at=_("today %(time)s"),
        tomorrow_at=_("tomorrow %(time)s"),
        day_at=_("%(date)s %(time)s"),
        zoned=_("%(date)s, %(time)s %(zone)s"),
        date=_("%(day)s %(month)s"),
        with_weekday=_("%(weekday)s %(date)s"),
        with_year=_("%(date)s %(year)s"),
        today=_("Today"),
        yesterday=_("Yesterday"),
        now=_("now"),
        minutes=_("%(minutes)s min"),
        hours=_("%(hours)s h"),
    )


def _short(local: date, words: Language) -> str:
    return words.date % {"day": local.day, "month": words.short_months[local.month - 1]}


def _long(local: date, words: Language) -> str:
    return words.date % {"day": local.day, "month": words.months[local.month - 1]}
