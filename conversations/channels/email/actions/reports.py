"""Reports of delivery (RFC 3464): what they say about a message of the desk, in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.permissions import Actor
from conversations import actions
from conversations.channels.email import ids, tokens
from conversations.channels.email.actions import suppressing
from conversations.mail.parsed import Invitation, ParsedMail
from conversations.mail.reports import DeliveryReport
from conversations.models import Delivery, DeliveryStatus, Message


def apply(report: DeliveryReport, mail: ParsedMail, *, by: Actor, at: datetime) -> Message | None:
    """Note on the message what the report says: that it did not arrive; None where it names no message.

    An address that does not exist gets no more mail. One that could not be reached for days may be there again. A delay
    changes nothing: the mail server goes on trying, and reports again.
    """
    message = find([report.original_message_id], mail.delivered_to)
    if message is None or not report.is_failure:
        return message
    # Everybody who has got a mail knows its id: a report counts for those alone to whom the mail went.
    went_to = _recipients(message)
    if not any(one.address in went_to or not one.address for one in report.recipients if one.action == "failed"):
        return message
    mark(message, in_words(report), by=by, at=at)
    for one in report.recipients:
        if one.is_permanent and one.address in went_to:
            suppressing.note(one.address, one.reason, one.status)
    return message


def _recipients(message: Message) -> set[str]:
    """Everybody to whom the mail of a message went."""
    delivery = Delivery.objects.filter(message=message).first()
    chosen = [*(delivery.to or []), *(delivery.cc or []), *delivery.bcc] if delivery is not None else []
    conversation = message.conversation
    return {one.lower() for one in (conversation.contact.email, *conversation.cc, *chosen) if one}


def mark(message: Message, reason: str, *, by: Actor, at: datetime) -> None:
    """Note that a message did not arrive, and why."""
    delivery = Delivery.objects.filter(message=message).first()
    if delivery is not None:
        actions.mark_failed(delivery=delivery, code="bounced", reason=reason, by=by, at=at)
    else:
        actions.set_delivery(message=message, status=DeliveryStatus.FAILED, by=by, at=at)


def in_words(report: DeliveryReport) -> str:
    """What happened, as agents read it."""
    worst = min(report.recipients, key=lambda one: (not one.is_permanent, one.action != "failed"))
    return worst.reason or "The mail could not be delivered."


def invitation(mail: ParsedMail) -> dict[str, Any] | None:
    """An invitation as a row keeps it; moments as ISO 8601."""
    found: Invitation | None = mail.invitation
    if found is None:
        return None
    return {
        "method": found.method,
        "summary": found.summary[:1000],
        "start": found.start.isoformat() if found.start is not None else None,
        "end": found.end.isoformat() if found.end is not None else None,
        "time_zone": found.time_zone,
        "organizer": [found.organizer.name, found.organizer.address] if found.organizer is not None else None,
        "location": found.location[:1000],
    }


def find(message_ids: Iterable[str], addresses: Iterable[str]) -> Message | None:
    """The message that a report is about: by its own Message-ID, else by the token in the return address of its envelope."""
    rows = Message.objects.select_related("conversation__contact")
    for one in message_ids:
        public_id = ids.ours(one)
        if public_id is not None and (found := rows.filter(public_id=public_id).first()) is not None:
            return found
    for token in tokens.in_addresses(addresses):
        if token.kind == tokens.Kind.RETURN and (found := rows.filter(pk=token.id).first()) is not None:
            return found
    return None
