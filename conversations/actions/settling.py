"""What two conversations say once messages went from one to the other: figures, status, clocks, unread marks, tickets.

The verbs that call this hold both rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts import journal
from accounts.errors import Conflict
from accounts.permissions import Actor
from conversations import events
from conversations.actions import carrying, entries, lifecycle, summaries, ticket_counts, turns
from conversations.actions.summaries import Entry
from conversations.models import Conversation, MessageKind, Status


def leave(source: Conversation, before: Sequence[Entry], after: Sequence[Entry], at: datetime) -> None:
    """What the row says once messages have gone. If nobody waits any more, its status is the one that it had before them."""
    summaries.put(source, summaries.recomputed(source, after))
    source.updated_at = at
    waited, waits = summaries.unanswered(before), summaries.unanswered(after)
    if source.status != Status.OPEN or not waited or waited[:1] == waits[:1]:
        return
    if waits:
        source.waiting_since = waits[0].at
    elif source.message_count:
        turns.move(source, _status_at(source, after), at)


def arrive(
    target: Conversation,
    before: Sequence[Entry],
    after: Sequence[Entry],
    moved: set[int],
    at: datetime,
    *,
    is_new: bool,
) -> None:
    """What the row says once messages have come. One that waits for an answer reopens it."""
    summaries.put(target, summaries.recomputed(target, after))
    target.updated_at = at
    waited, waits = summaries.unanswered(before), summaries.unanswered(after)
    if any(entry.pk in moved for entry in waits):
        target.snoozed_until = None
        turns.move(target, Status.OPEN, at)  # closed ones too: it was moved there to be answered there
        target.waiting_since = waits[0].at
    elif not waits and (waited or is_new):
        turns.move(target, lifecycle.DESK.after_agent(target.status), at)


def _status_at(conversation: Conversation, thread: Sequence[Entry]) -> str:
    """The status that the conversation had with the last of these entries, as the journal says."""
    lines = journal.lines_of(conversation)
    kinds = (events.REPLY_SENT.name, events.MESSAGE_RECEIVED.name, events.CONVERSATION_STATUS_CHANGED.name)
    last = next(entry.pk for entry in reversed(thread) if entry.kind != MessageKind.NOTE)
    line = lines.filter(type__in=kinds, data__message_id=last).first()
    return str(line.data["status"]) if line is not None else Status.PENDING


def check_tickets(source: Conversation, target: Conversation) -> None:
    """Raises Conflict with code `two_tickets` where one ticket cannot go along, as the other conversation has another."""
    if source.ticket_id is not None and target.ticket_id not in (None, source.ticket_id):
        raise Conflict("both conversations have a ticket: unlink one first", code="two_tickets")


def redirect(source: Conversation, target: Conversation, at: datetime) -> None:
    """Close an emptied conversation, and let it point at the other one, which has its ticket from now on."""
    turns.move(source, Status.CLOSED, at)
    source.snoozed_until, source.unread_count, source.joined_into = None, 0, target
    if source.ticket_id is not None:
        linked = [moment for moment in (source.ticket_linked_at, target.ticket_linked_at) if moment is not None]
        target.ticket_id, target.ticket_linked_at = source.ticket_id, min(linked)
        source.ticket, source.ticket_linked_at = None, None


def save(source: Conversation, target: Conversation, tickets: set[int | None], *, by: Actor, at: datetime) -> None:
    """Save both rows, and let search and the tickets that they have and had follow."""
    for row in sorted((source, target), key=lambda row: row.pk):
        entries.save(row, *summaries.SAVED)
    carrying.index(source, target)
    for ticket_id in sorted(pk for pk in {source.ticket_id, target.ticket_id, *tickets} if pk is not None):
        ticket_counts.after_moving(source.workspace_id, ticket_id, by=by, at=at)
