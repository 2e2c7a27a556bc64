"""What a webhook or the door did not take: noted on the mailbox, so that its health says what was thrown away and why."""

from __future__ import annotations

import logging
from datetime import datetime

from accounts import transaction
from conversations.models import Inbound, Mailbox

logger = logging.getLogger(__name__)

FAILURES = frozenset({"not_signed", "not_fetched", "not_confirmed"})
"""The codes of refusals that go on until a setting is changed."""


@transaction.atomic
def note(mailbox: Mailbox, code: str, reason: str, at: datetime) -> None:
    """Count one more refusal. `reason` is a sentence without addresses and secrets.

    Where somebody has to mend something, the mailbox counts as failing until something is taken again; one that is fetched has
    its own reasons.
    """
    logger.warning("mail_refused mailbox=%s code=%s", mailbox.pk, code)
    row = transaction.held(mailbox)
    known = row.refusals.get(code, {})
    row.refusals[code] = {"count": int(known.get("count", 0)) + 1, "last_at": at.isoformat(), "reason": reason}
    if code in FAILURES and row.inbound != Inbound.IMAP:
        row.failing_since, row.failure = row.failing_since or at, reason
    row.save(update_fields=["refusals", "failing_since", "failure"])


def taken(mailbox: Mailbox) -> None:
    """Something was taken just now: what was wrong is over. When a mail came in last, `receiving` notes."""
    rows = Mailbox.objects.filter(pk=mailbox.pk, failing_since__isnull=False).exclude(inbound=Inbound.IMAP)
    rows.update(failing_since=None, failure="")
