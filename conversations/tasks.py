"""Work that waits for no request: each task finds its rows by id, in a scope of its own, and may run twice."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.models import User, Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Conversation


@app.task(name="mail_assignment", retry=5)
def mail_assignment(*, workspace_id: int, conversation_id: int, user_id: int, **future: Any) -> None:
    """Tell an operator that a conversation is theirs, unless it has moved on since."""
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace):
        conversation = (
            Conversation.objects.select_related("contact").filter(pk=conversation_id, assignee=user_id).first()
        )
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if conversation is None or user is None:
            return
        EmailMessage(
            subject=f"[{workspace.name}] #{conversation.number} is yours: {' '.join(conversation.subject.split())[:120]}",
            body=(
                f"{conversation.contact.display_name} wrote:\n\n{conversation.preview}\n\n"
                f"{settings.PUBLIC_URL}/w/{workspace.slug}/inbox/{conversation.number}\n"
            ),
            to=[user.email],
        ).send()


@app.periodic(cron="* * * * *")
@app.task(name="wake_snoozed", queueing_lock="wake_snoozed", pass_context=False)
def wake_snoozed(timestamp: int) -> None:
    """Wake every conversation whose moment has come, in all workspaces."""
    at = clock.now()
    due = Conversation.all_workspaces.filter(snoozed_until__lte=at).select_related("workspace")  # one job for all
    for conversation in due.order_by("snoozed_until")[:500]:
        with tenancy.scope(conversation.workspace):
            actions.wake(conversation=conversation, by=Actor.system(conversation.workspace_id), at=at)
