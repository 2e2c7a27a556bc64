"""When a caller will be called, in their language and on their own clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.formats import date_format

from conversations.forms import languages, windows
from conversations.models import CallbackRequest


def promise(call: CallbackRequest, language: str) -> str:
    """When the caller will be called, on their own clock."""
    words = languages.words(language)
    place = windows.zone_or_none(call.time_zone)
    if call.window_start is None or call.window_end is None or place is None:
        return words["thanks_asap"]
    begin, end = call.window_start.astimezone(place), call.window_end.astimezone(place)
    until = "" if begin.date() == end.date() else f" ({_on(end, language)})"
    return words["thanks_when"].format(
        **{"day": _on(begin, language), "from": f"{begin:%H:%M}", "to": f"{end:%H:%M}{until}", "zone": _shown(place)}
    )


def moment(value: datetime, language: str) -> str:
    """A moment in the current time zone, which is named."""
    local = timezone.localtime(value)
    with translation.override(language):
        return f"{date_format(local, 'SHORT_DATE_FORMAT')} {local:%H:%M} {local:%Z}"


def _on(moment: datetime, language: str) -> str:
    with translation.override(language):
        return date_format(moment, "DATE_FORMAT")


def _shown(place: ZoneInfo) -> str:
    return place.key.rpartition("/")[2].replace("_", " ")
