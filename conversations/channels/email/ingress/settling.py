"""What a provider reports about a mail of the desk, noted on the message and on the address."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.permissions import Actor
from conversations.channels.email.actions import reports, suppressing
from conversations.channels.email.ingress.brought import Event
from conversations.mail.reports import reason
from conversations.models import DeliveryState, Mailbox, Message

RECENT = timedelta(days=5)
"""How old a mail may be that is found by its recipient alone: servers try for so long."""
SPAM = "The recipient reported our mail as spam."


def settle(mailbox: Mailbox, event: Event, *, by: Actor, at: datetime) -> Message | None:
    """Mark the message that did not arrive, and send an address nothing more that does not exist or complained.

    The message is found by its Message-ID, by the token of its envelope, or else by its recipient; None where there is none.
    """
    if not event.is_failed and not event.is_unwanted:
        return None
    why = reason(event.status, event.diagnostic) if event.is_failed else SPAM
    message = None
    if event.is_failed:
        message = reports.find(event.message_ids, event.envelope) or _last_sent(mailbox, event.recipient, at)
        if message is not None:
            reports.mark(message, why, by=by, at=at)
    if event.is_unwanted and event.recipient:
        suppressing.note(event.recipient, why, event.status if event.is_failed else "complaint")
    return message


def _last_sent(mailbox: Mailbox, recipient: str, at: datetime) -> Message | None:
    if not recipient:
        return None
    rows = Message.objects.filter(
        conversation__contact__email=recipient,
        delivery__mailbox=mailbox,
        delivery__state=DeliveryState.SENT,
        delivery__settled_at__gte=at - RECENT,
    )
    return rows.select_related("conversation__contact").order_by("-pk").first()
