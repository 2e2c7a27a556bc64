"""Handing composed mails to the server of their mailbox, several over one connection."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from conversations.channels.email import logins
from conversations.channels.email.wire import smtp
from conversations.models import Mailbox


class Refused(Exception):
    """A mail that its server did not take."""

    def __init__(self, outcome: smtp.Outcome) -> None:
        super().__init__(outcome.failure.reason if outcome.failure else "")
        self.outcome = outcome


class Lines:
    """The connections of some mailboxes, each opened when it is needed and closed at the end."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._open: dict[int, smtp.Connection] = {}

    def __enter__(self) -> Lines:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def of(self, mailbox: Mailbox) -> smtp.Connection | None:
        """The connection of a mailbox; None where it sends by the installation's server. Raises MailServerError."""
        if mailbox.pk not in self._open:
            found = logins.smtp(mailbox)
            if found is None:
                return None
            self._open[mailbox.pk] = self._stack.enter_context(smtp.Connection(*found))
        return self._open[mailbox.pk]


class MailboxBackend(BaseEmailBackend):
    """Django's way to send a mail, through a mailbox. Raises Refused, and MailServerError."""

    def __init__(self, mailbox: Mailbox, **options: Any) -> None:
        super().__init__(**options)
        self.mailbox = mailbox

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with Lines() as lines:
            line = lines.of(self.mailbox)
            assert line is not None, "this mailbox sends by the installation's server"
            for mail in email_messages:
                outcome = line.send("", mail.recipients(), mail.message().as_bytes())
                if not outcome.accepted:
                    raise Refused(outcome)
        return len(email_messages)
