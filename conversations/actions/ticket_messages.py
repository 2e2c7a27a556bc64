"""Writing in a ticket: into its primary conversation, or to all of its conversations at once; and notes.

An actor who may change a ticket may answer through it, so these verbs permit the ticket and then call the verbs of its
conversations.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import BigIntegerField, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from accounts import journal, tenancy, transaction
from accounts.compiled import compiled
from accounts.errors import Invalid
from accounts.models import Event
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import erased, locking, mentioning, messages, outbox, status, turns
from conversations.actions.senders import Sender
from conversations.models import Conversation, Delivery, DeliveryState, Message, MessageKind
from conversations.permissions import ConversationScope
from tickets import actions as ticket_actions
from tickets.actions import REPEAT_WITHIN
from tickets.models import Ticket, TicketNote

BROADCAST_UNDO = timedelta(seconds=20)
"""For how long a reply to all conversations of a ticket may be taken back."""


@transaction.atomic
def reply_in_ticket(
    *, ticket: Ticket, body: str, metadata: dict[str, Any] | None = None, by: Actor, at: datetime
) -> tuple[Message, bool]:
    """Answer the ticket's customer in the primary conversation; False with the original for an immediate repeat.

    Raises Invalid for a ticket without a conversation, or a blank or too long body.
    """
    permit(by, "ticket.update", ticket)
    conversation = _primary(ticket)
    if (before := _repeated(conversation, MessageKind.MESSAGE, body, by=by, at=at)) is not None:
        return before, False
    writer = by.with_scope(ConversationScope.WRITE)
    return messages.reply(conversation=conversation, body=body, metadata=metadata, by=writer, at=at), True


@transaction.atomic
def note_in_ticket(
    *,
    ticket: Ticket,
    body: str,
    metadata: dict[str, Any] | None = None,
    sender: Sender | None = None,
    by: Actor,
    at: datetime,
) -> tuple[Message, bool]:
    """Write a note beside the primary conversation; False with the original for an immediate repeat. Raises Invalid."""
    permit(by, "ticket.update", ticket)
    conversation = _primary(ticket)
    if (before := _repeated(conversation, MessageKind.NOTE, body, by=by, at=at)) is not None:
        return before, False
    writer = by.with_scope(ConversationScope.WRITE)
    made = messages.note(conversation=conversation, body=body, metadata=metadata, sender=sender, by=writer, at=at)
    return made, True


@transaction.atomic
def note_on_ticket(
    *, ticket: Ticket, body: str, metadata: dict[str, Any] | None = None, by: Actor, at: datetime
) -> tuple[Message | TicketNote, bool]:
    """Write a note beside the primary conversation, or with the ticket itself where there is none that the actor sees.

    False with the original for an immediate repeat. Raises Invalid for a blank or too long text.
    """
    permit(by, "ticket.update", ticket)
    primary = next(iter(locking.locked_of(ticket)), None)
    if primary is None or not transaction.sees(by, primary):
        note, is_new = ticket_actions.add_note(ticket=ticket, body=body, metadata=metadata, by=by, at=at)
        if is_new:
            mentioning.ticket_note_names(note, by=by, at=at)
        return note, is_new
    return note_in_ticket(ticket=ticket, body=body, metadata=metadata, by=by, at=at)


@transaction.atomic
def edit_note_of_ticket(
    *, note: TicketNote, body: str, metadata: dict[str, Any] | None = None, by: Actor, at: datetime
) -> TicketNote:
    """Change a ticket's own note, and notify whom it mentions now. Raises Invalid for a blank or too long text, and Forbidden for one of somebody else."""
    permit(by, "ticket.update", note)
    note = ticket_actions.edit_note(note=note, body=body, metadata=metadata, by=by, at=at)
    mentioning.ticket_note_names(note, by=by, at=at)
    return note


@transaction.atomic
def broadcast(*, ticket: Ticket, body: str, move_to: str | None = None, by: Actor, at: datetime) -> list[Message]:
    """Send one answer to every conversation of a ticket but those of erased customers, and with `move_to` set the status of each (see Status).

    A conversation that the same author has sent it to a moment ago has it once: a repeat gives what was sent then. Raises Invalid for a ticket without a conversation, a blank or too long body, or an unknown status.
    """
    permit(by, "ticket.update", ticket)
    writer = by.with_scope(ConversationScope.WRITE)
    sent, new = [], []
    held = _conversations(ticket)
    turns.TALLY.hold(ticket.workspace_id)  # before the ticket, which the first reply locks
    for conversation in held:
        if not erased.is_unreachable(conversation):
            before = _repeated(conversation, MessageKind.MESSAGE, body, by=by, at=at)
            if before is None:
                new.append(before := messages.reply(conversation=conversation, body=body, by=writer, at=at))
            sent.append(before)
        if move_to is not None:
            status.set_status(conversation=conversation, status=move_to, by=writer, at=at)
    if new:
        journal.record(events.TICKET_BROADCAST, ticket, by=by, at=at, message_ids=[message.pk for message in new])
    return sent


@transaction.atomic
def broadcast_later(
    *,
    ticket: Ticket,
    bodies: Mapping[int, str],
    then: str = "",
    send_after: datetime | None = None,
    send_id: UUID | None = None,
    by: Actor,
    at: datetime,
) -> tuple[Event, bool]:
    """Schedule a reply to each of the ticket's conversations that `bodies` names by their ids, with its text; none to erased customers.

    They leave together: after BROADCAST_UNDO unless a moment is given, and may be taken back until then. With `then`
    Status.RESOLVED each resolves its conversation. Returns the event, whose data has the ids of the deliveries; False with
    the first one for a repeat: of the same `send_id`, or of the same texts by the same author a moment ago.
    Raises Invalid for a conversation that is not the ticket's, no conversation at all, or a blank or too long text.
    """
    permit(by, "ticket.update", ticket)
    writer = by.with_scope(ConversationScope.WRITE)
    held = {row.pk: row for row in _conversations(ticket)}
    if not bodies or bodies.keys() - held.keys():
        raise Invalid("choose conversations of the ticket", field="to")
    if (before := _scheduled_before(ticket, bodies, send_id, by=by, at=at)) is not None:
        return before, False
    reachable = [pk for pk in sorted(bodies) if not erased.is_unreachable(held[pk])]
    if not reachable:
        raise erased.unreachable()
    scheduled = [
        outbox.schedule(
            conversation=held[pk],
            body=bodies[pk],
            then=then,
            send_after=send_after or at + BROADCAST_UNDO,
            by=writer,
            at=at,
        )
        for pk in reachable
    ]
    event = journal.record(
        events.TICKET_BROADCAST_SCHEDULED,
        ticket,
        by=by,
        at=at,
        delivery_ids=[row.pk for row in scheduled],
        send_id=None if send_id is None else str(send_id),
    )
    return event, True


@transaction.atomic
def cancel_broadcast(*, ticket: Ticket, event: Event, by: Actor, at: datetime) -> tuple[int, int]:
    """Take back the replies of `broadcast_later` that have not left; the texts are kept as `cancel` keeps them.

    Those in conversations that the actor does not see are left alone. Returns how many were taken back now, and how many had
    left already.
    """
    permit(by, "ticket.update", ticket)
    permit(by.with_scope(ConversationScope.WRITE), "conversation.reply")
    rows = Delivery.objects.filter(pk__in=event.data["delivery_ids"])
    if by.user_id is not None:
        rows = tenancy.seen(rows, tenancy.Viewer(by.user_id, by.visibility))
    held = {row.pk: row for row in locking.all_of([*rows.values_list("conversation", flat=True)])}
    found = [*rows.filter(conversation__in=held).select_for_update(no_key=True, of=("self",)).order_by("pk")]
    left = [row for row in found if row.message_id is not None or row.state == DeliveryState.SENT]
    waiting = [row for row in found if row not in left and row.state != DeliveryState.CANCELLED]
    if waiting:
        Delivery.objects.filter(pk__in=[row.pk for row in waiting]).update(
            state=DeliveryState.CANCELLED, held_at=None, settled_at=at
        )
        taken_back = [(held[row.conversation_id], {"delivery_id": row.pk}) for row in waiting]
        journal.record_each(events.REPLY_CANCELLED, taken_back, by=by, at=at)
    return len(waiting), len(left)


def _scheduled_before(
    ticket: Ticket, bodies: Mapping[int, str], send_id: UUID | None, *, by: Actor, at: datetime
) -> Event | None:
    """What this very request has scheduled, or another tab a moment ago. A repeat at the same time has waited for the locks."""
    lines = journal.lines_of(ticket).filter(type=events.TICKET_BROADCAST_SCHEDULED.name).order_by("-id")
    if send_id is not None and (first := lines.filter(data__send_id=str(send_id)).first()) is not None:
        return first
    recent = lines.filter(actor_kind=by.kind, actor_id=by.id, at__gte=at - REPEAT_WITHIN)
    for event in recent[:5]:
        rows = Delivery.objects.filter(pk__in=event.data["delivery_ids"]).exclude(state=DeliveryState.CANCELLED)
        texts = {
            row.conversation_id: row.message.body if row.message else row.body for row in rows.select_related("message")
        }
        if texts == dict(bodies):
            return event
    return None


def _conversations(ticket: Ticket) -> list[Conversation]:
    found = locking.locked_of(ticket)
    if not found:
        raise Invalid("no conversation is linked to the ticket", code="no_conversation")
    return found


def _primary(ticket: Ticket) -> Conversation:
    return _conversations(ticket)[0]


def _repeated(conversation: Conversation, kind: MessageKind, body: str, *, by: Actor, at: datetime) -> Message | None:
    """What the actor wrote a moment ago, if it is the same. A repeat at the same time has waited for the row's lock."""
    if conversation.last_activity_at < at - REPEAT_WITHIN:
        return None
    event_type = events.REPLY_SENT if kind == MessageKind.MESSAGE else events.NOTE_ADDED
    return _written.first(
        kind.value,
        event_type.name,
        str(by.kind),
        conversation=conversation.pk,
        actor=by.id,
        body=body,
        since=at - REPEAT_WITHIN,
    )


@compiled
def _written(
    kind: str, event: str, actor_kind: str, *, conversation: int, actor: int | None, body: str, since: datetime
) -> QuerySet[Message]:
    events_since = Event.objects.filter(
        workspace=tenancy.current(),
        subject_type="conversation",
        subject_id=conversation,
        type=event,
        actor_kind=actor_kind,
        actor_id=actor,
        at__gte=since,
    )
    ids = events_since.order_by("-id").values_list(Cast(KT("data__message_id"), BigIntegerField()))[:20]
    rows = Message.objects.filter(pk__in=ids, conversation=conversation, kind=kind, body=body)
    return rows.order_by("-id")[:1]
