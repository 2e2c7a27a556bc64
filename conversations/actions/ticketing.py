"""A conversation and its ticket: opening one, and linking or unlinking. Several conversations may share a ticket."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import events as journal
from accounts.errors import Conflict
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import rows
from conversations.models import Conversation
from tickets import actions as ticket_actions
from tickets.models import Ticket, TicketPriority

_PRIORITIES: dict[str, str] = {
    "low": TicketPriority.LOW,
    "normal": TicketPriority.MEDIUM,
    "medium": TicketPriority.MEDIUM,
    "high": TicketPriority.HIGH,
    "urgent": TicketPriority.CRITICAL,
    "critical": TicketPriority.CRITICAL,
}


@transaction.atomic
def escalate(*, conversation: Conversation, reason: str | None = None, by: Actor, at: datetime) -> Ticket:
    """Open a ticket for a conversation and link the two.

    Subject, priority, assignee and labels are copied this once; from then on each side has its own. Raises Conflict
    when the conversation has a ticket.
    """
    permit(by, "ticket.open", conversation)
    conversation = rows.locked(conversation)
    if conversation.ticket_id is not None:
        raise Conflict("the conversation has a ticket", field="ticket")
    ticket = ticket_actions.open_ticket(
        workspace=conversation.workspace,
        subject=conversation.subject,
        priority=_PRIORITIES.get(conversation.priority.strip().lower()),
        assignee=conversation.assignee,
        team=conversation.team if conversation.assignee_id is None else None,
        tag_names=list(dict.fromkeys(tag for name in conversation.tags if (tag := name.strip().lower()))),
        escalation_reason=reason,
        channel=conversation.channel,
        traits={k: v for k, v in (("name", conversation.contact.name), ("email", conversation.contact.email)) if v},
        by=by,
        at=at,
    )
    _link(conversation, ticket, by=by, at=at)
    return ticket


@transaction.atomic
def link(*, conversation: Conversation, ticket: Ticket, by: Actor, at: datetime) -> Conversation:
    """Point a conversation at a ticket, away from the one it may have had."""
    permit(by, "ticket.link", conversation)
    permit(by, "ticket.link", ticket)
    conversation = rows.locked(conversation)
    if conversation.ticket_id == ticket.pk:
        return conversation
    _link(conversation, ticket, by=by, at=at)
    return conversation


@transaction.atomic
def unlink(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """Take a conversation off its ticket; both stay."""
    permit(by, "ticket.link", conversation)
    conversation = rows.locked(conversation)
    if conversation.ticket_id is None:
        return conversation
    before, conversation.ticket, conversation.updated_at = conversation.ticket_id, None, at
    conversation.save(update_fields=["ticket", "updated_at"])
    journal.record(events.CONVERSATION_UNLINKED, conversation, by=by, at=at, ticket=before)
    return conversation


def _link(conversation: Conversation, ticket: Ticket, *, by: Actor, at: datetime) -> None:
    conversation.ticket, conversation.updated_at = ticket, at
    conversation.save(update_fields=["ticket", "updated_at"])
    journal.record(events.CONVERSATION_LINKED, conversation, by=by, at=at, ticket=ticket.pk)
