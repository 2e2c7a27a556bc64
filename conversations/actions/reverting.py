"""Taking back all that one cause has changed in a conversation: a macro, or a change of many conversations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Conflict, NotFound
from accounts.models import Event, Membership
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import (
    ahead,
    following,
    locking,
    notes,
    spam,
    ticketing,
    trashing,
    triage,
    triage_back,
    turns_back,
)
from conversations.models import Conversation, Message, MessageKind
from conversations.queries import conversations as queries
from tickets import events as ticket_events
from tickets.models import Ticket

NO_CHANGE = frozenset(
    kind.name
    for kind in (
        events.CONVERSATION_READ,
        events.CONVERSATION_MARKED_UNREAD,
        events.CONVERSATION_FOLLOWED,
        events.CONVERSATION_UNFOLLOWED,
        events.CONVERSATION_MENTION_SEEN,
        events.DELIVERY_CHANGED,
        events.CHAT_SEEN,
        events.SUGGESTION_REQUESTED,
        events.SUGGESTION_MADE,
        events.SUGGESTION_DECIDED,
        events.SUGGESTION_FAILED,
    )
)
"""Events after which a conversation counts as it was."""


@transaction.atomic
def undo_caused(
    *, conversation: Conversation, cause: Event, because: Event | None = None, by: Actor, at: datetime
) -> Conversation:
    """Put back what the consequences of an event have changed in a conversation, the last of them first.

    `because` is the event whose consequence the undoing is. Marking as read and values of attributes are not taken back. Raises
    NotFound where the event has changed nothing that can be put back, and Conflict with code `changed_since` when anyone has
    changed the conversation, or written in it, since.
    """
    if Conversation.trash.filter(pk=conversation.pk).exists():
        return _out_of_trash(conversation, cause, because, by=by, at=at)
    permit(by, "conversation.update", conversation)
    permit(by, "conversation.assign", conversation)
    conversation = locking.locked(conversation)
    theirs = journal.lines_of(conversation).filter(pk__gt=cause.pk)
    caused = list(theirs.filter(caused_by=cause, type__in=_BACK).order_by("-pk"))
    if not caused:
        raise NotFound("there is no such change")
    ours = {cause.pk, *(event.pk for event in caused)}
    since = theirs.filter(pk__gt=caused[-1].pk).exclude(type__in=NO_CHANGE).values_list("pk", "caused_by_id")
    if any(pk not in ours and by_id not in ours for pk, by_id in since.order_by("pk")):
        raise Conflict("the conversation has changed since", code="changed_since")
    kinds = {event.type for event in caused}
    conversation = ahead.hold(
        conversation,
        tickets=[event.data["ticket_id"] for event in caused if event.type == events.CONVERSATION_UNLINKED.name],
        numbers=events.CONVERSATION_LINKED.name in kinds,
    )
    with journal.caused_by(because) if because is not None else nullcontext():
        for event in caused:
            conversation = locking.locked(conversation)
            _BACK[event.type](conversation, event, by, at)
        _delete_tickets(conversation, cause, by=by, at=at)
    return locking.locked(conversation)


def _out_of_trash(
    conversation: Conversation, cause: Event, because: Event | None, *, by: Actor, at: datetime
) -> Conversation:
    """Bring a conversation back from the Trash, if it was the cause that has put it there: then nothing else has come of it."""
    last = queries.last_trashed(conversation)
    if last is None or last.caused_by_id != cause.pk:
        raise NotFound("this conversation no longer exists")
    with journal.caused_by(because) if because is not None else nullcontext():
        return trashing.restore(conversation=conversation, by=by, at=at)


def _turned(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    turns_back.put_back(conversation, event.data["before"], event.data["after"], by=by, at=at)


def _linked(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    ticketing.unlink(conversation=conversation, by=by, at=at)


def _unlinked(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    ticket = Ticket.objects.filter(pk=event.data["ticket_id"]).first()
    if ticket is not None:
        ticketing.link(conversation=conversation, ticket=ticket, by=by, at=at)


def _noted(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    note = Message.objects.filter(
        pk=event.data["message_id"], conversation=conversation, kind=MessageKind.NOTE
    ).select_related("conversation")
    if (found := note.first()) is not None:
        notes.delete_note(message=found, by=by, at=at)


def _spam(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    spam.undo_spam(conversation=conversation, event_id=event.pk, by=by, at=at)


def _unread(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    triage.mark_read(conversation=conversation, by=by, at=at)


def _followed(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    """Follow no longer, or again, unless they have left."""
    members = Membership.objects.select_related("user").filter(
        workspace_id=conversation.workspace_id, user=event.data["user_id"]
    )
    if (member := members.first()) is not None:
        is_new = event.type == events.CONVERSATION_FOLLOWED.name
        verb = following.unfollow if is_new else following.follow
        verb(conversation=conversation, user=member.user, by=by, at=at)


_BACK: Mapping[str, Callable[[Conversation, Event, Actor, datetime], None]] = {
    **triage_back.BACK,
    events.CONVERSATION_STATUS_CHANGED.name: _turned,
    events.CONVERSATION_SNOOZED.name: _turned,
    events.CONVERSATION_LINKED.name: _linked,
    events.CONVERSATION_UNLINKED.name: _unlinked,
    events.NOTE_ADDED.name: _noted,
    events.CONVERSATION_MARKED_UNREAD.name: _unread,
    events.CONVERSATION_FOLLOWED.name: _followed,
    events.CONVERSATION_UNFOLLOWED.name: _followed,
    events.SPAM_MARKED.name: _spam,
    events.SPAM_UNMARKED.name: _spam,
}
"""How each change is taken back."""


def _delete_tickets(conversation: Conversation, cause: Event, *, by: Actor, at: datetime) -> None:
    """Delete the tickets that the cause has opened for this conversation, and that have no other."""
    linked = journal.lines_of(conversation).filter(type=events.CONVERSATION_LINKED.name, caused_by=cause)
    for ticket_id in linked.order_by("pk").values_list("data__ticket_id", flat=True):
        opened = Event.objects.filter(
            workspace_id=conversation.workspace_id,
            subject_type="ticket",
            subject_id=ticket_id,
            type=ticket_events.TICKET_OPENED.name,
            caused_by=cause,
        )
        ticket = Ticket.objects.filter(pk=ticket_id).first() if opened.exists() else None
        if ticket is not None and not Conversation.objects.filter(ticket=ticket).exists():
            ticketing.delete_ticket(ticket=ticket, by=by, at=at)
