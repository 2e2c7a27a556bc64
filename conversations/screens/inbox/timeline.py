"""A thread as the screen shows it: messages and grey lines in order, with days between them, and neighbours grouped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from conversations.models import Message, MessageKind
from conversations.queries import thread as thread_queries
from conversations.queries.thread import Line
from conversations.screens import dates
from conversations.screens.inbox import labels, mails, naming
from conversations.texts import names

TOGETHER = timedelta(minutes=5)
"""Messages of one person, and lines of one actor, are grouped when no more than this lies between them."""


@dataclass(slots=True)
class Entry:
    """A message, or a grey line; `day` is set on the first of a day."""

    message: Message | None = None
    lines: tuple[Line, ...] = ()
    day: str = ""
    follows: bool = False
    """It is by the same person as the one before: without face and name."""
    mail: mails.ShownMail | None = None
    sent: mails.SentMail | None = None
    html: SafeString | None = None
    """The text of a note that names people or conversations."""

    @property
    def is_line(self) -> bool:
        return self.message is None or self.message.kind == MessageKind.STATUS_CHANGE

    @property
    def at(self) -> datetime:
        return self.message.created_at if self.message else self.lines[-1].at

    @property
    def icon(self) -> str:
        return labels.icon_of_line(self.lines[0]) if self.lines else "circle-dot"

    @property
    def last_event(self) -> int:
        return self.lines[-1].event.pk if self.lines else 0

    @property
    def text(self) -> SafeString:
        """A grey line's text, with names escaped."""
        if self.message is not None:
            who = names.first_name(self.message.sender_name) or _("The customer")
            what, cause = labels.of_status_change(self.message), thread_queries.cause_of(self.message)
            return format_html('<b dir="auto">{}</b> {}{}', who, what, labels.of_cause(cause))
        who, cause = labels.of_actor(self.lines[0]), self.lines[0].cause
        return format_html('<b dir="auto">{}</b> {}{}', who, labels.of_lines(self.lines), labels.of_cause(cause))


def entries(items: Iterable[Message | Line], *, after: int = 0) -> list[Entry]:
    """The entries of a part of a thread. Messages up to `after` only serve for grouping and are left out."""
    result: list[Entry] = []
    previous: Message | Line | None = None
    for item in items:
        is_new_day = previous is None or _day(previous) != _day(item)
        if isinstance(item, Line):
            if not is_new_day and isinstance(previous, Line) and _together(previous, item):
                result[-1].lines += (item,)
            else:
                result.append(Entry(lines=(item,), day=dates.day(item.at) if is_new_day else ""))
        else:
            follows = not is_new_day and isinstance(previous, Message) and _goes_on(previous, item)
            mail = mails.of(item)
            day = dates.day(item.created_at) if is_new_day else ""
            result.append(
                Entry(message=item, day=day, follows=follows and mail is None, mail=mail, sent=mails.sent_of(item))
            )
        previous = item
    shown = [entry for entry in result if entry.message is None or entry.message.pk > after]
    named = naming.of_notes(entry.message for entry in shown if entry.message is not None)
    for entry in shown:
        entry.html = named.get(entry.message.pk) if entry.message is not None else None
    return shown


def seen(thread: thread_queries.Thread) -> tuple[int, int]:
    """The last message id and the last event id of a part of a thread: where the next part goes on."""
    return (
        thread.messages[-1].pk if thread.messages else 0,
        thread.last_event,
    )


def _day(item: Message | Line) -> object:
    return timezone.localtime(item.created_at if isinstance(item, Message) else item.at).date()


def _together(a: Line, b: Line) -> bool:
    same = (a.event.actor_kind, a.event.actor_id, a.cause) == (b.event.actor_kind, b.event.actor_id, b.cause)
    return same and b.at - a.at <= TOGETHER


def _goes_on(a: Message, b: Message) -> bool:
    same = (a.kind, a.sender_kind, a.sender_user_id, a.sender_contact_id, a.sender_name) == (
        b.kind,
        b.sender_kind,
        b.sender_user_id,
        b.sender_contact_id,
        b.sender_name,
    )
    return same and b.kind != MessageKind.STATUS_CHANGE and b.created_at - a.created_at <= TOGETHER
