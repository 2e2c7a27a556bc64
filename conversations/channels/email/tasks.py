"""Jobs of mail: reading one again, and asking the servers of a login that is being set up.

A reply that an earlier version queued as a job goes by the outbox.
"""

from __future__ import annotations

from typing import Any

from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.channels.email import receiving, trials
from conversations.models import InboundMail, Message


@app.task(name="read_mail", retry=3)
def read_mail(*, workspace_id: int, mail_id: int, **future: Any) -> None:
    """Read a mail that is stored and was set aside before."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        mail = InboundMail.objects.select_related("mailbox__workspace").filter(pk=mail_id).first()
        if mail is not None:
            receiving.process(mail)


@app.task(name="mail_reply", retry=5)
def mail_reply(*, workspace_id: int, message_id: int, **future: Any) -> None:
    """Put a reply into the outbox."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        message = Message.objects.filter(pk=message_id).first()
        if message is not None:
            actions.deliver(message=message, by=Actor.system(workspace_id), at=clock.now())


@app.task(name="try_mailbox", queue=trials.QUEUE)
def try_mailbox(*, name: str, **future: Any) -> None:
    """Ask the servers of a form that somebody is filling in."""
    trials.run(name)
