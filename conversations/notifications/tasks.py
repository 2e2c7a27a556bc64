"""Jobs that notify members by mail."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from procrastinate.contrib.django import app

from accounts import tenancy
from accounts.models import User, Workspace
from conversations.models import (
    Conversation,
)


@app.task(name="mail_assignment", retry=5)
def mail_assignment(*, workspace_id: int, conversation_id: int, user_id: int, **future: Any) -> None:
    """Mail a member that a conversation was assigned to them, unless it has been reassigned since."""
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace):
        conversation = (
            Conversation.objects.select_related("contact").filter(pk=conversation_id, assignee=user_id).first()
        )
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if conversation is None or user is None:
            return
        EmailMessage(
            subject=f"[{workspace.name}] Assigned to you: #{conversation.number} {' '.join(conversation.subject.split())[:120]}",
            body=(
                f"{conversation.contact.display_name} wrote:\n\n{conversation.preview}\n\n"
                f"{settings.PUBLIC_URL}/w/{workspace.slug}/inbox/{conversation.number}\n"
            ),
            to=[user.email],
        ).send()
