"""Taking replies to their customers as mails: those of conversations that came by mail, by a form, or as a callback."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from accounts import mailing
from conversations.channels import leases
from conversations.channels.email import logins, outbound
from conversations.channels.email.actions import suppressing
from conversations.channels.email.outbound import Composed
from conversations.channels.email.sending import Lines
from conversations.channels.email.wire import imap, refusals, smtp
from conversations.channels.email.wire.errors import LoginRefused, MailServerError
from conversations.channels.email.wire.refusals import Cause, Refusal
from conversations.channels.results import NotSent, Result, Sent
from conversations.models import Channel, Conversation, Delivery, Inbound, Message, MessageKind, SenderKind

logger = logging.getLogger(__name__)

CHANNELS = (Channel.EMAIL, Channel.FORM, Channel.CALLBACK, Channel.MANUAL)
"""Channels whose customers get replies by mail as soon as they have an address."""
TAKES_OTHERS = True
NOBODY = NotSent("no_recipient", "No recipient can get mail: their addresses are suppressed, or there are none.", True)
AWAY = NotSent("connection", "The mail server cannot be reached.", False, concerns_all=True)


def takes(conversation: Conversation) -> bool:
    """Whether the customer gets replies by mail. In a chat they are in the chat at once, and go by mail only where the customer has
    answered by mail; those that the customer does not see are mailed later (`unseen`).

    A mail whose sender has no address that works is answered by mail, too, which then fails for everybody to see.
    """
    if conversation.channel == Channel.EMAIL and conversation.mailbox_id is not None:
        return True
    if not conversation.contact.email:
        return False
    if conversation.channel == Channel.CHAT:
        return _answers_by_mail(conversation)
    return conversation.channel in CHANNELS or conversation.mailbox_id is not None


def _answers_by_mail(conversation: Conversation) -> bool:
    """Whether the customer's last message came as a mail."""
    written = Message.objects.filter(
        conversation=conversation, kind=MessageKind.MESSAGE, sender_kind=SenderKind.CUSTOMER
    )
    last = written.order_by("-id").values_list("entry_point__channel", flat=True).first()
    return last == Channel.EMAIL


def deliver(deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, Result]]:
    """Send replies of one workspace, those of a mailbox over one connection."""
    composed = _composed(deliveries)
    with Lines() as lines, mailing.line() as installation:
        for delivery in deliveries:
            found = composed.get(delivery.pk, NOBODY)
            reached = _reach(found, lines, installation) if isinstance(found, Composed) else found
            if isinstance(reached, NotSent):
                yield delivery, reached
            elif leases.handed(delivery):
                yield delivery, reached()


def was_taken(delivery: Delivery) -> bool | None:
    """Whether the mail of a delivery is in its mailbox, where servers keep what they send; None where that cannot be seen."""
    composed = _composed([delivery]).get(delivery.pk)
    if composed is None or isinstance(composed, NotSent):
        return None
    mailbox = composed.mailbox
    if mailbox is None or mailbox.inbound != Inbound.IMAP or not mailbox.imap:
        return None
    try:
        with imap.connect(*logins.imap(mailbox)) as session:
            return True if session.search_message_id(composed.message_id) else None
    except (MailServerError, OSError):
        return None


def _composed(deliveries: Sequence[Delivery]) -> dict[int, Composed | NotSent]:
    """The mails; one that cannot be composed holds up no other."""
    try:
        return dict(outbound.compose(deliveries))
    except Exception:
        if len(deliveries) > 1:
            return {pk: found for one in deliveries for pk, found in _composed([one]).items()}
        logger.exception("mail_not_composed delivery=%s", deliveries[0].pk)
        return {deliveries[0].pk: NotSent("not_composed", "The desk could not make a mail of this reply.", False)}


def _reach(composed: Composed, lines: Lines, installation: mailing.Line) -> Callable[[], Result] | NotSent:
    """What hands the mail over to its server, once there is a connection; why there is none."""
    try:
        line = lines.of(composed.mailbox) if composed.mailbox is not None else None
        if line is None:
            error = installation.reach()
            return AWAY if error is not None else partial(_by_installation, installation, composed)
        line.open()
    except MailServerError as error:
        code = "login" if isinstance(error, LoginRefused) else "connection"
        return NotSent(code, error.reason, False, concerns_all=True)
    return lambda: _result(
        composed, line.send(composed.sender, composed.recipients, composed.mail.message().as_bytes())
    )


def _result(composed: Composed, outcome: smtp.Outcome) -> Result:
    for address, refusal in outcome.refused.items():
        if refusal.is_permanent and refusal.cause is Cause.ADDRESS:
            suppressing.note(address, refusal.reason, refusal.enhanced or str(refusal.code or ""))
    first = composed.recipients[0]
    if outcome.accepted and (first in outcome.accepted or not outcome.refused[first].is_permanent):
        return Sent(composed.message_id)
    failure = outcome.refused.get(first) or outcome.failure
    return NotSent(_code(failure), failure.reason if failure else "The server did not take the mail.",
                   bool(failure and failure.is_permanent), outcome.is_uncertain)  # fmt: skip


def _code(failure: Refusal | None) -> str:
    return failure.cause.value if failure is not None else Cause.SERVER.value


def _by_installation(line: mailing.Line, composed: Composed) -> Result:
    """By the mail server of the installation, for mailboxes without one of their own."""
    mail = composed.mail
    # The sender of the envelope is not the one that people see.
    mail.extra_headers = {**mail.extra_headers, "From": mail.from_email}
    mail.from_email = composed.sender
    mail.bcc = [one for one in composed.recipients if one not in (*mail.to, *mail.cc)]
    error = line.send(mail)
    if error is None:
        return Sent(composed.message_id)
    return _refused(error) if isinstance(error, smtplib.SMTPRecipientsRefused) else _failed(error)


def _refused(error: smtplib.SMTPRecipientsRefused) -> NotSent:
    for address, (code, reply) in error.recipients.items():
        refusal = refusals.of_reply(code, reply, at_recipient=True)
        if refusal.is_permanent and refusal.cause is Cause.ADDRESS:
            suppressing.note(address, refusal.reason, refusal.enhanced or str(code))
        return NotSent(refusal.cause.value, refusal.reason, refusal.is_permanent)
    return NotSent(Cause.SERVER.value, refusals.plain(Cause.SERVER, is_permanent=False), False)


def _failed(error: Exception) -> NotSent:
    """It may have been taken where the connection ended before the answer."""
    if isinstance(error, smtplib.SMTPResponseException):
        refusal = refusals.of_reply(error.smtp_code, error.smtp_error)
        return NotSent(refusal.cause.value, refusal.reason, refusal.is_permanent)
    if isinstance(error, (OSError, smtplib.SMTPException)):
        return NotSent(Cause.CONNECTION.value, "The mail server ended the connection.", False, is_uncertain=True)
    raise error
