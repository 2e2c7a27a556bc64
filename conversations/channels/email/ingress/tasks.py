"""Jobs of webhooks: fetching a mail that a provider keeps, and confirming a subscription."""

from __future__ import annotations

import json
from typing import Any

from django.db import InterfaceError, OperationalError
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from accounts import clock, sealed, tenancy
from accounts.models import Workspace
from conversations.channels.email import receiving, refusing, webhook_keys
from conversations.channels.email.ingress import fetching, kept_by_resend, sns
from conversations.channels.email.ingress.fetching import Unreachable
from conversations.models import Mailbox, MailSource

ATTEMPTS = 8
_RETRY = RetryStrategy(
    max_attempts=ATTEMPTS,
    exponential_wait=4,  # six hours in all
    retry_exceptions=[Unreachable, OSError, OperationalError, InterfaceError],
)
_TIMEOUT = 20.0  # seconds


@app.task(name="fetch_from_resend", retry=_RETRY, pass_context=True)
def fetch_from_resend(
    context: JobContext, /, *, workspace_id: int, mailbox_id: int, email_id: str, **future: Any
) -> None:
    """Fetch a mail from Resend, and take it in. What cannot be fetched in the end is set aside with the reason."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        mailbox = Mailbox.objects.select_related("workspace").filter(pk=mailbox_id).first()
        if mailbox is None:
            return
        try:
            raw = kept_by_resend.fetch(email_id, _key(mailbox))
        except Unreachable as error:
            reason = f"A mail cannot be fetched from Resend: {error}."
            refusing.note(mailbox, "not_fetched", reason, clock.now())
            if context.job.attempts < ATTEMPTS:
                raise
            about = json.dumps({"provider": "resend", "email_id": email_id}).encode()
            receiving.set_aside(
                mailbox=mailbox, raw=about, source=MailSource.INGRESS, code="not_fetched", reason=reason
            )
            return
        receiving.accept(mailbox=mailbox, raw=raw, source=MailSource.INGRESS)
        refusing.taken(mailbox)


def _key(mailbox: Mailbox) -> str:
    try:
        key = mailbox.secrets.get(webhook_keys.RESEND_API)
    except sealed.Unreadable as error:
        raise Unreachable("the key that sealed the API key is gone: enter it again") from error
    if not key:
        raise Unreachable("the mailbox has no API key of Resend")
    return str(key)


@app.task(name="confirm_at_amazon", retry=_RETRY)
def confirm_at_amazon(*, workspace_id: int, mailbox_id: int, url: str, **future: Any) -> None:
    """Confirm that this desk takes the messages of a topic of Amazon SNS."""
    if not sns.is_of_amazon(url):
        return
    answer = fetching.get(url, largest=64 * 1024, timeout=_TIMEOUT)
    if answer.status >= 500:
        raise Unreachable(f"status {answer.status}")
    if answer.status != 200:
        with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
            mailbox = Mailbox.objects.filter(pk=mailbox_id).first()
            if mailbox is not None:
                reason = "Amazon SNS did not accept the confirmation of its subscription: request it again there."
                refusing.note(mailbox, "not_confirmed", reason, clock.now())
