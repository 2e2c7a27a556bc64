"""Mails to members: conversations that were assigned to them, mailboxes that have to be reconnected."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage

from accounts import mailing, tenancy
from accounts.models import QueuedMail, User
from conversations.models import Conversation, Mailbox, MailboxState


@mailing.kind("assignment")
def assignments(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Says that a conversation was assigned to the member, unless it has been reassigned since."""
    conversations = Conversation.objects.select_related("contact").in_bulk(
        [row.about["conversation_id"] for row in rows]
    )
    users = User.objects.filter(is_active=True).in_bulk([row.about["user_id"] for row in rows])
    found = {}
    for row in rows:
        conversation, user = conversations.get(row.about["conversation_id"]), users.get(row.about["user_id"])
        if conversation is not None and user is not None and conversation.assignee_id == user.pk:
            found[row.pk] = _assignment(conversation, user)
    return found


def _assignment(conversation: Conversation, user: User) -> EmailMessage:
    workspace = tenancy.current()
    return EmailMessage(
        subject=f"[{workspace.name}] Assigned to you: #{conversation.number} {' '.join(conversation.subject.split())[:120]}",
        body=(
            f"{conversation.contact.display_name} wrote:\n\n{conversation.preview}\n\n"
            f"{settings.PUBLIC_URL}/w/{workspace.slug}/inbox/{conversation.number}\n"
        ),
        to=[user.email],
    )


@mailing.kind("mailbox_disconnected")
def lost_mailboxes(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Says that a mailbox has to be reconnected, unless it has been since."""
    lost = Mailbox.objects.filter(state=MailboxState.DISCONNECTED)
    mailboxes = lost.in_bulk([row.about["mailbox_id"] for row in rows])
    users = User.objects.filter(is_active=True).in_bulk([row.about["user_id"] for row in rows])
    found = {}
    for row in rows:
        mailbox, user = mailboxes.get(row.about["mailbox_id"]), users.get(row.about["user_id"])
        if mailbox is not None and user is not None:
            found[row.pk] = _lost(mailbox, user)
    return found


def _lost(mailbox: Mailbox, user: User) -> EmailMessage:
    workspace = tenancy.current()
    return EmailMessage(
        subject=f"[{workspace.name}] Reconnect {mailbox.address}",
        body=(
            f"The mailbox {mailbox.address} can no longer be read. {mailbox.failure}\n\n"
            "Mail waits on its server until you reconnect the mailbox:\n"
            f"{settings.PUBLIC_URL}/w/{workspace.slug}/settings/mailboxes/{mailbox.public_id}\n"
        ),
        to=[user.email],
    )
