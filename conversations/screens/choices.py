"""What menus of a conversation and of a ticket offer alike: when to snooze until, and which tags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.utils import timezone
from django.utils.translation import gettext

from conversations.screens import dates
from tickets import tags

UNTIL_REPLY = "reply"
"""The choice of a conversation's snooze menu that has no date."""
MOST_TAGS = 200
"""Tags of the workspace that a menu offers."""


@dataclass(frozen=True, slots=True)
class SnoozeChoice:
    """One choice of the snooze menu."""

    key: str
    label: str
    until: datetime

    @property
    def when(self) -> str:
        formats = {"later": "H:i", "tomorrow": "D H:i"}
        return dates.formatted(timezone.localtime(self.until), formats.get(self.key, "D j M H:i"))


def snooze_choices(at: datetime) -> list[SnoozeChoice]:
    """The choices at a moment, in the current time zone: later today (while there is a later), tomorrow, next week.

    On a Sunday, when next week begins tomorrow, the last is a week from then.
    """
    local = timezone.localtime(at)
    later = timezone.localtime(at + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    tomorrow = local.date() + timedelta(days=1)
    is_sunday = local.weekday() == 6
    monday = local.date() + timedelta(days=8 if is_sunday else 7 - local.weekday())
    choices = [
        SnoozeChoice("tomorrow", gettext("Tomorrow morning"), _nine(tomorrow, local)),
        SnoozeChoice("week", gettext("In a week") if is_sunday else gettext("Next week"), _nine(monday, local)),
    ]
    if later.date() == local.date():
        choices.insert(0, SnoozeChoice("later", gettext("Later today"), later))
    return choices


def _nine(day: date, local: datetime) -> datetime:
    return datetime.combine(day, time(9), tzinfo=local.tzinfo)


class TagChoice(NamedTuple):
    """A tag that can be added or removed; `line` has the tags that there are then."""

    name: str
    line: str
    is_on: bool


def tag_choices(has: Sequence[str], known: Iterable[str]) -> list[TagChoice]:
    """The tags that something has, first, then the other ones of the workspace."""
    own = tags.unique(has)
    had = {tags.key(tag) for tag in own}
    off = [TagChoice(tag, tags.line([one for one in own if one != tag]), True) for tag in own]
    more = [tag for tag in known if tags.key(tag) not in had]
    return off + [TagChoice(tag, tags.line([*own, tag]), False) for tag in more]
