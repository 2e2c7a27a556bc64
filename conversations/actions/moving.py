"""Repairing threads: moving a message to another conversation, splitting some off, joining two, and taking that back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.errors import Conflict, Invalid, NotFound
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import carrying, drafted, locking, settling, summaries
from conversations.actions.entries import Door
from conversations.actions.start import start
from conversations.models import (
    AssistantThread,
    Channel,
    Conversation,
    Handler,
    InboundMail,
    Message,
    MessageKind,
    SenderKind,
)
from conversations.texts import validation

UNDOABLE = (events.MESSAGES_MOVED.name, events.CONVERSATION_SPLIT.name, events.CONVERSATION_JOINED.name)
_MOVABLE = (MessageKind.MESSAGE, MessageKind.NOTE)
_SPLIT = "split"


@transaction.atomic
def move_message(*, message: Message, to: Conversation, by: Actor, at: datetime) -> Conversation:
    """Move a message or a note, with its files and its mail, to another conversation, where it stands by its moment.

    The figures, statuses and ticket counts of both follow. A conversation whose last message leaves is joined into the
    other. Raises Invalid for an entry that is no message, and Conflict with code `assistant`, `spam`, `joined` or
    `two_tickets` where a conversation takes part in no moves, or the message was moved by then.
    """
    permit(by, "conversation.update", message)
    permit(by, "conversation.update", to)
    if message.kind not in _MOVABLE:
        raise Invalid("only messages and notes can be moved", field="message")
    source, target = _both(message.conversation, to)
    if source.pk == target.pk:
        raise Invalid("the message is in this conversation already", field="to")
    if not Message.objects.filter(pk=message.pk, conversation=source).exists():
        raise Conflict("the message was moved meanwhile", code="changed_since")
    kept = _carry([message.pk], source, target, by=by, at=at)
    journal.record(
        events.MESSAGES_MOVED,
        source,
        by=by,
        at=at,
        to_id=target.pk,
        number=target.number,
        message_ids=[message.pk],
        undo=kept,
    )
    return target


@transaction.atomic
def split(
    *, message: Message, with_later: bool = False, subject: str | None = None, by: Actor, at: datetime
) -> Conversation:
    """Start a conversation with the person who wrote this message, that has it, and with `with_later` all that came after it.

    What the team wrote stays with the same customer; copies go to nobody but those of that customer.
    Its subject is that of the message's mail unless given, else the present one. Raises Invalid where nothing would be left,
    and otherwise as `move_message` does.
    """
    permit(by, "conversation.update", message)
    permit(by, "conversation.start", message)
    if message.kind not in _MOVABLE:
        raise Invalid("only messages and notes can be split off", field="message")
    source = locking.locked(message.conversation)
    _check(source)
    thread = summaries.thread_of(source)
    position = next((n for n, entry in enumerate(thread) if entry.pk == message.pk), None)
    if position is None:
        raise Conflict("the message was moved meanwhile", code="changed_since")
    chosen = [entry for entry in (thread[position:] if with_later else [thread[position]]) if entry.kind in _MOVABLE]
    if len(chosen) == sum(entry.kind in _MOVABLE for entry in thread):
        raise Invalid("these are all messages of the conversation", field="message", code="nothing_left")
    if not subject:
        mails = InboundMail.objects.filter(message=message.pk).values_list("subject", flat=True)
        subject = (mails.first() or "").strip()[: validation.SUBJECT_LIMIT] or source.subject
    moved = [entry.pk for entry in chosen]
    carrying.hold_mails(moved)
    contact = (message.sender_contact if message.sender_kind == SenderKind.CUSTOMER else None) or source.contact
    target = start(
        workspace=source.workspace,
        contact=contact,
        subject=subject,
        door=Door(Channel(source.channel), _SPLIT),
        mailbox=source.mailbox,
        cc=source.cc if contact.pk == source.contact_id else [],
        by=by,
        at=at,
    )
    kept = _carry(moved, source, target, is_new=True, by=by, at=at)
    journal.record(
        events.CONVERSATION_SPLIT,
        source,
        by=by,
        at=at,
        to_id=target.pk,
        number=target.number,
        message_ids=moved,
        undo=kept,
    )
    return target


@transaction.atomic
def join(*, conversation: Conversation, into: Conversation, by: Actor, at: datetime) -> Conversation:
    """Move all messages and notes into another conversation; the emptied one is closed and points at it.

    What is written to the emptied one from then on lands in the other, which also takes over its ticket. Replies that have not
    left go along and wait for their writers. Raises as `move_message` does.
    """
    permit(by, "conversation.update", conversation)
    permit(by, "conversation.update", into)
    source, target = _both(conversation, into)
    if source.pk == target.pk:
        raise Invalid("a conversation cannot be joined into itself", field="into")
    moved = [entry.pk for entry in summaries.thread_of(source) if entry.kind in _MOVABLE]
    kept = _carry(moved, source, target, is_join=True, by=by, at=at)
    journal.record(
        events.CONVERSATION_JOINED,
        source,
        by=by,
        at=at,
        to_id=target.pk,
        number=target.number,
        message_ids=moved,
        undo=kept,
    )
    return target


@transaction.atomic
def keep_apart(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """Dismiss that a mail of the conversation may belong to another one. Joining the two is how that is accepted."""
    permit(by, "conversation.update", conversation)
    conversation = locking.locked(conversation)
    mails = InboundMail.objects.filter(conversation=conversation, suggested__isnull=False)
    if mails.update(suggested=None):
        journal.record(events.KEPT_APART, conversation, by=by, at=at)
    return conversation


@transaction.atomic
def undo_move(*, conversation: Conversation, event_id: int, by: Actor, at: datetime) -> Conversation:
    """Take a move, a split or a join back: both conversations are as they were before.

    Raises NotFound for an event that is none of these of this conversation, and Conflict with code `changed_since` when
    anyone has changed or written something in either since. A conversation that was split off is joined into this one.
    """
    permit(by, "conversation.update", conversation)
    found = journal.lines_of(conversation)
    event = found.filter(pk=event_id, type__in=UNDOABLE).first()
    if event is None:
        raise NotFound("there is no such change")
    kept = event.data["undo"]
    target = Conversation(pk=event.data["to_id"], workspace_id=conversation.workspace_id)
    source, target = locking.both(conversation, target)
    ids = event.data["message_ids"]
    are_there = Message.objects.filter(pk__in=ids, conversation=target).count() == len(ids)
    pairs = ((source, kept["source_after"]), (target, kept["target_after"]))
    if not are_there or not all(summaries.is_as(row, after) for row, after in pairs):
        raise Conflict("the conversations have changed since", code="changed_since")
    tickets = {source.ticket_id, target.ticket_id}
    carrying.back(ids, source, target, kept)
    carrying.waiting_back(source, kept)
    summaries.put_back(source, kept["source"], kept["source_after"], at)
    summaries.put_back(target, kept["target"], kept["target_after"], at)
    if event.type == events.CONVERSATION_SPLIT.name:
        settling.redirect(target, source, at)
        drafted.moved(target, source)
    settling.save(source, target, tickets, by=by, at=at)
    drafted.back(kept.get("drafts", ()), source, target)
    for row, other in ((source, target), (target, source)):
        journal.record(events.MOVE_UNDONE, row, by=by, at=at, undone_id=event.pk, number=other.number, kind=event.type)
    return source


def _both(source: Conversation, target: Conversation) -> tuple[Conversation, Conversation]:
    """Both rows, held; what was joined stands for the one that has its messages."""
    while target.joined_into is not None:
        target = target.joined_into
    source, target = locking.both(source, target)
    if target.joined_into_id is not None:
        raise Conflict("the conversation was joined into another one meanwhile", code="changed_since")
    _check(source, target)
    return source, target


def _check(*rows: Conversation) -> None:
    """Raises Conflict where a conversation takes part in no moves."""
    for row in rows:
        locking.check_is_in_use(row)
    busy = AssistantThread.objects.filter(conversation__in=rows, taken_over_at=None, deleted_at=None)
    is_busy = any(row.handler == Handler.ASSISTANT for row in rows) or busy.exists()
    if is_busy:
        raise Conflict("the assistant takes part in the conversation: take over first", code="assistant")


def _carry(
    messages: Sequence[int],
    source: Conversation,
    target: Conversation,
    *,
    is_new: bool = False,
    is_join: bool = False,
    by: Actor,
    at: datetime,
) -> dict[str, Any]:
    """Move the messages, and let everything follow that both rows say of them. Returns what undoing needs."""
    kept: dict[str, Any] = {"source": summaries.snapshot(source), "target": summaries.snapshot(target)}
    tickets = {source.ticket_id, target.ticket_id}
    had, before = summaries.thread_of(source), summaries.thread_of(target)
    was_unread = summaries.unread(had, source.unread_count) & {*messages}
    kept |= carrying.over(messages, source, target, at)
    carrying.hold(target, at)  # their writers have not seen what came
    left, grown = summaries.thread_of(source), summaries.thread_of(target)
    settling.leave(source, had, left, at)
    settling.arrive(target, before, grown, {*messages}, at, is_new=is_new)
    source.unread_count -= len(was_unread)
    # What is answered where it came to is read: unread is always what came last.
    waits = {entry.pk for entry in summaries.unanswered(grown)}
    target.unread_count = min(target.unread_count + len(was_unread & waits), len(waits))
    is_emptied = is_join or (kept["source"]["message_count"] and not source.message_count)
    if is_emptied:
        settling.check_tickets(source, target)
        kept |= carrying.all_that_waits(source, target, at)
        settling.redirect(source, target, at)
    settling.save(source, target, tickets, by=by, at=at)
    if is_emptied:
        kept["drafts"] = drafted.moved(source, target)
    journal.record(
        events.MESSAGES_ARRIVED,
        target,
        by=by,
        at=at,
        from_id=source.pk,
        number=source.number,
        message_count=len(messages),
        is_join=is_join,
    )
    return kept | {"source_after": summaries.snapshot(source), "target_after": summaries.snapshot(target)}
