"""Whether a mail is acknowledged by the desk itself: never one of a program, and never one too many."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts import mailing
from conversations.mail.parsed import ParsedMail
from conversations.models import AutomaticMail, Contact, Conversation, InboundMail, SuppressedAddress

MOST_A_DAY = 3
"""How many mails that no person wrote an address gets in 24 hours: two programs that answer each other stop there."""


def acknowledge(
    mail: InboundMail, conversation: Conversation, contact: Contact, parsed: ParsedMail, *, at: datetime
) -> bool:
    """Queue the mailbox's acknowledgement of a new conversation, if it has one and the sender may get it."""
    if (
        not mail.mailbox.acknowledges
        or not contact.email
        or parsed.return_path == ""
        or not may_send(contact.email, at)
    ):
        return False
    note_sent(mail.workspace_id, contact.email, "acknowledgement", at)
    mailing.queue("acknowledgement", {"mail_id": mail.pk, "conversation_id": conversation.pk, "hops": parsed.hops + 1})
    return True


def may_send(address: str, at: datetime) -> bool:
    """Whether the address may get another mail that no person wrote."""
    if SuppressedAddress.objects.filter(address=address).exists():
        return False
    rows = AutomaticMail.objects.filter(address=address, sent_at__gte=at - timedelta(days=1)).exclude(kind="received")
    return rows.count() < MOST_A_DAY


def note_sent(workspace_id: int, address: str, kind: str, at: datetime) -> None:
    """Count a mail that no person wrote."""
    AutomaticMail.objects.create(workspace_id=workspace_id, address=address, kind=kind, sent_at=at)
