"""Fetching the mails of a mailbox: all that is new since the cursor (UIDVALIDITY, UID), and those of some days on request.

The cursor moves with each mail that is kept, and past one that cannot be read: that is quarantined. A folder that was reset is
looked through by headers, and what is known is not fetched again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import F
from django.db.models.functions import Greatest

from accounts import clock
from conversations.channels.email import ids, receiving
from conversations.channels.email.wire.errors import NotUnderstood
from conversations.channels.email.wire.imap import Header, Session
from conversations.models import InboundMail, Mailbox, MailSource

logger = logging.getLogger(__name__)

BEFORE = timedelta(minutes=5)
"""How much earlier than its mailbox a mail may be that is fetched at the first look: clocks differ."""
Go = Callable[[], bool]


def fetch(mailbox: Mailbox, session: Session, goes_on: Go = lambda: True) -> int:
    """Fetch what is new, as long as it goes on; says how many mails came in. Raises MailServerError, OSError, OperationalError."""
    status = session.status()
    if mailbox.uid_validity != status.uid_validity:
        count = _look_through(mailbox, session, status.uid_validity, goes_on)
        if goes_on():
            _note(mailbox, uid_validity=status.uid_validity, last_uid=status.uid_next - 1)
    else:
        count = 0
        for header in session.headers_since(mailbox.last_uid + 1):
            if not goes_on():
                break
            count += _take(mailbox, session, header, status.uid_validity)
            mailbox.last_uid = header.uid
            _move(mailbox)
    _note(mailbox, next_uid=session.status().uid_next if count else status.uid_next)
    return count


def backfill(mailbox: Mailbox, session: Session, days: int, goes_on: Go = lambda: True) -> int:
    """Fetch the mails of the last days, without those that are here; says how many mails came in."""
    status = session.status()
    found = [*session.since(clock.now() - timedelta(days=days))]
    _note(mailbox, backfill_total=len(found), backfill_done=0)
    count = 0
    for number, header in enumerate(found, 1):
        if not goes_on():
            return count
        if not _is_known(mailbox, header, status.uid_validity):
            count += _take(mailbox, session, header, status.uid_validity)
        if number % 20 == 0 or number == len(found):
            _note(mailbox, backfill_done=number)
    _note(mailbox, backfill_days=None)
    return count


def _look_through(mailbox: Mailbox, session: Session, uid_validity: int, goes_on: Go) -> int:
    """The folder is new to the desk, or its UIDs are: fetch what came since the mailbox is here and is not known."""
    count = 0
    for header in session.since(mailbox.created_at - BEFORE):
        if not goes_on():
            break
        if not _is_known(mailbox, header, uid_validity):
            count += _take(mailbox, session, header, uid_validity)
    return count


def _is_known(mailbox: Mailbox, header: Header, uid_validity: int) -> bool:
    """Whether a mail was fetched before: by its UID, else by its Message-ID and size, which a moved folder keeps."""
    rows = InboundMail.objects.filter(mailbox=mailbox)
    if rows.filter(uid_validity=uid_validity, uid=header.uid).exists():
        return True
    key = ids.key(header.message_id)
    return bool(key) and rows.filter(message_key=key, size=header.size).exists()


def _take(mailbox: Mailbox, session: Session, header: Header, uid_validity: int) -> int:
    """Keep a mail and read it; 1 for one that came in, 0 for one that is gone by now."""
    try:
        raw = session.raw(header.uid)
    except NotUnderstood:
        logger.warning("mail_unreadable mailbox=%s uid=%s", mailbox.pk, header.uid)
        receiving.accept(mailbox=mailbox, raw=b"", source=MailSource.IMAP, uid=header.uid, uid_validity=uid_validity)
        return 1
    if raw is None:
        return 0
    receiving.accept(
        mailbox=mailbox,
        raw=raw.data,
        source=MailSource.IMAP,
        uid=header.uid,
        uid_validity=uid_validity,
        internal_at=_within(raw.received_at),
        is_cut=not raw.is_whole,
    )
    return 1


def _within(moment: datetime | None) -> datetime | None:
    """A server's moment, unless its clock is absurd."""
    return moment if moment is not None and moment.year > 1980 else None


def _move(mailbox: Mailbox) -> None:
    """The cursor of another worker may be further by now."""
    rows = Mailbox.objects.filter(pk=mailbox.pk, uid_validity=mailbox.uid_validity)
    rows.update(last_uid=Greatest(F("last_uid"), mailbox.last_uid))


def _note(mailbox: Mailbox, **values: object) -> None:
    Mailbox.objects.filter(pk=mailbox.pk).update(**values)
    for name, value in values.items():
        setattr(mailbox, name, value)
