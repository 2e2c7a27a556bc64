"""How a call is shown: its times on both clocks, and whether it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.utils import timezone
from django.utils.translation import gettext as _

from conversations.forms import windows
from conversations.models import CallbackRequest
from conversations.screens import dates
from conversations.texts import phones


@dataclass(frozen=True, slots=True)
class Call:
    """A call as agents see it. `state` is overdue, due, later or done."""

    request: CallbackRequest
    at: datetime

    @property
    def state(self) -> str:
        if self.request.done_at is not None:
            return "done"
        if self.request.late_at < self.at:
            return "overdue"
        return "due" if self.request.due_at <= self.at else "later"

    @property
    def number(self) -> str:
        """The phone number as people read it."""
        return phones.readable(self.request.phone) if self.request.phone else self.request.phone_typed

    @property
    def link(self) -> str:
        """For a phone; empty for what nobody can call."""
        return f"tel:{quote(self.request.phone, safe='+')}" if self.request.phone else ""

    @property
    def when(self) -> str:
        """The time on the agent's clock."""
        begin, end = self.request.window_start, self.request.window_end
        if begin is None or end is None:
            asked = {"when": dates.moment(self.request.created_at)}
            if self.request.preferred_time:
                return _("asked %(when)s") % asked
            return _("As soon as possible, asked %(when)s") % asked
        return _capital(_span(begin, end))

    @property
    def theirs(self) -> str:
        """The time on the caller's clock, where that is another one; or in their own words."""
        begin, end = self.request.window_start, self.request.window_end
        if begin is None or end is None:
            return self.request.preferred_time
        place = windows.zone_or_none(self.request.time_zone)
        if place is None or begin.astimezone(place).utcoffset() == timezone.localtime(begin).utcoffset():
            return ""
        with timezone.override(place):
            town = place.key.rpartition("/")[2].replace("_", " ")
            return _("%(when)s in %(place)s") % {"when": _span(begin, end), "place": town}


def _span(begin: datetime, end: datetime) -> str:
    is_one_day = timezone.localtime(begin).date() == timezone.localtime(end).date()
    until = f"{timezone.localtime(end):%H:%M}" if is_one_day else dates.moment(end)
    return f"{dates.moment(begin)}–{until}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
