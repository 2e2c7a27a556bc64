"""What is known of a mail after it was read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

HOPS = "X-Parley-Hops"
"""Counts the desks that a mail has passed, in mails that are sent without a person."""


class Unreadable(ValueError):
    """The bytes are no mail that can be read; `reason` says why, in a sentence for agents."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Address:
    """A mail address with the name beside it ("" where none is). The address has exactly one @ and its domain in lower case."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a mail. Its type is what the mail says, not what the bytes are."""

    name: str
    content_type: str
    content: bytes
    content_id: str = ""
    """As in `cid:` addresses, without brackets."""
    is_inline: bool = False
    """Whether the HTML shows it among the text."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """The first event of a calendar that came with a mail."""

    method: str
    """REQUEST, CANCEL, REPLY, PUBLISH …"""
    summary: str
    start: datetime | date | None
    """Aware, but for a time that the calendar gives without a zone; a date for a whole day."""
    end: datetime | date | None
    time_zone: str
    """As the calendar names it; "" where it does not."""
    organizer: Address | None
    location: str
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of a mail in their order: names in lower case, values decoded and in one line."""

    items: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """The values of every header with the name, from the topmost down."""
        return tuple(self._values(name.lower()))

    def first(self, name: str) -> str | None:
        """The value of the topmost header with the name; None where there is none."""
        return next(self._values(name.lower()), None)

    def text(self, name: str) -> str:
        """The value of the topmost header with the name; "" where there is none."""
        return self.first(name) or ""

    def _values(self, name: str) -> Iterator[str]:
        return (value for key, value in self.items if key == name)


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """A mail that was read. No text in it holds NUL, half of a surrogate pair or a carriage return."""

    headers: Headers = field(default_factory=Headers)
    message_id: str = ""
    """Without brackets, as every id here; "" where the mail has none."""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    """From the oldest to the newest; of more than 100 the first and the last ones."""
    quoted_ids: tuple[str, ...] = ()
    """Ids that are only in the quoted text or in the headers of an attached mail."""
    sender: Address | None = None
    """Who the mail is from, where it names exactly one address."""
    senders: tuple[Address, ...] = ()
    """Every address in From."""
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    delivered_to: tuple[str, ...] = ()
    """Every address that the mail was sent or delivered to, in lower case, the most certain first."""
    subject: str = ""
    date: datetime | None = None
    """When it was sent, as the sender says; aware. None where that is missing or absurd."""
    text: str = ""
    """The whole text: the plain part, or the HTML as text."""
    reply_text: str = ""
    """The text without quoted history and signature; never empty where `text` is not."""
    quoted_text: str = ""
    signature_text: str = ""
    html: str | None = None
    """Sanitised (`html.py`), with the quoted history in `<details class="quote">`; None for plain mails, or if unsafe to show."""
    has_html_quote: bool = False
    remote_images: int = 0
    """Images in the HTML that are not loaded until a person asks for it."""
    attachments: tuple[Attachment, ...] = ()
    invitation: Invitation | None = None
    is_encrypted: bool = False
    is_signed: bool = False
    """By PGP or S/MIME; the signature is not checked."""
    problems: tuple[str, ...] = ()
    """What was cut or lost and why, in sentences for agents."""
    parts: int = 0
    """How many parts were read, multiparts included."""

    @property
    def auto_submitted(self) -> str:
        return self.headers.text("auto-submitted")

    @property
    def precedence(self) -> str:
        return self.headers.text("precedence")

    @property
    def list_id(self) -> str:
        return self.headers.text("list-id")

    @property
    def list_unsubscribe(self) -> str:
        return self.headers.text("list-unsubscribe")

    @property
    def auto_response_suppress(self) -> str:
        return self.headers.text("x-auto-response-suppress")

    @property
    def autoreply(self) -> str:
        """What X-Autoreply or one of its relatives says."""
        names = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply")
        return next((value for name in names if (value := self.headers.text(name))), "")

    @property
    def return_path(self) -> str | None:
        """Where failures go: an address, "" for a mail that must not be answered, None where no server wrote it."""
        value = self.headers.first("return-path")
        return None if value is None else value.strip().removeprefix("<").removesuffix(">").strip()

    @property
    def spam_flag(self) -> str:
        return self.headers.text("x-spam-flag")

    @property
    def spam_level(self) -> int | None:
        """Microsoft's spam confidence level, −1 to 9."""
        for name in ("x-ms-exchange-organization-scl", "x-scl"):
            value = self.headers.text(name).strip()
            if value.removeprefix("-").isascii() and value.removeprefix("-").isdigit() and len(value) < 4:
                return int(value)
        return None

    @property
    def authentication_results(self) -> tuple[str, ...]:
        """From the topmost, which the last server wrote, down."""
        return self.headers.all("authentication-results")

    @property
    def hops(self) -> int:
        """How many desks sent this mail on without a person; 0 for an ordinary one."""
        value = self.headers.text(HOPS).strip()
        return int(value) if value.isascii() and value.isdigit() and len(value) < 4 else 0
