"""A mail on its way in: stored first, then read; what cannot be read is set aside and stops nothing."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import InterfaceError, OperationalError

from accounts import clock, tenancy
from accounts.errors import DomainError
from accounts.log_context import about
from accounts.permissions import Actor
from conversations.channels.email import storing
from conversations.channels.email.actions import taking_in
from conversations.mail.parsed import Unreadable
from conversations.mail.parsing import parse
from conversations.models import InboundMail, Mailbox, MailSource, MailState

logger = logging.getLogger(__name__)

WAITING = 200
"""How many mails that a worker left behind are read at a time."""


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
    mail = storing.keep(
        mailbox=mailbox,
        raw=raw,
        source=source,
        uid=uid,
        uid_validity=uid_validity,
        internal_at=internal_at,
        is_cut=is_cut,
    )
    return process(mail, raw) if mail.state == MailState.STORED else mail


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
    rows = InboundMail.all_workspaces.filter(state=MailState.STORED)  # one look for all workspaces
    found = list(rows.select_related("workspace", "mailbox").order_by("pk")[:WAITING])
    for mail in found:
        with tenancy.scope_apart(mail.workspace, "mail_failed mail=%s", mail.pk):
            process(mail)
    return len(found)
