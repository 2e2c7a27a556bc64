"""How a mail is shown in a thread: whom it is from and to, why it is here, and what is to be known of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.models import Delivery, InboundMail, Message, Proof
from conversations.screens import dates

_PROOFS: dict[str, Promise] = {
    Proof.NEW: gettext_lazy("Began this conversation"),
    Proof.MOVED: gettext_lazy("Moved here by a member"),
}
LINE_LENGTH, NARROW = 76, 38
"""Characters that a frame of usual width has in a line, and one on a phone."""
LINE, MARGIN, LOWEST, HIGHEST = 22, 56, 96, 560
"""Heights in pixels: of a line, of what is around the text, and of the frame at least and at most."""
PICTURE = 180


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation says; `when` and `where` are empty where it does not."""

    title: str
    when: str
    where: str
    organizer: str
    is_cancelled: bool


@dataclass(frozen=True, slots=True)
class ShownMail:
    """A mail beside its message."""

    row: InboundMail
    sender: str
    address: str
    doubts: tuple[str, ...]
    to: tuple[str, ...]
    cc: tuple[str, ...]
    joined: str
    invitation: Invitation | None
    problems: tuple[str, ...]
    height: int
    narrow_height: int

    @property
    def has_html(self) -> bool:
        return bool(getattr(self.row, "has_html", False))

    @property
    def quoted(self) -> str:
        return str(getattr(self.row, "quote", "")).strip("\n")

    @property
    def signature(self) -> str:
        return str(getattr(self.row, "closing", "")).strip("\n")

    @property
    def recipients(self) -> str:
        return counted(self.to, self.cc)


@dataclass(frozen=True, slots=True)
class SentMail:
    """Whom a reply went to, where that was not its customer alone."""

    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]

    @property
    def recipients(self) -> str:
        return counted(self.to, self.cc, self.bcc)


def counted(to: Sequence[str], cc: Sequence[str], bcc: Sequence[str] = ()) -> str:
    """How many people a mail went to, as in "to 1, cc 2"."""
    counts = ((_("to"), len(to)), (_("cc"), len(cc)), (_("bcc"), len(bcc)))
    return ", ".join(f"{name} {count}" for name, count in counts if count)


def of(message: Message) -> ShownMail | None:
    """The mail that a message came by, as `queries.mails.with_mails` has found it."""
    row: InboundMail | None = getattr(message, "inbound", None)
    if row is None:
        return None
    doubts = [
        name
        for name, holds in (
            (_("Sender not verified"), row.is_verified is False),
            (_("Not the customer of this conversation"), row.is_stranger),
        )
        if holds
    ]
    pictures = sum(file.is_inline for file in getattr(message, "files", ()))
    return ShownMail(
        row=row,
        sender=row.from_name or row.from_address,
        address=row.from_address,
        doubts=tuple(doubts),
        to=tuple(_people(row.to)),
        cc=tuple(_people(row.cc)),
        joined=_joined(row.proof),
        invitation=_invitation(row.invitation),
        problems=tuple(str(problem) for problem in row.problems),
        height=height(message.body or "", pictures),
        narrow_height=height(message.body or "", pictures, NARROW),
    )


def sent_of(message: Message) -> SentMail | None:
    """How a reply went out, if others got it too."""
    row: Delivery | None = getattr(message, "outbound", None)
    if row is None:
        return None
    to, cc, bcc = tuple(row.to or ()), tuple(row.cc or ()), tuple(row.bcc)
    return SentMail(to, cc, bcc) if cc or bcc or len(to) > 1 else None


def height(text: str, pictures: int = 0, line_length: int = LINE_LENGTH) -> int:
    """About how high a mail with this text is, in pixels. Nothing can measure it: the frame runs no script."""
    lines = sum(1 + len(line) // line_length for line in text[: LINE_LENGTH * 40].splitlines())
    return max(LOWEST, min(HIGHEST, MARGIN + lines * LINE + pictures * PICTURE))


def _joined(proof: str) -> str:
    if not proof:
        return ""
    known = _PROOFS.get(proof)
    return str(known) if known else _("Joined by %(reason)s") % {"reason": Proof(proof).label}


def _people(stored: Iterable[Sequence[str]]) -> Iterable[str]:
    """Stored recipients, each as a name with its address."""
    return (person(name, address) for name, address in stored)


def person(name: str, address: str) -> str:
    """A name with its address, or the address alone."""
    return f"{name} <{address}>" if name and name != address else address


def _invitation(stored: dict[str, Any] | None) -> Invitation | None:
    if not stored:
        return None
    organizer = stored.get("organizer")
    return Invitation(
        title=str(stored.get("summary") or "") or _("Invitation"),
        when=_when(stored.get("start"), stored.get("end")),
        where=str(stored.get("location") or ""),
        organizer=person(*organizer) if organizer else "",
        is_cancelled=str(stored.get("method") or "").upper() == "CANCEL",
    )


def _when(start: object, end: object) -> str:
    """From when to when, in the current time zone; a time without a zone and a whole day are as written."""
    begins, ends = _read(start), _read(end)
    if begins is None:
        return ""
    first = _in_words(begins)
    if ends is None or ends == begins:
        return first
    if isinstance(begins, datetime) and isinstance(ends, datetime) and begins.date() == ends.date():
        return f"{first} – {ends:%H:%M}{_zone(ends)}"
    return f"{first}{_zone(begins)} – {_in_words(ends)}{_zone(ends)}"


def _read(stored: object) -> datetime | date | None:
    """A stored moment in the current time zone, or a date."""
    if not isinstance(stored, str):
        return None
    try:
        if len(stored) == 10:
            return date.fromisoformat(stored)
        moment = datetime.fromisoformat(stored)
        return timezone.localtime(moment) if timezone.is_aware(moment) else moment
    except (ValueError, OverflowError):
        return None


def _in_words(value: datetime | date) -> str:
    day = dates.day_of_year(value)
    return f"{day}, {value:%H:%M}" if isinstance(value, datetime) else day


def _zone(value: datetime | date) -> str:
    return f" {value.tzname()}" if isinstance(value, datetime) and value.tzinfo else ""
