"""The rows of the list, ready to be printed: `templates/screens/inbox/row.html` says how they look.

All that a page prints thirty times is made here by plain Python, once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from conversations.actions.lifecycle import STATUS_NAMES
from conversations.models import UNTIL_REPLY
from conversations.models.contact import display_name
from conversations.screens import dates, formatting
from conversations.screens.inbox.place import Place
from conversations.screens.inbox.queries import Listed
from tickets import tags

MOST_TAGS = 2


class TagChip(NamedTuple):
    """A tag, and the class of its colour."""

    text: str
    hue: str


class Row(NamedTuple):
    """A conversation as the list shows it. What does not apply is empty."""

    pk: int
    number: int
    url: str
    unread: int
    since: int
    """When the customer began to wait, in seconds: the order of the list."""
    who: str
    face: SafeString
    channel: SafeString
    when: SafeString
    subject: str
    preview: str
    urgency: str
    """"bad" or "warn" for a priority above normal."""
    priority: str
    snoozed: str
    ended: str
    ticket: int | None
    tags: Sequence[TagChip]
    all_tags: str
    """The tooltip of those that are left out."""
    more_tags: int
    owner: str
    owner_face: SafeString | str
    team: str


def of(found: Iterable[Listed], *, place: Place, inbox_url: str, hues: Mapping[str, int], now: datetime) -> list[Row]:
    """The rows, with the relative times of `now`; `hues` are the catalogue's colours of their tags."""
    by_message = place.sort == "newest" or place.view.by is not None
    query = place.query
    return [_row(one, f"{inbox_url}/{one.number}?{query}", by_message, hues, now) for one in found]


def _row(one: Listed, url: str, by_message: bool, hues: Mapping[str, int], now: datetime) -> Row:
    who = display_name(one.contact__name, one.contact__email, one.contact__external_id, one.contact_id)
    owner = one.assignee__name or one.assignee__email or ""
    names = tags.unique(one.tags) if one.tags else []
    return Row(
        pk=one.pk,
        number=one.number,
        url=url,
        unread=one.unread_count,
        since=int(one.waiting_since.timestamp()),
        who=who,
        face=formatting.face(who),
        channel=formatting.channel(one.channel),
        when=formatting.ago(one.last_message_at if by_message else one.waiting_since, now),
        subject=formatting.truncatechars(one.subject, 90),
        # A chat is named by its first message.
        preview="" if one.preview == one.subject else formatting.truncatechars(one.preview, 110),
        urgency="" if one.priority_rank < 3 else "warn" if one.priority_rank == 3 else "bad",
        priority=one.priority.capitalize(),
        snoozed=_until(one.snoozed_until) if one.snoozed_until else "",
        ended=STATUS_NAMES[one.status] if one.status in ("resolved", "closed") else "",
        ticket=one.ticket__number,
        tags=[TagChip(_short(tag), formatting.hue(tag, hues)) for tag in names[:MOST_TAGS]],
        all_tags=", ".join(names) if len(names) > MOST_TAGS else "",
        more_tags=max(0, len(names) - MOST_TAGS),
        owner=owner,
        owner_face=formatting.face(owner) if owner else "",
        team="" if owner else one.team__name or "",
    )


def _until(moment: datetime) -> str:
    return _("Until reply") if moment == UNTIL_REPLY else dates.moment(moment)


def _short(tag: str) -> str:
    return tag if len(tag) <= 18 else f"{tag[:17]}…"
