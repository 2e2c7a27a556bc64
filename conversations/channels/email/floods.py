"""Floods: more mails of one sender in a short time than people write. They are set aside, and none is lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from conversations.models import InboundMail, MailSource

CODE = "flood"
SPAN = timedelta(minutes=10)


def reason(mail: InboundMail) -> str | None:
    """Why a mail that is read for the first time is part of a flood, in a sentence; None where it is not.

    The moment counts at which mails reached the mailbox, so that those which waited there for the desk are no flood; nor are
    those of a backfill, which somebody asked for.
    """
    most = settings.MAIL_FLOOD_LIMIT
    if not most or mail.attempts > 1 or _is_backfilled(mail):
        return None
    rows = InboundMail.objects.filter(mailbox=mail.mailbox, from_address=mail.from_address).exclude(pk=mail.pk)
    earlier = rows.only("internal_at", "received_at").order_by("-pk")[most - 1 : most].first()
    if earlier is None or abs(_moment(mail) - _moment(earlier)) >= SPAN:
        return None
    minutes = int(SPAN.total_seconds() // 60)
    return f"This sender sent more than {most} mails to this mailbox within {minutes} minutes."


def _is_backfilled(mail: InboundMail) -> bool:
    return mail.source == MailSource.IMAP and mail.mailbox.backfill_days is not None


def _moment(mail: InboundMail) -> datetime:
    return mail.internal_at or mail.received_at
