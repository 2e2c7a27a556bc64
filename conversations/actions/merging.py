"""Merging conversations: several into one, in one change that is undone as one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Conflict, Invalid, NotFound
from accounts.models import Event
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking, moving
from conversations.models import Conversation

MOST = 50
"""So many conversations are merged into another at once."""


@transaction.atomic
def merge(*, conversations: Sequence[Conversation], into: Conversation, by: Actor, at: datetime) -> Conversation:
    """Join conversations into another one, whosever they are and by whichever channel they came: all of them or none.

    Each is closed and points at it, as `join` does; those that are in it already are left out. Raises Invalid for none and
    for more than 50, and Conflict as `join` does, with the number of the conversation that cannot be merged.
    """
    permit(by, "conversation.update", into)
    for one in conversations:
        permit(by, "conversation.update", one)
    ids = {one.pk for one in conversations} - {into.pk}
    if not ids or len(ids) > MOST:
        raise Invalid(f"choose 1 to {MOST} other conversations", field="conversations")
    # All are held at once, in the order of their ids, before any of them is changed.
    held = {row.pk: row for row in locking.all_of([*ids, into.pk])}
    if len(held) != len(ids) + 1:
        raise NotFound("one of these conversations no longer exists")
    target = held.pop(into.pk)
    while target.joined_into is not None:
        target = locking.locked(target.joined_into)
    rest = [row for row in held.values() if row.pk != target.pk and not _is_in(row, target)]
    before = _last_event(target)
    for row in rest:
        try:
            moving.join(conversation=row, into=target, by=by, at=at)
        except Conflict as error:
            raise Conflict(f"#{row.number}: {error.message}", code=error.code) from error
    if rest:
        joined = Event.objects.filter(
            workspace_id=target.workspace_id,
            subject_type="conversation",
            subject_id__in=[row.pk for row in rest],
            type=events.CONVERSATION_JOINED.name,
            pk__gt=before,
        )
        journal.record(
            events.CONVERSATIONS_MERGED,
            target,
            by=by,
            at=at,
            merged_ids=[row.pk for row in rest],
            event_ids=[*joined.order_by("pk").values_list("pk", flat=True)],
        )
    return target


@transaction.atomic
def undo_merge(*, conversation: Conversation, event_id: int, by: Actor, at: datetime) -> Conversation:
    """Take a merge of several conversations back, the last one first.

    Raises NotFound for an event that is no such change of this conversation, and Conflict with code `changed_since` when
    anyone has changed or written something in one of them since.
    """
    permit(by, "conversation.update", conversation)
    found = journal.lines_of(conversation)
    event = found.filter(pk=event_id, type=events.CONVERSATIONS_MERGED.name).first()
    if event is None:
        raise NotFound("there is no such change")
    rows = {row.pk: row for row in locking.all_of([*event.data["merged_ids"], conversation.pk])}
    joined = Event.objects.filter(workspace_id=conversation.workspace_id).in_bulk(event.data["event_ids"])
    for pk in sorted(joined, reverse=True):
        source = rows.get(joined[pk].subject_id)
        if source is None:
            raise Conflict("the conversations have changed since", code="changed_since")
        moving.undo_move(conversation=source, event_id=pk, by=by, at=at)
    return rows[conversation.pk]


def _is_in(row: Conversation, target: Conversation) -> bool:
    """Whether a conversation was joined into the other one before."""
    into = row.joined_into
    while into is not None and into.pk != target.pk:
        into = into.joined_into
    return into is not None


def _last_event(conversation: Conversation) -> int:
    rows = Event.objects.filter(workspace_id=conversation.workspace_id).order_by("-id")
    return rows.values_list("pk", flat=True).first() or 0
