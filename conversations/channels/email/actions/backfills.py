"""Backfills: mails of the last days, which came before the mailbox was connected or were missed."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Invalid
from accounts.permissions import Actor, permit
from conversations import events
from conversations.channels.email.actions import checking
from conversations.models import Inbound, Mailbox

MOST_DAYS = 3650


@transaction.atomic
def request_backfill(*, mailbox: Mailbox, days: int, by: Actor, at: datetime) -> Mailbox:
    """Have the mails of the last days fetched; those that are known are left out. Raises Invalid."""
    permit(by, "mailbox.manage", mailbox)
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"choose 1 to {MOST_DAYS} days", field="days")
    mailbox = checking.held(mailbox)
    if mailbox.inbound != Inbound.IMAP:
        raise Invalid("only mail that is fetched by IMAP can be fetched again", field="days")
    mailbox.backfill_days, mailbox.backfill_done, mailbox.backfill_total = days, 0, None
    mailbox.save(update_fields=["backfill_days", "backfill_done", "backfill_total"])
    journal.record(events.BACKFILL_REQUESTED, mailbox, by=by, at=at, days=days)
    return mailbox


@transaction.atomic
def cancel_backfill(*, mailbox: Mailbox, by: Actor, at: datetime) -> Mailbox:
    """Fetch no more earlier mails; what has been fetched stays."""
    permit(by, "mailbox.manage", mailbox)
    mailbox = checking.held(mailbox)
    if mailbox.backfill_days is None:
        return mailbox
    mailbox.backfill_days = mailbox.backfill_total = None
    mailbox.save(update_fields=["backfill_days", "backfill_total"])
    journal.record(events.BACKFILL_CANCELLED, mailbox, by=by, at=at)
    return mailbox
