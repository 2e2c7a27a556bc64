"""Mails that the desk sends by itself, from a mailbox: that a mail has come in. Replies go by the outbox, also those that an earlier
version has queued as mails."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage

from accounts import clock, mailing, tenancy
from accounts.models import QueuedMail
from accounts.permissions import Actor
from conversations import actions
from conversations.channels.email import logins, outbound
from conversations.channels.email.sending import MailboxBackend
from conversations.mail.parsed import HOPS
from conversations.models import Conversation, Handler, InboundMail, Message

DEFAULT = "Thank you for your message. We have received it and will reply as soon as we can."


@mailing.kind("acknowledgement")
def acknowledgements(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Acknowledgements of mails that began a conversation; none for what is gone or is spam by now."""
    mails = InboundMail.objects.select_related("mailbox").in_bulk([row.about["mail_id"] for row in rows])
    ids = [row.about["conversation_id"] for row in rows]
    conversations = Conversation.objects.select_related("contact", "workspace").in_bulk(ids)
    found = {}
    for row in rows:
        mail, conversation = mails.get(row.about["mail_id"]), conversations.get(row.about["conversation_id"])
        if mail is not None and conversation is not None and conversation.handler != Handler.NOBODY:
            found[row.pk] = _acknowledgement(mail, conversation, row.about.get("hops", 1))
    return found


def _acknowledgement(mail: InboundMail, conversation: Conversation, hops: int) -> EmailMessage:
    mailbox = mail.mailbox
    text = mailbox.acknowledgement.strip() or DEFAULT
    sent = EmailMessage(
        subject=outbound.answer_to(conversation.subject),
        body=f"{text}\n\n#{conversation.number} · {mailbox.name or conversation.workspace.name}\n",
        from_email=outbound.named(mailbox.name or conversation.workspace.name, mailbox.address),
        to=[conversation.contact.email],
        headers={
            **outbound.threaded(mail, conversation, mailbox),
            "Auto-Submitted": "auto-replied",
            "X-Auto-Response-Suppress": "OOF, AutoReply",
            HOPS: str(hops),
        },
    )
    if logins.smtp(mailbox) is not None:
        sent.connection = MailboxBackend(mailbox)
    return sent


@mailing.kind("reply")
def replies(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Put the replies into the outbox; no mail is sent from here."""
    by = Actor.system(tenancy.current().pk)
    for message in Message.objects.filter(pk__in=[row.about["message_id"] for row in rows]).order_by("pk"):
        actions.deliver(message=message, by=by, at=clock.now())
    return {}
