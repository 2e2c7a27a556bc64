"""Deleting old notifications; and jobs that earlier versions have queued."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.models import Workspace
from conversations.notifications import mails, reading


@app.periodic(cron="41 3 * * *")
@app.task(name="forget_notifications", pass_context=False)
def forget_notifications(timestamp: int = 0) -> None:
    """Delete notifications of more than ninety days, and those of more than thirty that were read as long ago."""
    reading.forget(clock.now())


@app.task(name="mail_assignment", retry=5)
def mail_assignment(*, workspace_id: int, conversation_id: int, user_id: int, **future: Any) -> None:
    """Queue the mail to a member that a conversation was assigned to them."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        mails.assignments.queue({"conversation_id": conversation_id, "user_id": user_id})
