"""Jobs that earlier versions have queued: a reply is queued as a mail."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app

from accounts import tenancy
from accounts.models import Workspace
from conversations.channels.email import mails


@app.task(name="mail_reply", retry=5)
def mail_reply(*, workspace_id: int, message_id: int, **future: Any) -> None:
    """Queue the mail of a reply."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        mails.replies.queue({"message_id": message_id})
