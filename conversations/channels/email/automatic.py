"""Mails that no person wrote: whom they come from, that no program is to answer them, and by which server they leave."""

from __future__ import annotations

from collections.abc import Mapping

from django.core.mail import EmailMultiAlternatives

from accounts.models import Workspace
from conversations.channels.email import logins, outbound
from conversations.channels.email.sending import MailboxBackend
from conversations.models import Mailbox

GENERATED, REPLIED = "auto-generated", "auto-replied"
"""What RFC 3834 has in Auto-Submitted: a mail by itself, and one in answer to something."""


def sender_name(mailbox: Mailbox | None, workspace: Workspace) -> str:
    """The name that customers see."""
    return (mailbox.name if mailbox is not None else "") or workspace.name


def sender_address(mailbox: Mailbox | None) -> str:
    """The mailbox's address; the installation's where no mailbox sends."""
    return mailbox.address if mailbox is not None else outbound.installation_address()


def compose(
    mailbox: Mailbox | None,
    workspace: Workspace,
    *,
    to: str,
    subject: str,
    body: str,
    submitted: str = GENERATED,
    headers: Mapping[str, str] | None = None,
) -> EmailMultiAlternatives:
    """A mail of a workspace to one address. It leaves by the mailbox, where that has a server, else by the installation's."""
    mail = EmailMultiAlternatives(
        subject=subject,
        body=body,
        from_email=outbound.named(sender_name(mailbox, workspace), sender_address(mailbox)),
        to=[to],
        headers={**(headers or {}), "Auto-Submitted": submitted, "X-Auto-Response-Suppress": "OOF, AutoReply"},
    )
    if mailbox is not None and logins.smtp(mailbox) is not None:
        mail.connection = MailboxBackend(mailbox)
    return mail
