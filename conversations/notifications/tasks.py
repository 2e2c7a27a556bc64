"""Jobs that earlier versions have queued: a notification is queued as a mail."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app

from accounts import tenancy
from accounts.models import Workspace
from conversations.notifications import mails


@app.task(name="mail_assignment", retry=5)
def mail_assignment(*, workspace_id: int, conversation_id: int, user_id: int, **future: Any) -> None:
    """Queue the mail to a member that a conversation was assigned to them."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        mails.assignments.queue({"conversation_id": conversation_id, "user_id": user_id})
