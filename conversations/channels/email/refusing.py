"""What a webhook or the door did not take: noted on the mailbox, so that its health says what was thrown away and why."""

from __future__ import annotations

import logging
from datetime import datetime

from accounts import transaction
from conversations.models import Mailbox

logger = logging.getLogger(__name__)


@transaction.atomic
def note(mailbox: Mailbox, code: str, reason: str, at: datetime) -> None:
    """Count one more refusal. `reason` is a sentence without addresses and secrets.

    The mailbox counts as failing from the first one on, until something is taken again.
    """
    logger.warning("mail_refused mailbox=%s code=%s", mailbox.pk, code)
    row = transaction.held(mailbox)
    known = row.refusals.get(code, {})
    row.refusals[code] = {"count": int(known.get("count", 0)) + 1, "last_at": at.isoformat(), "reason": reason}
    row.failing_since, row.failure = row.failing_since or at, reason
    row.save(update_fields=["refusals", "failing_since", "failure"])


def taken(mailbox: Mailbox, at: datetime) -> None:
    """Something was taken just now."""
    Mailbox.objects.filter(pk=mailbox.pk).update(read_at=at, received_at=at, failing_since=None, failure="")
