"""Mails that were set aside: tried again, or dismissed."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, outbox, transaction
from accounts.permissions import Actor, permit
from conversations import events
from conversations.models import InboundMail, MailState

DISMISSED = "dismissed"
"""The code of a mail that a member dismissed."""


@transaction.atomic
def retry_mail(*, mail: InboundMail, by: Actor, at: datetime) -> InboundMail:
    """Have a quarantined mail read again, by a job. One that is not quarantined any more stays as it is."""
    permit(by, "mailbox.manage", mail)
    mail = transaction.held(mail)
    if mail.state != MailState.QUARANTINED:
        return mail
    mail.state, mail.code, mail.reason = MailState.STORED, "", ""
    mail.save(update_fields=["state", "code", "reason"])
    outbox.queue("read_mail", workspace_id=mail.workspace_id, mail_id=mail.pk)
    journal.record(events.MAIL_RETRIED, mail, by=by, at=at, mailbox_id=mail.mailbox_id)
    return mail


@transaction.atomic
def dismiss_mail(*, mail: InboundMail, by: Actor, at: datetime) -> InboundMail:
    """Take a quarantined mail off the list; its bytes and the reason are kept."""
    permit(by, "mailbox.manage", mail)
    mail = transaction.held(mail)
    if mail.state != MailState.QUARANTINED:
        return mail
    mail.state, mail.code = MailState.IGNORED, DISMISSED
    mail.save(update_fields=["state", "code"])
    journal.record(events.MAIL_DISMISSED, mail, by=by, at=at, mailbox_id=mail.mailbox_id)
    return mail
