"""Jobs of this channel: sending a reply, and trying again while the mail server is away."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.models import Workspace
from accounts.permissions import Actor
from conversations import actions
from conversations.channels.email import outbound
from conversations.models import (
    DeliveryStatus,
    Message,
)

logger = logging.getLogger(__name__)

MAIL_ATTEMPTS = 8


class MailDelayed(Exception):
    """The mail server did not take a mail; it is tried again with growing pauses."""


@app.task(
    name="mail_reply",
    pass_context=True,
    retry=RetryStrategy(max_attempts=MAIL_ATTEMPTS, exponential_wait=4, retry_exceptions=[MailDelayed]),
)
def mail_reply(context: JobContext, /, *, workspace_id: int, message_id: int, **future: Any) -> None:
    """Send a reply by mail, trying for about an hour; a reply that cannot be sent is marked so in its thread."""
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace):
        rows = Message.objects.select_related("conversation__contact", "workspace")
        message = rows.filter(pk=message_id).first()
        if message is None:
            return
        by, at = Actor.system(workspace_id), clock.now()
        try:
            outbound.mail(message).send()
        except (OSError, SMTPException, ValueError) as error:
            attempts = context.job.attempts if context.job else 0
            if attempts + 1 < MAIL_ATTEMPTS:
                raise MailDelayed from error
            logger.warning("mail_failed message=%s error=%s", message_id, type(error).__name__)
            actions.set_delivery(message=message, status=DeliveryStatus.FAILED, by=by, at=at)
            return
        actions.set_delivery(message=message, status=DeliveryStatus.DELIVERED, by=by, at=at)
