"""The rows of the list, ready to be printed: `templates/screens/inbox/row.html` says how they look.

All that a page prints fifty times is made here by plain Python, once.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from conversations.actions.lifecycle import STATUS_NAMES
from conversations.models import Delivery
from conversations.models.contact import display_name
from conversations.models.conversation import NEVER
from conversations.screens import dates, formatting
from conversations.screens.inbox.place import Place
from conversations.screens.inbox.queries import Listed
from tickets import tags

MOST_TAGS = 2
ROOM = 236
"""Pixels for the chips of a row in a list of 320 pixels, the narrowest that there is."""
OWNER, GAP, MORE = 18, 5, 30
"""Pixels of the owner's picture, between two chips, and of the chip that counts those that are left out."""
WIDEST = 112
"""Pixels after which the text of a tag or a team is cut."""
NARROWEST = 60
"""Pixels that a tag has at least, however much of it is cut."""
LAST_PART = 0.25
"""The part of the time to a deadline in which the chip has a colour."""


class Chip(NamedTuple):
    """A chip below a row: its class, its icon, its text, and what its tooltip says if that is more."""

    look: str
    icon: str
    text: str
    title: str = ""
    due: str = ""
    """When it is due and from when on it has a colour, in seconds: the page keeps its text up to date."""

    @property
    def width(self) -> int:
        """About how many pixels it takes; rather more than less."""
        return self.around + _width(self.text)

    @property
    def around(self) -> int:
        """What its padding and its picture take of that."""
        return 12 + (15 if self.icon else 10 if self.look.startswith("chip--tag") else 0)

    def cut(self, width: int) -> Chip:
        """The same with as much of its text as there is room for."""
        return self._replace(text=_cut(self.text, width - self.around), title=self.title or self.text)


class Row(NamedTuple):
    """A conversation as the list shows it. What does not apply is empty."""

    pk: int
    number: int
    url: str
    unread: int
    since: int
    """When the customer began to wait, in seconds: the order of the list."""
    due: int
    """When the next reply is due, in seconds: the order by deadline."""
    who: str
    face: SafeString
    channel: SafeString
    is_mentioned: bool
    when: SafeString
    subject: str
    preview: str
    is_ended: bool
    chips: Sequence[Chip]
    more: int
    more_title: str
    owner: str
    owner_face: SafeString | str
    team: str


def of(
    found: Iterable[Listed], *, place: Place, inbox_url: str, hues: Mapping[str, int], now: datetime, reader: int
) -> list[Row]:
    """The rows with the relative times of `now`, as the member `reader` sees them; `hues` are the catalogue's colours of tags."""
    by_message = place.sort == "newest" or place.view.by is not None
    query = place.query
    return [_row(one, f"{inbox_url}/{one.number}?{query}", by_message, hues, now, reader) for one in found]


def _row(one: Listed, url: str, by_message: bool, hues: Mapping[str, int], now: datetime, reader: int) -> Row:
    who = display_name(one.contact__name, one.contact__email, one.contact__external_id, one.contact_id)
    owner = one.assignee__name or one.assignee__email or ""
    team = "" if owner else _cut(one.team__name or "", WIDEST - 30)
    room = ROOM - (OWNER + GAP if owner else _width(team) + 12 + GAP if team else 0)
    chips, left_out = _fitted(_chips(one, hues, now), room)
    return Row(
        pk=one.pk,
        number=one.number,
        url=url,
        unread=one.unread_count,
        since=int(one.waiting_since.timestamp()),
        due=int(one.deadline.timestamp()),
        who=who,
        face=formatting.face(who),
        channel=formatting.channel(one.channel),
        is_mentioned=reader in one.mentioned,
        when=formatting.ago(one.last_message_at if by_message else one.waiting_since, now),
        subject=formatting.truncatechars(one.subject, 90),
        # A chat is named by its first message.
        preview="" if one.preview == one.subject else formatting.truncatechars(one.preview, 110),
        is_ended=one.status in ("resolved", "closed"),
        chips=chips,
        more=len(left_out),
        more_title=", ".join(chip.title or chip.text for chip in left_out),
        owner=owner,
        owner_face=formatting.face_of(owner, one.assignee__public_id, one.assignee__picture) if owner else "",
        team=team,
    )


def with_unsent(row: Row, delivery: Delivery) -> Row:
    """The row with the reply that was not sent, and whose it is, in place of the newest message."""
    writer = str(delivery.writer or _("A former member"))
    text = formatting.truncatechars(getattr(delivery, "shown", ""), 110)
    chips = [
        chip._replace(text=_("Not sent: new message")) if delivery.is_held and chip.look == "chip--bad" else chip
        for chip in row.chips
    ]
    return row._replace(preview=f"{writer}: {text}", chips=chips)


def _chips(one: Listed, hues: Mapping[str, int], now: datetime) -> list[Chip]:
    """All that a row has to say in chips, what matters most first."""
    chips = []
    is_ended = one.status in ("resolved", "closed")
    if one.is_unsent:
        chips.append(Chip("chip--bad", "triangle-alert", _("Not sent")))
    if one.deadline != NEVER and not is_ended:
        chips.append(_deadline(one.deadline, one.waiting_since, now))
    if one.priority_rank >= 3:
        chips.append(
            Chip(
                f"chip--priority chip--{'warn' if one.priority_rank == 3 else 'bad'}",
                "",
                formatting.priority_name(one.priority),
            )
        )
    if one.call_at is not None:
        title = _("Callback %(when)s") % {"when": dates.moment(one.call_at)}
        chips.append(Chip("", "phone", dates.moment(one.call_at), title))
    if one.snoozed_until is not None and not is_ended:
        until = dates.moment(one.snoozed_until) if one.snoozed_until.year < NEVER.year else _("Until they reply")
        chips.append(Chip("chip--snoozed", "alarm-clock", until, _("Snoozed: %(until)s") % {"until": until}))
    if is_ended:
        chips.append(Chip("chip--status", "check", str(STATUS_NAMES[one.status])))
    if one.ticket__number is not None:
        title = _("Ticket %(number)s") % {"number": one.ticket__number}
        chips.append(Chip("", "ticket", str(one.ticket__number), title))
    for tag in tags.unique(one.tags) if one.tags else []:
        text = _cut(tag, WIDEST)
        chips.append(Chip(f"chip--tag {formatting.hue(tag, hues)}", "", text, tag if text != tag else ""))
    return chips


def _deadline(due: datetime, since: datetime, now: datetime) -> Chip:
    """When the next reply is due; with a colour in the last quarter of the time there is for it, and after it."""
    warned = due - (due - since) * LAST_PART
    left = (due - now).total_seconds()
    text = (_("Overdue %(time)s") if left < 0 else _("Due in %(time)s")) % {"time": _short_time(abs(left))}
    look = "chip--bad" if left < 0 else "chip--warn" if now >= warned else ""
    title = _("Reply due %(when)s") % {"when": dates.moment(due)}
    return Chip(look, "", text, title, f"{int(due.timestamp())} {int(warned.timestamp())}")


def _short_time(seconds: float) -> str:
    if seconds < 3600:
        return _("%(num)s min") % {"num": int(seconds // 60)}
    return (
        _("%(num)s h") % {"num": int(seconds // 3600)}
        if seconds < 86_400
        else _("%(num)s d") % {"num": int(seconds // 86_400)}
    )


def _fitted(chips: Sequence[Chip], room: int) -> tuple[list[Chip], list[Chip]]:
    """Those that fit beside each other, and those that are left out: none is cut, and of tags there are two at most."""
    shown: list[Chip] = []
    left_out: list[Chip] = []
    used = tags_shown = 0
    for at, chip in enumerate(chips):
        is_tag = chip.look.startswith("chip--tag")
        is_last = at == len(chips) - 1 and not left_out
        left = room - used - (0 if is_last else GAP + MORE)
        if is_tag and chip.width > left >= NARROWEST and not left_out:
            chip = chip.cut(left)
        if left_out or chip.width > left or (is_tag and tags_shown == MOST_TAGS):
            left_out.append(chip)
            continue
        shown.append(chip)
        used += chip.width + GAP
        tags_shown += is_tag
    return shown, left_out


@lru_cache(maxsize=4096)
def _cut(text: str, room: int) -> str:
    if _width(text) <= room:
        return text
    used, kept = 11.0, 0
    for letter in text:
        used += _width_of(letter)
        if used > room:
            break
        kept += 1
    # Not between a letter and its accents.
    while kept > 0 and kept < len(text) and (unicodedata.combining(text[kept]) or text[kept] in "\u200d\ufe0f"):
        kept -= 1
    return text[:kept].rstrip(" \u200d") + "…"


@lru_cache(maxsize=4096)
def _width(text: str) -> int:
    """About how wide a text is at 11 pixels in the wider of the fonts that people have."""
    return int(sum(map(_width_of, text)) + 1)


@lru_cache(maxsize=1024)
def _width_of(letter: str) -> float:
    if letter in "iljtfrI.,:;'|!()[]- ":
        return 4.0
    if letter in "mwMW@%—…":
        return 10.0
    if unicodedata.east_asian_width(letter) in "WF" or ord(letter) > 0x1F000:
        return 13.5
    if unicodedata.combining(letter):
        return 0
    return 8.0 if letter.isupper() else 6.6
