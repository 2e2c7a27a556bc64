"""What servers refuse, in plain words: a login, a recipient, a mail."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from conversations.channels.email.wire import providers

_MEANS_US = re.compile(
    r"spam|blacklist|blocklist|block list|blocked|\brbl\b|dnsbl|reputation|relay|polic|\bspf\b|dkim|dmarc|greylist|rate limit"
    r"|too many|denied|not permitted|authenticat|\bclient host\b|\bsender\b",
    re.IGNORECASE,
)
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})\b")


class Cause(StrEnum):
    """What a refusal is about."""

    ADDRESS = "address"
    MAILBOX_FULL = "mailbox_full"
    SIZE = "size"
    POLICY = "policy"
    LOGIN = "login"
    SENDER = "sender"
    SERVER = "server"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a server did not take a mail or a recipient.

    `code` is the server's (0 where it named none), `enhanced` such as 5.1.1 or empty. `reason` is a sentence without
    addresses; `text` is the server's own answer, for people who look closer, and never for a log.
    """

    code: int
    enhanced: str
    cause: Cause
    is_permanent: bool
    reason: str
    text: str = field(default="", repr=False)


_REASONS: dict[Cause, tuple[str, str]] = {
    Cause.ADDRESS: ("This address does not exist.", "The recipient's mailbox cannot be reached at the moment."),
    Cause.MAILBOX_FULL: ("The recipient's mailbox is full.", "The recipient's mailbox is full."),
    Cause.SIZE: ("The mail is larger than the server accepts.", "The server has no room for the mail at the moment."),
    Cause.POLICY: (
        "The server refuses the mail because of its rules, such as those against spam.",
        "The server does not take the mail yet, and asks to try again later.",
    ),
    Cause.LOGIN: ("The server wants a login, or refuses it.", "The server cannot check the login at the moment."),
    Cause.SENDER: ("The server does not allow this sender's address.", "The server does not take this sender yet."),
    Cause.SERVER: ("The server refused the mail.", "The server cannot take the mail at the moment."),
    Cause.CONNECTION: ("The server cannot be reached.", "The connection broke before the server had taken the mail."),
}
"""A sentence for what will not change, and one for what may."""

_BY_SUBJECT = {
    ("1", "7"): Cause.SENDER,
    ("1", "8"): Cause.SENDER,
    ("2", "2"): Cause.MAILBOX_FULL,
    ("2", "3"): Cause.SIZE,
    ("3", "4"): Cause.SIZE,
    ("4", "1"): Cause.ADDRESS,
    ("4", "4"): Cause.ADDRESS,
    ("5", "3"): Cause.SERVER,
    ("7", "8"): Cause.LOGIN,
    ("7", "0"): Cause.POLICY,
    ("7", "60"): Cause.SENDER,
    ("2", "252"): Cause.SENDER,
}
"""By the last two numbers of an enhanced code (RFC 3463 and the registry of RFC 5248)."""
_BY_FIRST = {"1": Cause.ADDRESS, "2": Cause.ADDRESS, "7": Cause.POLICY}
_BY_CODE = {421: Cause.SERVER, 530: Cause.LOGIN, 534: Cause.LOGIN, 535: Cause.LOGIN, 552: Cause.SIZE}


def of_reply(code: int, reply: bytes | str, *, at_sender: bool = False, at_recipient: bool = False) -> Refusal:
    """The refusal that an SMTP reply is: to a sender, to a recipient, or to the whole mail.

    Codes below 400 or above 599 count as a server that makes no sense.
    """
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    found = _ENHANCED.search(text[:200])
    enhanced = found[0] if found else ""
    cause = _cause(code, found, text, at_recipient=at_recipient)
    if at_sender and cause is Cause.ADDRESS:
        cause = Cause.SENDER
    # A login that fails is mended by people; the mail itself may still go.
    is_permanent = 500 <= code <= 599 and cause is not Cause.LOGIN and not enhanced.startswith("4.")
    return Refusal(code, enhanced, cause, is_permanent, plain(cause, is_permanent=is_permanent), text[:500])


def plain(cause: Cause, *, is_permanent: bool) -> str:
    """The sentence for it."""
    return _REASONS[cause][0 if is_permanent or cause is Cause.LOGIN else 1]


def of_login(host: str, *, is_token: bool, is_temporary: bool) -> tuple[str, str]:
    """Why a login failed, and what may help."""
    if is_temporary:
        return "The server does not take logins at the moment.", "It is tried again by itself."
    if is_token:
        return "The server refused the sign-in.", "Sign in with the provider again, as the user of this mailbox."
    provider = providers.known_host(host)
    hint = (
        provider.hint if provider else ""
    ) or "Check the user and the password; the user is often the whole address."
    return "The server refused the password.", hint


def _cause(code: int, found: re.Match[str] | None, text: str, *, at_recipient: bool) -> Cause:
    if code in (530, 534, 535):
        return Cause.LOGIN
    if found is not None:
        cause = _BY_SUBJECT.get((found[2], found[3])) or _BY_FIRST.get(found[2])
        if cause is not None:
            return cause
    # Without a number that says more, a server may mean the recipient, or what it thinks of this desk.
    if _MEANS_US.search(text):
        return Cause.POLICY
    if code in (550, 551, 553, 450) and at_recipient:
        return Cause.ADDRESS
    return _BY_CODE.get(code) or (Cause.POLICY if code in (451, 550, 554) else Cause.SERVER)
