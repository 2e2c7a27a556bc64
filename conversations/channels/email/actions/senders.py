"""Addresses that get no mail any more, and senders whose mail is spam."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from accounts import journal, transaction
from accounts.errors import Conflict
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.channels.email.actions import checking
from conversations.models import BlockedSender, SuppressedAddress

CODE_LIMIT = 20
REASON_LIMIT = 2000


@transaction.atomic
def suppress(
    *, workspace: Workspace, address: str, reason: str, code: str = "", by: Actor, at: datetime
) -> SuppressedAddress:
    """Send an address nothing more. One that is suppressed already keeps its first reason. Raises Invalid."""
    row = SuppressedAddress(workspace=workspace, code=code[:CODE_LIMIT], reason=reason[:REASON_LIMIT], created_at=at)
    permit(by, "mailbox.manage", row)
    row.address = checking.address(address)
    try:
        taken = Conflict("this address is suppressed already", field="address")
        save = partial(row.save, force_insert=True)
        transaction.unless_taken("suppressed_address_unique_per_workspace", taken, save)
    except Conflict:
        return SuppressedAddress.objects.get(address=row.address)
    journal.record(events.ADDRESS_SUPPRESSED, row, by=by, at=at, code=row.code)
    return row


@transaction.atomic
def unsuppress(*, suppressed: SuppressedAddress, by: Actor, at: datetime) -> None:
    """Send mail to an address again. Raises NotFound."""
    permit(by, "mailbox.manage", suppressed)
    suppressed = transaction.held(suppressed)
    journal.record(events.ADDRESS_UNSUPPRESSED, suppressed, by=by, at=at)
    suppressed.delete()


@transaction.atomic
def block_sender(*, workspace: Workspace, pattern: str, by: Actor, at: datetime) -> BlockedSender:
    """Take the mail of an address, or of a domain (`@example.com`), for spam from now on. Raises Invalid."""
    row = BlockedSender(workspace=workspace, created_by_id=by.user_id, created_at=at)
    permit(by, "sender.block", row)
    row.pattern = checking.pattern(pattern)
    try:
        taken = Conflict("this sender is blocked already", field="pattern")
        transaction.unless_taken("blocked_sender_unique_per_workspace", taken, partial(row.save, force_insert=True))
    except Conflict:
        return BlockedSender.objects.get(pattern=row.pattern)
    journal.record(events.SENDER_BLOCKED, row, by=by, at=at)
    return row


@transaction.atomic
def unblock_sender(*, sender: BlockedSender, by: Actor, at: datetime) -> None:
    """Receive a sender's mail again. Raises NotFound."""
    permit(by, "sender.block", sender)
    sender = transaction.held(sender)
    journal.record(events.SENDER_UNBLOCKED, sender, by=by, at=at)
    sender.delete()
