"""How the desk's templates print people, moments, tags, icons and customers' words."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.template import defaultfilters
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import Truncator
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from jinja2 import pass_context
from jinja2.runtime import Context
from lucide.templatetags.lucide import lucide

from accounts import pictures
from accounts.models import User
from conversations import channels
from conversations.actions.lifecycle import STATUS_NAMES
from conversations.screens import dates, keymap
from conversations.texts import names
from conversations.texts import prose as renderer
from conversations.texts import rich as rich_renderer
from tickets import tags

LONGEST = 20_000
"""Characters of one message that a thread shows; the rest is one click away."""
REMEMBERED = 4_000
"""Characters up to which a message is kept as HTML in the process, beside 511 others."""


# --- Icons and keys -----------------------------------------------------------------------------


_TURNED = frozenset(
    (
        "arrow-left",
        "arrow-right",
        "chevron-left",
        "chevron-right",
        "corner-down-right",
        "forward",
        "log-in",
        "log-out",
        "panel-right",
        "send",
    )
)
"""Icons that point along the line: they are turned where it runs from right to left."""


@lru_cache(maxsize=256)
def icon(name: str, size: int = 16) -> SafeString:
    """A lucide icon, inline, hidden from screen readers: the words beside it or its button's label say it."""
    look = "icon icon--turned" if name in _TURNED else "icon"
    drawn = lucide(name, size=size, stroke_width="1.75", aria_hidden="true", focusable="false", **{"class": look})
    return mark_safe(re.sub(r"\s*\n\s*", "", drawn))  # noqa: S308 - drawn from the package alone


def shortcut(name: str, label: str = "") -> SafeString:
    """The attributes of the element that a shortcut clicks or focuses: its name, its keys, and a tooltip."""
    known = keymap.shortcut(name)
    return _attributes(name, label or str(known.label), known.shown[0] if known.keys else "", known.aria)


@lru_cache(maxsize=1024)
def _attributes(name: str, label: str, shown: str, aria: str) -> SafeString:
    title = f"{label} ({shown})" if shown else label
    keys = format_html(' aria-keyshortcuts="{}"', aria) if aria else ""
    return format_html('data-shortcut="{}" title="{}"{}', name, title, keys)


def key(name: str) -> SafeString:
    """The first key of a shortcut, as a small cap; nothing for a shortcut without keys."""
    known = keymap.shortcut(name)
    return _cap(known.shown[0]) if known.keys else SafeString()


@lru_cache(maxsize=256)
def _cap(shown: str) -> SafeString:
    return format_html('<kbd aria-hidden="true">{}</kbd>', shown)


def new_id() -> str:
    """An id for what a form sends: the same when it is sent again."""
    return str(uuid4())


# --- Addresses ----------------------------------------------------------------------------------


def url(name: str, *args: object) -> str:
    """The path of that name."""
    return _path(get_script_prefix(), name, args)


@lru_cache(maxsize=4096)
def _path(prefix: str, name: str, args: tuple[object, ...]) -> str:
    return reverse(name, args=args)


@pass_context
def place_url(context: Context, name: str, *args: object, **query: object) -> str:
    """The URL of that name in this workspace, with the place in the inbox that every link keeps, then more of a query."""
    path = f"{url(name, context['workspace'].slug, *args)}?{context['place'].query}"
    return f"{path}&{urlencode(query)}" if query else path


# --- People and tags ----------------------------------------------------------------------------


def _hue(text: str) -> int:
    return zlib.crc32(text.encode()) % 36 * 10


def initials(name: str) -> str:
    """One or two letters that stand for a name or an email."""
    words_ = [word for word in re.split(r"[\s._\-+]+", str(name).split("@", 1)[0]) if word and word[0].isalnum()]
    letters = [words_[0][0], words_[-1][0]] if len(words_) > 1 else [words_[0][:2]] if words_ else ["?"]
    return "".join(letters).upper()


def face(who: object, name: object = None) -> SafeString:
    """A round picture of a person who has one; else of the name: its initials on a colour that is always the same for it.

    `name` is what the person is called where that is not their own name. Of a row that was read without the column of pictures it shows the initials: nothing is read for a face.
    """
    if isinstance(who, User):
        row = getattr(who, "_wrapped", who)  # request.user is read when it is first asked for
        if path := row.__dict__.get("picture"):
            return _picture(row.public_id, pictures.version(path))
    return _face(str(name or who))


def face_of(name: str, public_id: UUID | None, path: str | None) -> SafeString:
    """The same of a person of whom no row was read: the path is that of their picture, if they have one."""
    return _picture(public_id, pictures.version(path)) if public_id and path else _face(name)


@lru_cache(maxsize=2048)
def _picture(public_id: UUID, version: str) -> SafeString:
    return format_html(
        '<span class="face" aria-hidden="true"><img src="{}" alt="" width="64" height="64" loading="lazy"></span>',
        url("picture", public_id, version),
    )


@lru_cache(maxsize=2048)
def _face(text: str) -> SafeString:
    return format_html('<span class="face hue--{}" aria-hidden="true">{}</span>', _hue(text), initials(text))


@lru_cache(maxsize=1024)
def first_word(name: str) -> str:
    """How a person is called for short; an email or an id stays whole."""
    return names.first_name(str(name)) or str(name)


def hue(name: str, hues: Mapping[str, int]) -> str:
    """The class of a tag's colour: the catalogue's, else the one it would get."""
    return f"hue--{hues.get(tags.key(name), tags.hue(name)) // 10 * 10}"


def each_once(names: Sequence[str]) -> list[str]:
    """Tags without those that differ from an earlier one in case alone."""
    return tags.unique(names)


def tag_line(names: Sequence[str]) -> str:
    """Tags as a form shows them."""
    return tags.line(names)


# --- Words and figures --------------------------------------------------------------------------


def status_name(value: str) -> str:
    """What people read for a conversation's status."""
    return str(STATUS_NAMES.get(value, value))


_PRIORITIES: dict[str, Promise] = {
    "low": _("Low"),
    "normal": _("Normal"),
    "medium": _("Medium"),
    "high": _("High"),
    "urgent": _("Urgent"),
    "critical": _("Critical"),
}


def priority_name(value: str) -> str:
    """What people read for a conversation's priority; one that a client of the API has made up is itself, with a capital."""
    return str(_PRIORITIES.get(value) or defaultfilters.capfirst(value))


def priority_in_sentence(value: str) -> str:
    """A conversation's priority within a sentence: the known ones are adjectives."""
    return priority_name(value).lower() if value in _PRIORITIES else value


def channel(name: str) -> SafeString:
    """A channel's picture, with its name as the tooltip."""
    return _channel(name, get_language())


@lru_cache(maxsize=64)
def _channel(name: str, language: str | None) -> SafeString:
    known = channels.named(name)
    return format_html('<span class="channel" title="{}">{}</span>', known.label, icon(known.icon, 13))


def truncatechars(text: object, length: int) -> str:
    """The beginning of a text that is longer, as Django's filter of that name has it."""
    shown = str(text)
    if len(shown) <= length:
        return shown
    # Django's way counts letters, however many characters make one; without accents they are the same.
    return f"{shown[: length - 1]}…" if shown.isascii() else Truncator(shown).chars(length)


def handed_over(reason: str, number: int) -> str:
    """How many conversations the assistant handed over for a reason."""
    if reason == "asked":
        text = ngettext("%(num)s asked for a person", "%(num)s asked for a person", number)
    elif reason == "policy":
        text = ngettext("%(num)s by your topics", "%(num)s by your topics", number)
    else:
        text = ngettext("%(num)s unanswered", "%(num)s unanswered", number)
    return text % {"num": number}


def money(amount: Decimal) -> str:
    """An amount to two places, as the reader's language writes it; a small one to four, so that it is not shown as zero."""
    return number_format(amount, 4 if 0 < amount < Decimal("0.1") else 2)


# --- Moments ------------------------------------------------------------------------------------


def ago(value: datetime, at: datetime) -> SafeString:
    """A short relative time whose tooltip is the moment in the workspace's time zone."""
    return mark_safe(  # noqa: S308 - moments hold nothing to escape
        f'<time class="when" datetime="{value.isoformat(timespec="seconds")}"'
        f' title="{dates.full(timezone.localtime(value))}">{dates.ago(value, at)}</time>'
    )


def clock(value: datetime) -> SafeString:
    """Hours and minutes, with the whole moment as the tooltip."""
    local = timezone.localtime(value)
    return mark_safe(  # noqa: S308 - moments hold nothing to escape
        f'<time datetime="{value.isoformat(timespec="seconds")}" title="{dates.full(local)}">{local:%H:%M}</time>'
    )


def date(value: Any, form: str) -> str:
    """As Django's filter prints it, in the time zone of the page: Django's own engine converts a moment before the filter."""
    local = timezone.template_localtime(value)  # type: ignore[attr-defined]  # the stubs do not know it
    return str(defaultfilters.date(local, str(dates.FORMATS.get(form, form))))


# --- Customers' words ---------------------------------------------------------------------------


def prose(body: str | None) -> SafeString:
    """A plain text as paragraphs, with links, `code` and fenced blocks. Everything is escaped.

    Only the first LONGEST characters are shown. Each line is looked at once: no text can stall it. Each line has the
    direction of its own script; code and addresses are always left to right, and decide nothing.
    """
    text = (body or "")[:LONGEST]
    return _remembered(text) if len(text) <= REMEMBERED else renderer.html(text)


def rich(body: str | None) -> SafeString:
    """A text of the team as its reader gets it: as `prose`, with its Markdown."""
    text = (body or "")[:LONGEST]
    return _remembered_rich(text) if len(text) <= REMEMBERED else rich_renderer.html(text)


def whole_prose(body: str | None) -> SafeString:
    """A plain text as `prose` shows it, to its end."""
    return renderer.html(body or "")


@lru_cache(maxsize=512)
def _remembered(text: str) -> SafeString:
    """The same thread is read again and again while people answer in it."""
    return renderer.html(text)


@lru_cache(maxsize=512)
def _remembered_rich(text: str) -> SafeString:
    return rich_renderer.html(text)


def is_long(body: str | None) -> bool:
    """Whether `prose` leaves out the end."""
    return len(body or "") > LONGEST
