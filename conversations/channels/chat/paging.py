"""Pages of conversations and of messages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q

from accounts.errors import Invalid, NotFound
from conversations.chat import queries
from conversations.models import ChatSession, Conversation, Message, MessageKind, Status

CONVERSATIONS, MESSAGES = 20, 50
_CURSOR = re.compile(r"(\d{1,17})\.([0-9a-f-]{36})")
_START = datetime(1970, 1, 1, tzinfo=UTC)


def conversations(session: ChatSession, before: str) -> tuple[list[Conversation], str | None]:
    """A page of a visitor's conversations, after a cursor, and the cursor of the next. Raises Invalid for an odd cursor."""
    rows = queries.conversations_of(session)
    if before:
        found = _CURSOR.fullmatch(before)
        if found is None:
            raise Invalid("invalid cursor", field="before")
        try:
            at, public_id = _START + timedelta(microseconds=int(found[1])), UUID(found[2])
        except (ValueError, OverflowError) as error:
            raise Invalid("invalid cursor", field="before") from error
        last = Conversation.objects.filter(public_id=public_id).values_list("pk", flat=True).first() or 0
        rows = rows.filter(Q(last_visible_at__lt=at) | Q(last_visible_at=at, pk__lt=last))
    page = list(rows[: CONVERSATIONS + 1])
    if len(page) <= CONVERSATIONS:
        return page, None
    last_row = page[CONVERSATIONS - 1]
    passed = (last_row.last_visible_at - _START) // timedelta(microseconds=1)
    return page[:CONVERSATIONS], f"{passed}.{last_row.public_id}"


def messages(conversation: Conversation, before: UUID | None) -> tuple[list[Message], bool]:
    """The messages before one, or the latest, oldest first, and whether there are more. Raises NotFound for an unknown id.

    Of the changes of status only those are shown that mean something to a customer.
    """
    rows = queries.shown(conversation).exclude(kind=MessageKind.STATUS_CHANGE, metadata__status=Status.PENDING)
    if before is not None:
        known = queries.shown(conversation).filter(public_id=before).first()
        if known is None:
            raise NotFound("there is no such message")
        rows = rows.filter(Q(created_at__lt=known.created_at) | Q(created_at=known.created_at, pk__lt=known.pk))
    page = list(rows.order_by("-created_at", "-id")[: MESSAGES + 1])
    return page[:MESSAGES][::-1], len(page) > MESSAGES
