"""Mails to members."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage

from accounts import mailing, tenancy
from accounts.models import QueuedMail, User
from conversations.models import Conversation


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
