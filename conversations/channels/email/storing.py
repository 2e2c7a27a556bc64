"""Keeping a mail's bytes before anything is read from them."""

from __future__ import annotations

import uuid
from contextlib import suppress
from datetime import datetime
from hashlib import sha256

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from accounts import clock
from conversations.models import InboundMail, Mailbox, MailSource

NOTHING = sha256(b"").hexdigest()


def keep(
    *,
    mailbox: Mailbox,
    raw: bytes,
    source: MailSource,
    uid: int | None = None,
    uid_validity: int | None = None,
    internal_at: datetime | None = None,
    is_cut: bool = False,
) -> InboundMail:
    """The row of a mail that came in, with its bytes stored; the one that is there where it came by the same way before.

    Raises OSError where the bytes cannot be stored: then nothing is kept, and the sender or the mailbox still has it.
    """
    digest = sha256(raw).hexdigest()
    if (known := _known(mailbox, digest, uid, uid_validity)) is not None:
        return known
    at = clock.now()
    mail = InboundMail(
        workspace_id=mailbox.workspace_id,
        mailbox=mailbox,
        source=source,
        size=len(raw),
        digest=digest,
        is_cut=is_cut,
        uid=uid,
        uid_validity=uid_validity,
        internal_at=internal_at,
        received_at=at,
    )
    mail.raw.save(f"{mailbox.workspace_id}/mail/{at:%Y/%m}/{uuid.uuid4().hex}.eml", ContentFile(raw), save=False)
    try:
        with transaction.atomic():
            mail.save()
    except IntegrityError:  # another worker was faster
        _forget(mail)
        known = _known(mailbox, digest, uid, uid_validity)
        if known is None:
            raise
        return known
    except Exception:
        _forget(mail)
        raise
    return mail


def _known(mailbox: Mailbox, digest: str, uid: int | None, uid_validity: int | None) -> InboundMail | None:
    rows = InboundMail.objects.filter(mailbox=mailbox)
    if uid is not None and (found := rows.filter(uid_validity=uid_validity, uid=uid).first()) is not None:
        return found
    # A server that got no answer sends the same again, and a folder that is numbered anew holds the same.
    return rows.filter(digest=digest).order_by("pk").first() if digest != NOTHING else None


def _forget(mail: InboundMail) -> None:
    with suppress(OSError):
        mail.raw.storage.delete(str(mail.raw.name))
