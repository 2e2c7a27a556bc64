"""A mail on its way in: stored first, then read; what cannot be read is set aside and stops nothing."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError

from accounts import clock, tenancy
from accounts.errors import DomainError
from accounts.log_context import about
from accounts.permissions import Actor
from conversations.channels.email import storing
from conversations.channels.email.actions import taking_in
from conversations.mail.limits import HEADER_BLOCK
from conversations.mail.limits import RAW as LARGEST
from conversations.mail.parsed import Unreadable
from conversations.mail.parsing import parse
from conversations.models import InboundMail, Mailbox, MailboxState, MailSource, MailState

logger = logging.getLogger(__name__)

_CALL = re.compile(rb"\s*(?:[\[{]|--[^\r\n]{1,200}\r\nContent-Disposition: form-data)", re.IGNORECASE)
NO_MAIL = "This is a call of a provider that brought no mail. The provider can make it again."
BEGINNING = 64 * 1024
WAITING = 200
"""How many mails that a worker left behind are read at a time."""
ABANDONED = timedelta(seconds=60)


def accept(
    *,
    mailbox: Mailbox,
    raw: bytes,
    source: MailSource,
    uid: int | None = None,
    uid_validity: int | None = None,
    internal_at: datetime | None = None,
    is_cut: bool = False,
) -> InboundMail:
    """Keep a mail and read it. One that came by the same way before is not doubled.

    Raises OSError or OperationalError where it cannot be kept or read at present: who brings it brings it again, or it waits.
    """
    if len(raw) > LARGEST:
        raw, is_cut = _beginning(raw), True
    mail = storing.keep(
        mailbox=mailbox,
        raw=raw,
        source=source,
        uid=uid,
        uid_validity=uid_validity,
        internal_at=internal_at,
        is_cut=is_cut,
    )
    if mail.state != MailState.STORED or mailbox.state == MailboxState.PAUSED:  # it is read when that is over
        return mail
    mail = process(mail, raw)
    Mailbox.objects.filter(pk=mailbox.pk).update(received_at=clock.now())
    return mail


def set_aside(*, mailbox: Mailbox, raw: bytes, source: MailSource, code: str, reason: str) -> InboundMail:
    """Keep bytes that are known to be no mail, quarantined with the reason. Raises as `accept` does."""
    mail = storing.keep(mailbox=mailbox, raw=raw, source=source)
    if mail.state != MailState.STORED:
        return mail
    by = Actor.system(mail.workspace_id, name="Email")
    return taking_in.quarantine(mail=mail, code=code, reason=reason, by=by, at=clock.now())


def _beginning(raw: bytes) -> bytes:
    """The headers and the first 64 KB of the text of a mail that is too large to be kept."""
    end = min(max(raw.find(b"\n\n", 0, HEADER_BLOCK), raw.find(b"\r\n\r\n", 0, HEADER_BLOCK), 0), HEADER_BLOCK)
    return raw[: end + BEGINNING]


def process(mail: InboundMail, raw: bytes | None = None) -> InboundMail:
    """Read a mail that is stored or was set aside. Whatever is wrong with it is the reason for which it is quarantined.

    Raises OSError and OperationalError, which are no fault of the mail: it stays as it is.
    """
    by = Actor.system(mail.workspace_id, name="Email")
    with about({"mail": mail.pk}):
        try:
            if raw is None:
                with mail.raw.open("rb") as file:
                    raw = file.read()
            if mail.source == MailSource.INGRESS and _CALL.match(raw):
                raise Unreadable(NO_MAIL)
            parsed = parse(raw)
            return taking_in.take_in(mail=mail, parsed=parsed, by=by, at=clock.now())
        except Unreadable as error:
            code, reason = "unreadable", error.reason
        except (OSError, OperationalError, InterfaceError):
            raise
        except DomainError as error:
            code, reason = "refused", f"The desk cannot keep this mail: {error.message}."
        except Exception as error:
            logger.exception("mail_failed")
            code, reason = (
                "failed",
                f"The desk could not read this mail ({type(error).__name__}). It is kept as it came.",
            )
        return taking_in.quarantine(mail=mail, code=code, reason=reason, by=by, at=clock.now())


def process_waiting() -> int:
    """Read what a worker stored and could not read before it ended; says how many mails there were."""
    # One look for all workspaces. What came just now is being read by who brought it.
    rows = InboundMail.all_workspaces.filter(state=MailState.STORED, received_at__lt=clock.now() - ABANDONED)
    rows = rows.exclude(mailbox__state=MailboxState.PAUSED)
    found = list(rows.select_related("workspace", "mailbox").order_by("pk")[:WAITING])
    for mail in found:
        with tenancy.scope_apart(mail.workspace, "mail_failed mail=%s", mail.pk):
            process(mail)
    return len(found)
