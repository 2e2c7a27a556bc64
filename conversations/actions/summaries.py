"""What a conversation's row says of its messages: made anew from them, for verbs that change more than the end of a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db.models.fields.json import KT

from conversations.actions import turns
from conversations.actions.entries import AUTOMATIC
from conversations.models import Attachment, Conversation, Message, MessageKind, SenderKind
from conversations.texts import validation

MOMENTS = (
    "snoozed_until", "waiting_since", "closed_at", "last_message_at", "last_visible_at", "last_activity_at", "last_inbound_at",
    "last_outbound_at", "first_response_at", "first_response_due_at", "next_response_due_at", "ticket_linked_at",
)  # fmt: skip
_VALUES = (
    "handler", "status", "message_count", "unread_count", "last_message_id", "last_visible_id", "last_activity_id",
    "ticket_id", "joined_into_id",
)  # fmt: skip
SAVED = (
    "handler", "ticket", "ticket_linked_at", "joined_into", "first_response_due_at",
)  # fmt: skip
"""What is saved besides what `entries.save` saves."""


class Entry(NamedTuple):
    """What counts of an entry of a thread."""

    pk: int
    kind: str
    sender: str
    at: datetime
    is_automatic: bool

    @property
    def asks(self) -> bool:
        """A message of the customer's side that somebody is to answer."""
        return self.kind == MessageKind.MESSAGE and self.sender == SenderKind.CUSTOMER and not self.is_automatic

    @property
    def answers(self) -> bool:
        """A message by a person of the team: those of the assistant and of the desk itself are no answer."""
        return self.kind == MessageKind.MESSAGE and self.sender == SenderKind.AGENT


@dataclass(frozen=True, slots=True)
class Summary:
    """What follows from the entries alone. `unread_count` is what it is while nobody has read without answering."""

    message_count: int
    unread_count: int
    preview: str
    last_message_id: int | None
    last_visible_id: int | None
    last_activity_id: int | None
    last_message_at: datetime
    last_visible_at: datetime
    last_activity_at: datetime
    last_inbound_at: datetime | None
    last_outbound_at: datetime | None
    first_response_at: datetime | None


def thread_of(conversation: Conversation) -> list[Entry]:
    """Every entry of the thread, in its order."""
    rows = Message.objects.filter(conversation=conversation).order_by("created_at", "pk")
    found = rows.values_list("pk", "kind", "sender_kind", "created_at", KT(f"metadata__{AUTOMATIC}"))
    return [Entry(pk, kind, sender, at, mark is not None) for pk, kind, sender, at, mark in found]


def recomputed(conversation: Conversation, thread: Sequence[Entry] | None = None) -> Summary:
    """The figures of a conversation, made from its messages as they are now."""
    thread = thread_of(conversation) if thread is None else thread
    last, visible, message = _last(thread), _last(thread, _is_visible), _last(thread, _is_message)
    inbound, outbound = _last(thread, lambda entry: entry.asks), _last(thread, lambda entry: entry.answers)
    return Summary(
        message_count=sum(map(_is_message, thread)),
        unread_count=len(unanswered(thread)),
        preview=_preview(message.pk) if message else "",
        last_message_id=message.pk if message else None,
        last_visible_id=visible.pk if visible else None,
        last_activity_id=last.pk if last else None,
        last_message_at=message.at if message else conversation.created_at,
        last_visible_at=visible.at if visible else conversation.created_at,
        last_activity_at=last.at if last else conversation.created_at,
        last_inbound_at=inbound.at if inbound else None,
        last_outbound_at=outbound.at if outbound else None,
        first_response_at=_first_response(thread),
    )


def unanswered(thread: Sequence[Entry]) -> list[Entry]:
    """What the customer has asked since the team's last answer."""
    since: list[Entry] = []
    for entry in thread:
        if entry.answers:
            since = []
        elif entry.asks:
            since.append(entry)
    return since


def unread(thread: Sequence[Entry], unread_count: int) -> set[int]:
    """Which messages are the unread ones: those that came last."""
    asked = [entry.pk for entry in thread if entry.asks]
    return set(asked[len(asked) - unread_count :] if unread_count < len(asked) else asked)


def put(conversation: Conversation, found: Summary) -> None:
    """Set the columns that follow from the messages, but for what is unread, which also follows from reading."""
    for name in Summary.__slots__:
        if name != "unread_count":
            setattr(conversation, name, getattr(found, name))


# --- What undoing needs -------------------------------------------------------------------------


def snapshot(conversation: Conversation) -> dict[str, Any]:
    """The row's figures as an event keeps them: ids, counts and moments in UTC, no text."""
    values = {name: getattr(conversation, name) for name in _VALUES}
    moments = {name: getattr(conversation, name) for name in MOMENTS}
    return values | {name: at.astimezone(UTC).isoformat() if at else None for name, at in moments.items()}


def is_as(conversation: Conversation, kept: dict[str, Any]) -> bool:
    """Whether the row still has the figures of a snapshot. Marking as read does not count as a change."""
    now = snapshot(conversation)
    return all(now[name] == value for name, value in kept.items() if name != "unread_count")


def put_back(conversation: Conversation, before: dict[str, Any], after: dict[str, Any], at: datetime) -> None:
    """Give a row the figures of a snapshot again, and count it so. What was read since stays read."""
    was = turns.counted(conversation)
    for name in _VALUES:
        if name != "unread_count":
            setattr(conversation, name, before[name])
    for name in MOMENTS:
        setattr(conversation, name, datetime.fromisoformat(before[name]) if before[name] else None)
    if conversation.unread_count == after["unread_count"]:
        conversation.unread_count = before["unread_count"]
    last = conversation.last_message_id
    conversation.preview = _preview(last) if last is not None else ""
    conversation.updated_at = at
    turns.recount(conversation, was)


def _is_message(entry: Entry) -> bool:
    return entry.kind == MessageKind.MESSAGE


def _is_visible(entry: Entry) -> bool:
    return entry.kind != MessageKind.NOTE


def _last(thread: Sequence[Entry], wanted: Callable[[Entry], bool] = lambda entry: True) -> Entry | None:
    return next(filter(wanted, reversed(thread)), None)


def _first_response(thread: Sequence[Entry]) -> datetime | None:
    asked = False
    for entry in thread:
        if asked and entry.answers:
            return entry.at
        asked = asked or entry.asks
    return None


def _preview(message: int) -> str:
    body = Message.objects.filter(pk=message).values_list("body", flat=True).first()
    if not body:
        files = Attachment.objects.filter(message=message).order_by("pk")
        body = files.values_list("name", flat=True).first()
    return validation.preview(body or "")
