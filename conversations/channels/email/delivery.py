"""Delivering by mail."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException, SMTPServerDisconnected

from accounts import mailing
from conversations.channels import leases
from conversations.channels.email import outbound
from conversations.channels.results import NotSent, Result, Sent
from conversations.models import Channel, Conversation, Delivery

NOBODY = NotSent("no_address", "There is no address to which it can be sent.", is_permanent=True)
AWAY = NotSent("server_away", "The mail server cannot be reached.", is_permanent=False)


def takes(conversation: Conversation) -> bool:
    """Whether replies go to the customer by mail."""
    return conversation.channel in (Channel.EMAIL, Channel.FORM) and bool(conversation.contact.email)


def was_taken(delivery: Delivery) -> bool | None:
    """A mail server does not tell: the mail is sent again under the same Message-ID."""
    return None


def deliver(deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, Result]]:
    """Send replies as mails, by one connection to the mail server."""
    mails = outbound.compose(deliveries)
    with mailing.line() as line:
        for one in deliveries:
            composed = mails.get(one.pk)
            if composed is None:
                yield one, NOBODY
            elif line.reach() is not None:
                yield one, AWAY
            elif leases.handed(one):
                error = line.send(composed.mail)
                yield one, Sent(composed.message_id) if error is None else _refused(error)


def _refused(error: Exception) -> NotSent:
    """What a mail server has answered, in plain words; nothing of what it says about addresses."""
    codes: list[int] = []
    if isinstance(error, SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        what = "The mail server refused the customer's address"
    elif isinstance(error, SMTPResponseException):
        codes = [int(error.smtp_code)]
        what = "The mail server refused the mail"
    if codes:
        is_permanent = all(code >= 500 for code in codes)
        return NotSent(f"smtp_{codes[0]}", f"{what} ({codes[0]}).", is_permanent)
    if isinstance(error, (SMTPServerDisconnected, OSError, SMTPException)):
        return NotSent("server_away", "The mail server ended the connection.", False, is_uncertain=True)
    raise error
