"""The mail with a link to earlier conversations. Only who reads the address's mail gets it; it repeats nothing that was written."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage

from accounts import clock, mailing
from accounts.models import QueuedMail
from conversations.channels.email import automatic
from conversations.chat import restores
from conversations.chat.actions.restoring import MAIL
from conversations.models import ChatRestore, Mailbox
from conversations.queries import mailboxes

_BODY = """\
Someone asked to open your earlier conversations with {workspace} in a browser. If it was you, follow this link in that browser:

{link}

It works once, within {minutes} minutes. If it was not you, ignore this email: nobody else gets the link.
"""


@mailing.kind(MAIL)
def links(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Mails with links that still open something."""
    found = ChatRestore.objects.select_related("workspace").in_bulk([row.about["restore_id"] for row in rows])
    mailbox = mailboxes.automatic()
    if not mailboxes.can_send():
        return {}
    mails = {}
    for row in rows:
        link = found.get(row.about["restore_id"])
        if link is not None and _is_good(link):
            mails[row.pk] = _mail(link, mailbox)
    return mails


def _is_good(link: ChatRestore) -> bool:
    """The link is not over, and the secret of which its token is made is still the one that made it."""
    is_over = link.used_at is not None or link.expires_at <= clock.now()
    return not is_over and restores.hash_of(restores.token_of(link)) == link.token_hash


def _mail(link: ChatRestore, mailbox: Mailbox | None) -> EmailMessage:
    name = link.workspace.name
    minutes = int(restores.LIFETIME.total_seconds() // 60)
    return automatic.compose(
        mailbox,
        link.workspace,
        to=link.email,
        subject=f"Your conversations with {name}",
        body=_BODY.format(workspace=name, link=restores.address_of(link), minutes=minutes),
    )
