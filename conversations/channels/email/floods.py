"""Floods: more mails of one sender in a short time than people write. They are set aside, and none is lost."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from conversations.models import InboundMail, MailSource

CODE = "flood"
SPAN = timedelta(minutes=10)


def reason(mail: InboundMail) -> str | None:
    """Why a mail that is read for the first time is part of a flood, in a sentence; None where it is not.

    Only of what is pushed at the desk: mails that it fetches have waited in a mailbox, however many they are.
    """
    most = settings.MAIL_FLOOD_LIMIT
    if not most or mail.attempts > 1 or mail.source not in (MailSource.INGRESS, MailSource.DOOR):
        return None
    rows = InboundMail.objects.filter(mailbox=mail.mailbox, from_address=mail.from_address).exclude(pk=mail.pk)
    earlier = rows.only("received_at").order_by("-pk")[most - 1 : most].first()
    if earlier is None or mail.received_at - earlier.received_at >= SPAN:
        return None
    minutes = int(SPAN.total_seconds() // 60)
    return f"This sender sent more than {most} mails to this mailbox within {minutes} minutes."
