"""Delivery reports: which of our mails did not arrive where, why, and for good or for now.

Reports as RFC 3464 wants them are read here. What mail servers write of their own accord is left to flufl.bounce, which knows
many of them; it is asked only for mails that look like reports, because it finds failures in ordinary mails too.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from conversations.mail import addresses, charsets, headers, limits
from conversations.mail.parsed import Attachment, ParsedMail
from conversations.mail.robots import is_report

_STATUS_PARTS = ("message/delivery-status", "message/global-delivery-status")
_RETURNED = (
    "message/rfc822",
    "text/rfc822-headers",
    "message/global",
    "message/global-headers",
    "message/rfc822-headers",
)
_READ = 64 * 1024  # bytes of a report
_MOST = 100  # recipients
_BLANK = re.compile(r"\n[ \t]*\n")
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<!\d)([45])\d\d(?!\d)")
_ID = re.compile(r"^[>\s]*Message-ID:\s*<([^<>\s]{3,998})>", re.IGNORECASE | re.MULTILINE)
_ENVELOPE = re.compile(r"^[^@+]{1,40}\+(?P<token>[^@]{1,200})@", re.IGNORECASE)
_DAEMONS = re.compile(r"^(?:mailer-daemon|postmaster|mail-?daemon|mail-?delivery.*)$", re.IGNORECASE)
_SUBJECTS = re.compile(
    r"undeliver|delivery (?:status|failure|has failed|problem)|mail delivery (?:failed|system)|returned mail|failure notice|"
    r"unzustellbar|nicht zugestellt|zustellung fehlgeschlagen|non remis|échec de la remise|no se (?:puede|ha podido) entregar|"
    r"impossibile recapitare|não entregue|niet bezorgd|onbestelbaar|nie można dostarczyć|kunde inte levereras|退信|配信不能|не доставлено",
    re.IGNORECASE,
)
_REASONS = {
    "1.1": "The address does not exist.",
    "1.2": "The domain of the address does not exist or takes no mail.",
    "1.3": "The address is not valid.",
    "1.6": "The mailbox has moved.",
    "1.8": "The receiving server does not accept our sender address.",
    "1.10": "The domain of the address takes no mail.",
    "2.1": "The mailbox is disabled.",
    "2.2": "The mailbox is full.",
    "2.3": "The mail is too large for the mailbox.",
    "3.4": "The mail is too large.",
    "4.1": "The receiving server did not answer.",
    "4.4": "No mail server was found for the address.",
    "4.6": "The mail went in circles between servers.",
    "4.7": "The mail could not be delivered in time.",
    "7.1": "The receiving server refused the mail.",
    "7.23": "The receiving server could not verify our mail (SPF).",
    "7.26": "The receiving server could not verify our mail (SPF or DKIM).",
}
_CLASSES = {
    "1": "There is a problem with the address.",
    "2": "There is a problem with the mailbox.",
    "3": "The receiving mail system has a problem.",
    "4": "The receiving server could not be reached.",
    "5": "The mail servers did not understand each other.",
    "6": "The receiving server did not accept the contents of the mail.",
    "7": "The receiving server refused the mail.",
}
_PHRASES = (
    (re.compile(r"user unknown|unknown user|no such (?:user|recipient|mailbox)|does(?: not|n't) exist|invalid recipient|recipient (?:address )?rejected|"
                r"address rejected|not found|no mailbox|mailbox unavailable", re.IGNORECASE), _REASONS["1.1"]),
    (re.compile(r"quota|mailbox (?:is )?full|over ?quota|insufficient storage", re.IGNORECASE), _REASONS["2.2"]),
    (re.compile(r"too (?:large|big)|size limit|exceeds.{0,20}size", re.IGNORECASE), _REASONS["3.4"]),
    (re.compile(r"spam|blocked|black ?list|block ?list|reputation|spamhaus|junk", re.IGNORECASE), "The receiving server took the mail for spam."),
    (re.compile(r"\b(?:spf|dkim|dmarc)\b", re.IGNORECASE), _REASONS["7.26"]),
    (re.compile(r"host (?:or domain name )?not found|domain not found|nxdomain|unrouteable", re.IGNORECASE), _REASONS["1.2"]),
    (re.compile(r"timed? ?out|connection refused|could not connect|unreachable", re.IGNORECASE), _REASONS["4.1"]),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recipient:
    """What became of a mail to one address."""

    address: str
    """In lower case; "" where the report does not say it."""
    action: str
    """failed, delayed, delivered, relayed or expanded."""
    status: str = ""
    """As in RFC 3463, such as 5.1.1; "" where nothing says it."""
    diagnostic: str = ""
    """What the server answered, in one line."""
    reason: str = ""
    """Why, in a sentence for agents."""

    @property
    def is_permanent(self) -> bool:
        """Whether trying again is of no use."""
        return self.action == "failed" and not self.status.startswith("4")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A report about a mail that was sent."""

    recipients: tuple[Recipient, ...]
    original_message_id: str = ""
    """Of the mail that the report is about; "" where it does not say it."""
    tokens: tuple[str, ...] = ()
    """What stands behind the + in the addresses that the report was sent to: the token of our envelope sender."""

    @property
    def is_failure(self) -> bool:
        """Whether the mail did not arrive at some address, for good."""
        return any(one.action == "failed" for one in self.recipients)

    @property
    def is_permanent(self) -> bool:
        return any(one.is_permanent for one in self.recipients)


def delivery_report(mail: ParsedMail) -> DeliveryReport | None:
    """What the mail reports about the delivery of another one; None for any other mail."""
    parts = [file for file in mail.attachments if file.content_type in _STATUS_PARTS]
    found = [one for part in parts for one in _recipients(part.content)][:_MOST]
    if not found and looks_like_report(mail):
        found = _guessed(mail)
    if not found:
        return None
    return DeliveryReport(tuple(dict.fromkeys(found)), _original_id(mail, parts), _tokens(mail))


def looks_like_report(mail: ParsedMail) -> bool:
    """Whether a mail server wrote the mail."""
    kind = mail.headers.text("content-type").lower()
    if "disposition-notification" in kind or "feedback-report" in kind:
        return False  # somebody read it, or called it spam
    is_daemon = any(_DAEMONS.match(one.address.rpartition("@")[0]) for one in mail.senders)
    is_named = _SUBJECTS.search(mail.subject) is not None
    return is_report(mail) or is_daemon or (is_named and (mail.return_path == "" or not mail.senders))


# --- RFC 3464 -------------------------------------------------------------------------------------


def _recipients(content: bytes) -> Iterator[Recipient]:
    text = charsets.decode(content[:_READ])[0]
    for block in _BLANK.split(text)[: _MOST + 1]:
        fields = _fields(block)
        action = fields.get("action", "").split(" ")[0].rstrip(";,").lower()
        if not action and "final-recipient" not in fields:
            continue
        diagnostic = fields.get("diagnostic-code", "")
        code = diagnostic.partition(";")[2].strip() or diagnostic
        status = _status(fields.get("status", "")) or _status(code)
        if action not in ("failed", "delayed", "delivered", "relayed", "expanded"):
            action = "delayed" if status.startswith("4") else "failed"
        if status.endswith(".0.0"):
            status = _status(code) or status
        address = _address(fields.get("original-recipient", "")) or _address(fields.get("final-recipient", ""))
        yield Recipient(
            address, action, status, code[:1_000], _reason(status, code) if action in ("failed", "delayed") else ""
        )


def _fields(block: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in block.split("\n")[:200]:
        if line[:1] in (" ", "\t") and name:
            fields[name] = f"{fields[name]} {line.strip()}"[:2_000]
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            fields.setdefault(name, headers.one_line(value)[:2_000])
    return fields


def _address(value: str) -> str:
    kind, mark, rest = value.partition(";")
    found, _ = addresses.addresses([(rest if mark else kind).encode("utf-8", "replace")])
    return found[0].address.lower() if found else ""


def _status(text: str) -> str:
    found = _STATUS.search(text[:2_000])
    if found:
        return f"{found[1]}.{int(found[2])}.{int(found[3])}"
    code = _REPLY_CODE.search(text[:200])
    return f"{code[1]}.0.0" if code else ""


def reason(status: str, diagnostic: str) -> str:
    """Why a mail did not arrive, in a sentence for agents, by the status and by what the server shows."""
    return _reason(status, diagnostic)


def _reason(status: str, diagnostic: str) -> str:
    kind, _, detail = status.partition(".")
    specific = _REASONS.get(detail)
    if specific and not (detail == "7.1" and _in_words(diagnostic)):
        return specific
    return _in_words(diagnostic) or _CLASSES.get(detail.partition(".")[0], "") or (
        "The mail could not be delivered yet." if kind == "4" else "The mail could not be delivered."
    )  # fmt: skip


def _in_words(diagnostic: str) -> str:
    return next((reason for phrase, reason in _PHRASES if phrase.search(diagnostic[:2_000])), "")


# --- Any other report -----------------------------------------------------------------------------


def _guessed(mail: ParsedMail) -> list[Recipient]:
    """The recipients that flufl.bounce finds in the report."""
    from flufl.bounce import all_failures  # few mails need it

    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs what it cannot read, with its traceback
    text = mail.text[:_READ]
    try:
        temporary, permanent = all_failures(_message(mail, text))
    except Exception:  # it is no good with mails that are no reports
        return []
    status, found = _status(text), []
    for failures, action in ((permanent, "failed"), (temporary, "delayed")):
        for one in sorted(failures)[:_MOST]:
            address = _address(one.decode("utf-8", "replace") if isinstance(one, bytes) else str(one))
            if address:
                known = status if (status[:1] == "4") == (action == "delayed") else ""
                found.append(Recipient(address, action, known, "", _reason(known, text)))
    return found


def _message(mail: ParsedMail, text: str) -> Message:
    """The mail as the library wants it, built of a few parts that cannot cost time."""
    message = Message()
    for name, value in mail.headers.items[:100]:
        if name not in ("content-type", "content-transfer-encoding", "mime-version"):
            message[name] = value[:1_000]
    texts = [text, *(charsets.decode(file.content[:_READ])[0] for file in mail.attachments[:5] if _is_readable(file))]
    texts = [one.encode("ascii", "replace").decode() for one in texts]  # with anything else they would be encoded again
    if len(texts) == 1:
        message["Content-Type"] = "text/plain"
        message.set_payload(texts[0])
        return message
    message["Content-Type"] = 'multipart/mixed; boundary="parts"'
    for one in texts:
        part = Message()
        part["Content-Type"] = "text/plain"
        part.set_payload(one)
        message.attach(part)
    return message


def _is_readable(file: Attachment) -> bool:
    return file.content_type.startswith("text/") or file.content_type in (*_STATUS_PARTS, *_RETURNED)


# --- Which mail it is about -----------------------------------------------------------------------


def _original_id(mail: ParsedMail, parts: list[Attachment]) -> str:
    for file in mail.attachments:
        if file.content_type in _RETURNED:
            data = file.content[: limits.HEADER_BLOCK].lstrip(b"\r\n")
            inner, _ = headers.split(data, 0, len(data))
            if found := addresses.ids(inner.first("message-id")):
                return found[0]
    for text in (*(charsets.decode(part.content[:_READ])[0] for part in parts), mail.text[: 4 * _READ]):
        if named := re.search(
            r"^(?:X-Original-Message-ID|Original-Message-ID):\s*<([^<>\s]{3,998})>", text, re.IGNORECASE | re.MULTILINE
        ):
            return named[1]
        if named := _ID.search(text):
            return named[1]
    return next(iter((*mail.in_reply_to, *reversed(mail.references))), "")


def _tokens(mail: ParsedMail) -> tuple[str, ...]:
    found = (_ENVELOPE.match(address) for address in mail.delivered_to)
    return tuple(one["token"] for one in found if one)
