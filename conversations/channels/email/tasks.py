"""Jobs that earlier versions have queued: a reply is put into the outbox."""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Message


@app.task(name="mail_reply", retry=5)
def mail_reply(*, workspace_id: int, message_id: int, **future: Any) -> None:
    """Put a reply into the outbox."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        message = Message.objects.filter(pk=message_id).first()
        if message is not None:
            actions.deliver(message=message, by=Actor.system(workspace_id), at=clock.now())
