"""A ticket's counts of its conversations, where they change by more than the one message that a verb adds.

A conversation's row is locked before its ticket's, and of several conversations the one with the lowest id first: so
no two verbs wait for each other. The verbs that call this hold the conversation's row.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts import transaction
from accounts.permissions import Actor
from conversations.models import Conversation, Message, MessageKind, SenderKind
from tickets import actions as ticket_actions
from tickets.actions import MESSAGE_CUT, MessageSummary
from tickets.models import Ticket


def after_linking(
    conversation: Conversation, ticket_id: int, *, is_shown: bool = False, by: Actor, at: datetime
) -> None:
    """Add a conversation that was just linked to the ticket's counts; the ticket's history shows it if `is_shown`."""
    ticket = _held(conversation, ticket_id)
    unseen = ticket.unread_customer_count + _unanswered(conversation)
    summary, linked = replace(_counted(ticket), unread_customer_count=unseen), conversation.pk if is_shown else None
    ticket_actions.recount(ticket=ticket, summary=summary, is_change=True, linked_id=linked, by=by, at=at)


def after_unlinking(
    conversation: Conversation, ticket_id: int, *, is_shown: bool = False, by: Actor, at: datetime
) -> None:
    """Subtract a conversation that was just unlinked from the ticket's counts; the ticket's history shows it if `is_shown`."""
    ticket = _held(conversation, ticket_id)
    unseen = max(0, ticket.unread_customer_count - _unanswered(conversation))
    summary, unlinked = replace(_counted(ticket), unread_customer_count=unseen), conversation.pk if is_shown else None
    ticket_actions.recount(ticket=ticket, summary=summary, is_change=True, unlinked_id=unlinked, by=by, at=at)


def after_opening(conversation: Conversation, ticket: Ticket, *, by: Actor, at: datetime) -> None:
    """Count the conversation that was begun together with its ticket; nothing was answered in it."""
    summary = _summary(
        conversation.last_message, messages=conversation.message_count, unread=conversation.unread_count, unseen=0
    )
    ticket_actions.recount(ticket=ticket, summary=summary, is_change=True, by=by, at=at)


def after_reading(conversation: Conversation, *, ticket: Ticket | None = None, by: Actor, at: datetime) -> None:
    """The team has read a conversation, hence that part of its ticket, which may be held already; `updated_at` stays."""
    if conversation.ticket_id is None:
        return
    ticket = ticket or _held(conversation, conversation.ticket_id)
    ticket_actions.recount(ticket=ticket, summary=_counted(ticket), is_change=False, by=by, at=at)


def after_seeing(conversation: Conversation, count: int, *, by: Actor, at: datetime) -> None:
    """The customer has seen so many more of the team's messages in a conversation, hence of its ticket; `updated_at` stays."""
    if conversation.ticket_id is None or not count:
        return
    ticket = _held(conversation, conversation.ticket_id)
    unseen = max(0, ticket.unread_customer_count - count)
    summary = replace(_counted(ticket), unread_customer_count=unseen)
    ticket_actions.recount(ticket=ticket, summary=summary, is_change=False, by=by, at=at)


def after_moving(workspace_id: int, ticket_id: int, *, by: Actor, at: datetime) -> None:
    """Messages came to the ticket's conversations from others, or went to them."""
    ticket = transaction.held(Ticket(pk=ticket_id, workspace_id=workspace_id))
    ticket_actions.recount(ticket=ticket, summary=_counted(ticket), is_change=True, by=by, at=at)


def _held(conversation: Conversation, ticket_id: int) -> Ticket:
    return transaction.held(Ticket(pk=ticket_id, workspace_id=conversation.workspace_id))


def _counted(ticket: Ticket) -> MessageSummary:
    """Count the linked conversations anew; the customer's unread count stays as it is."""
    linked = Conversation.objects.filter(workspace_id=ticket.workspace_id, ticket=ticket)
    newest = (
        linked.filter(last_message__isnull=False)
        .select_related("last_message")
        .order_by("-last_message_at", "-last_message_id")
        .first()
    )
    last: Message | None = newest.last_message if newest else None
    # Unread is what is new in each conversation, less what the team saw when it last read the ticket.
    seen = Q(unread_count__gt=0, ticket_linked_at__lte=ticket.team_read_at) if ticket.team_read_at else Q(pk__in=())
    sums = linked.aggregate(messages=Sum("message_count"), unread=Sum("unread_count", filter=~seen))
    return _summary(
        last,
        messages=sums["messages"] or 0,
        unread=(sums["unread"] or 0) + _unread_since(ticket, linked.filter(seen)),
        unseen=ticket.unread_customer_count,
    )


def _summary(last: Message | None, *, messages: int, unread: int, unseen: int) -> MessageSummary:
    return MessageSummary(
        message_count=messages,
        last_message_at=last.created_at if last else None,
        last_message_text=(last.body or "")[:MESSAGE_CUT] if last else None,
        unread_team_count=unread,
        unread_customer_count=unseen,
    )


def _unread_since(ticket: Ticket, seen: QuerySet[Conversation]) -> int:
    if ticket.team_read_at is None:
        return 0
    written = Message.objects.filter(kind=MessageKind.MESSAGE, sender_kind=SenderKind.CUSTOMER)
    since = written.filter(conversation=OuterRef("pk"), created_at__gt=ticket.team_read_at)
    count = Subquery(since.order_by().values("conversation").annotate(count=Count("pk")).values("count"))
    counts = seen.annotate(since=Coalesce(count, 0)).values_list("unread_count", "since")
    return sum(int(min(unread, count)) for unread, count in counts)


def _unanswered(conversation: Conversation) -> int:
    """The team's messages since the customer last wrote: those that the customer may not have seen."""
    if conversation.last_inbound_at is not None and conversation.last_message_at <= conversation.last_inbound_at:
        return 0  # the customer wrote last
    rows = Message.objects.filter(conversation=conversation, kind=MessageKind.MESSAGE)
    rows = rows.exclude(sender_kind=SenderKind.CUSTOMER)
    if conversation.last_inbound_at is not None:
        rows = rows.filter(created_at__gt=conversation.last_inbound_at)
    return rows.count()
