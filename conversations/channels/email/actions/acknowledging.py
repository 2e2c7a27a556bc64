"""Whether a mail is acknowledged by the desk itself: never one of a program, and never one too many."""

from __future__ import annotations

from datetime import datetime

from accounts import mailing
from conversations.actions import automatic_mails
from conversations.mail.parsed import ParsedMail
from conversations.models import Contact, Conversation, InboundMail


def acknowledge(
    mail: InboundMail, conversation: Conversation, contact: Contact, parsed: ParsedMail, *, at: datetime
) -> bool:
    """Queue the mailbox's acknowledgement of a new conversation, if it has one and the sender may get it."""
    if (
        not mail.mailbox.acknowledges
        or not contact.email
        or parsed.return_path == ""
        or not automatic_mails.may_send(contact.email, at)
    ):
        return False
    automatic_mails.note_sent(mail.workspace_id, contact.email, "acknowledgement", at)
    mailing.queue("acknowledgement", {"mail_id": mail.pk, "conversation_id": conversation.pk, "hops": parsed.hops + 1})
    return True
