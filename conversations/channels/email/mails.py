"""The mails of this channel: a reply to its customer. One that cannot be sent is marked so in its thread."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage

from accounts import clock, mailing
from accounts.models import QueuedMail
from accounts.permissions import Actor
from conversations import actions
from conversations.channels.email import outbound
from conversations.models import DeliveryStatus, Message


def _mark(row: QueuedMail) -> None:
    message = Message.objects.filter(pk=row.about["message_id"]).first()
    if message is not None:
        by = Actor.system(row.workspace_id)
        actions.set_delivery(message=message, status=DeliveryStatus.FAILED, by=by, at=clock.now())


@mailing.kind("reply", given_up=_mark)
def replies(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Replies as mails; nothing for a message that is gone."""
    mails = outbound.mails([row.about["message_id"] for row in rows])
    return {row.pk: mails[pk] for row in rows if (pk := row.about["message_id"]) in mails}
