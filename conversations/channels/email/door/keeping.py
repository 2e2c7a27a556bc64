"""What the door asks the database, in threads: whose address it is, and to keep a mail before it is acknowledged."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from accounts import clock, tenancy
from accounts.log_context import about
from conversations.channels.email import addressing, envelopes, receiving, refusing
from conversations.models import Mailbox, MailSource
from conversations.texts.validation import can_be_kept

logger = logging.getLogger(__name__)

KEPT = "250 2.0.0 Kept"
UNKNOWN = "550 5.1.1 No such mailbox here"
LATER = "452 4.3.0 The desk cannot keep mail at present, try again later"
TOO_LARGE = "552 5.3.4 The mail is larger than 25 MB"
_AWAY = (OSError, OperationalError, InterfaceError)


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address that was accepted, and the mailbox that it belongs to."""

    address: str
    mailbox_id: int


def find(address: str) -> Recipient | str:
    """The recipient of an address, or the answer that refuses it."""
    if not can_be_kept(address) or "@" not in address:
        return UNKNOWN
    try:
        mailbox = addressing.mailbox_of(address)
    except _AWAY as error:
        logger.warning("door_unavailable error=%s", type(error).__name__)
        return LATER
    return Recipient(address, mailbox.pk) if mailbox is not None else UNKNOWN


def keep(sender: str, recipients: Sequence[Recipient], raw: bytes) -> list[str]:
    """Keep the mail for each of them, once for a mailbox; the answer for each, in their order."""
    answers: dict[int, str] = {}
    for one in recipients:
        if one.mailbox_id not in answers:
            answers[one.mailbox_id] = _keep(sender, one, raw)
    return [answers[one.mailbox_id] for one in recipients]


def _keep(sender: str, recipient: Recipient, raw: bytes) -> str:
    try:
        mailbox = _mailbox(recipient)
        if mailbox is None:
            return UNKNOWN
        with tenancy.scope(mailbox.workspace), about({"mailbox": mailbox.pk}):
            whole = envelopes.enveloped(raw, sender=sender, recipient=recipient.address)
            receiving.accept(mailbox=mailbox, raw=whole, source=MailSource.DOOR)
            refusing.taken(mailbox)
    except _AWAY as error:
        logger.warning("door_unavailable error=%s", type(error).__name__)
        return LATER
    except Exception:
        logger.exception("door_failed")
        return LATER
    return KEPT


def note_too_large(recipients: Sequence[Recipient]) -> None:
    """Note on their mailboxes that a mail was not taken."""
    try:
        for one in {each.mailbox_id: each for each in recipients}.values():
            mailbox = _mailbox(one)
            if mailbox is not None:
                with tenancy.scope(mailbox.workspace):
                    reason = "A mail server handed over a mail that is larger than 25 MB. Its sender is told so."
                    refusing.note(mailbox, "too_large", reason, clock.now())
    except _AWAY as error:
        logger.warning("door_unavailable error=%s", type(error).__name__)


def _mailbox(recipient: Recipient) -> Mailbox | None:
    # Found by its key: the recipient's address says which workspace it is.
    rows = Mailbox.all_workspaces.filter(pk=recipient.mailbox_id)
    return rows.select_related("workspace").first()
