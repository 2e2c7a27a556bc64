"""Replies that earlier versions have queued as mails of this kind: they go into the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage

from accounts import clock, mailing, tenancy
from accounts.models import QueuedMail
from accounts.permissions import Actor
from conversations import actions
from conversations.models import Message


@mailing.kind("reply")
def replies(rows: Sequence[QueuedMail]) -> dict[int, EmailMessage]:
    """Put the replies into the outbox; no mail is sent from here."""
    by = Actor.system(tenancy.current().pk)
    for message in Message.objects.filter(pk__in=[row.about["message_id"] for row in rows]).order_by("pk"):
        actions.deliver(message=message, by=by, at=clock.now())
    return {}
