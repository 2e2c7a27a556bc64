"""Taking replies to their customers as mails: those of conversations that came by mail, by a form, or as a callback."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterator, Sequence
from contextlib import suppress

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from conversations.channels import leases
from conversations.channels.email import logins, outbound, suppressing
from conversations.channels.email.outbound import Composed
from conversations.channels.email.sending import Lines
from conversations.channels.email.wire import imap, refusals, smtp
from conversations.channels.email.wire.errors import LoginRefused, MailServerError
from conversations.channels.email.wire.refusals import Cause, Refusal
from conversations.channels.results import NotSent, Result, Sent
from conversations.models import Channel, Conversation, Delivery, Inbound

logger = logging.getLogger(__name__)

CHANNELS = (Channel.EMAIL, Channel.FORM, Channel.CALLBACK)
NOBODY = NotSent("no_recipient", "No recipient can get mail: their addresses are suppressed, or there are none.", True)


def takes(conversation: Conversation) -> bool:
    """Whether the customer gets replies by mail."""
    return conversation.channel in CHANNELS and bool(conversation.contact.email)


def deliver(deliveries: Sequence[Delivery]) -> Iterator[tuple[Delivery, Result]]:
    """Send replies of one workspace, those of a mailbox over one connection."""
    composed = _composed(deliveries)
    with Lines() as lines, _Installation() as installation:
        for delivery in deliveries:
            found = composed.get(delivery.pk, NOBODY)
            if isinstance(found, NotSent):
                yield delivery, found
            elif leases.handed(delivery):
                yield delivery, _send(found, lines, installation)


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


def _send(composed: Composed, lines: Lines, installation: _Installation) -> Result:
    try:
        line = lines.of(composed.mailbox) if composed.mailbox is not None else None
    except MailServerError as error:
        return NotSent("login" if isinstance(error, LoginRefused) else "connection", error.reason, False)
    if line is None:
        return installation.send(composed)
    data = composed.mail.message().as_bytes(linesep="\r\n")
    outcome = line.send(composed.sender, composed.recipients, data)
    return _result(composed, outcome)


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


class _Installation:
    """The mail server of the installation, for mailboxes without one of their own: one connection for all."""

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None

    def __enter__(self) -> _Installation:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def send(self, composed: Composed) -> Result:
        """Send a mail by it."""
        mail = composed.mail
        mail.extra_headers = {**mail.extra_headers, "From": mail.from_email}
        mail.from_email, mail.bcc = (
            composed.sender,
            [one for one in composed.recipients if one not in (*mail.to, *mail.cc)],
        )
        try:
            if self._backend is None:
                self._backend = get_connection()
                self._backend.open()
            self._backend.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as error:
            self.close()
            return _refused(error)
        except Exception as error:  # whatever is wrong with one mail is not with the others
            self.close()
            return _failed(error)
        return Sent(composed.message_id)

    def close(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None:
            with suppress(OSError, smtplib.SMTPException):
                backend.close()


def _refused(error: smtplib.SMTPRecipientsRefused) -> NotSent:
    for address, (code, reply) in error.recipients.items():
        refusal = refusals.of_reply(code, reply, at_recipient=True)
        if refusal.is_permanent and refusal.cause is Cause.ADDRESS:
            suppressing.note(address, refusal.reason, refusal.enhanced or str(code))
        return NotSent(refusal.cause.value, refusal.reason, refusal.is_permanent)
    return NotSent(Cause.SERVER.value, refusals.plain(Cause.SERVER, is_permanent=False), False)


def _failed(error: Exception) -> NotSent:
    if isinstance(error, smtplib.SMTPResponseException):
        refusal = refusals.of_reply(error.smtp_code, error.smtp_error)
        return NotSent(refusal.cause.value, refusal.reason, refusal.is_permanent)
    return NotSent(Cause.CONNECTION.value, refusals.plain(Cause.CONNECTION, is_permanent=False), False)
