"""A conversation and its ticket: opening one, and linking or unlinking. Several conversations may share a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from accounts import journal, transaction, writing
from accounts.errors import Conflict
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking, ticket_counts, turns
from conversations.actions.contacts import identify
from conversations.actions.entries import Door
from conversations.actions.start import start
from conversations.models import Conversation, Mailbox
from conversations.permissions import ConversationScope
from tickets import actions as ticket_actions
from tickets.models import Ticket, TicketPriority

PRIORITIES: dict[str, str] = {
    "low": TicketPriority.LOW,
    "normal": TicketPriority.MEDIUM,
    "medium": TicketPriority.MEDIUM,
    "high": TicketPriority.HIGH,
    "urgent": TicketPriority.CRITICAL,
    "critical": TicketPriority.CRITICAL,
}
TITLE_LENGTH = 500


@transaction.atomic
def escalate(*, conversation: Conversation, reason: str | None = None, by: Actor, at: datetime) -> Ticket:
    """Open a ticket for a conversation and link the two.

    Subject, priority, assignee and tags are copied this once; from then on each side has its own. Raises Conflict
    when the conversation has a ticket.
    """
    permit(by, "ticket.open", conversation)
    conversation = locking.locked(conversation)
    locking.check_is_in_use(conversation)
    if conversation.ticket_id is not None:
        raise Conflict("the conversation already has a ticket", field="ticket")
    ticket = ticket_actions.open_ticket(
        workspace=conversation.workspace,
        subject=conversation.subject,
        priority=PRIORITIES.get(conversation.priority.strip().lower()),
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


class Opened(NamedTuple):
    """A ticket with the conversation in which it will be answered."""

    ticket: Ticket
    conversation: Conversation


@transaction.atomic
@writing.together(with_nested=True)
def open_ticket(
    *,
    workspace: Workspace,
    name: str = "",
    email: str = "",
    external_id: str | None = None,
    title: str = "",
    body: str | None = None,
    door: Door,
    mailbox: Mailbox | None = None,
    by: Actor,
    at: datetime,
    **values: Any,
) -> Opened:
    """Open a ticket together with the conversation in which it will be answered.

    The customer is found or made from name, email and external id; `body` is their first message, mails go by `mailbox`, and
    `values` are those of the ticket (see `tickets.actions.open_ticket`). Without a title it is the escalation reason, else the ticket's number.
    Raises Invalid with the field at fault.
    """
    permit(by, "ticket.open")
    writer = by.with_scope(ConversationScope.WRITE)
    contact = identify(
        workspace=workspace,
        external_id=external_id or None,
        email=email or None,
        name=name[:400] or None,
        by=writer,
        at=at,
    )
    # Contact, tally of conversations, tally of tickets: see `accounts.transaction`.
    number = turns.TALLY.draw(workspace.pk, turns.counted_as(turns.handler_of(contact, body)))
    title = " ".join((title or values.get("escalation_reason") or "").split())[:TITLE_LENGTH]
    ticket = ticket_actions.open_ticket(
        workspace=workspace, subject=title, channel=door.channel, by=by, at=at, **values
    )
    if not title:
        writing.send()  # else the ticket has no number yet
    conversation = start(
        workspace=workspace,
        contact=contact,
        subject=title or f"Ticket #{ticket.number}",
        body=body,
        door=door,
        mailbox=mailbox,
        number=number,
        by=writer,
        at=at,
    )
    conversation.ticket, conversation.ticket_linked_at = ticket, at
    writing.update(conversation, ["ticket", "ticket_linked_at"])
    ticket_counts.after_opening(conversation, ticket, by=by, at=at)
    journal.record(events.CONVERSATION_LINKED, conversation, by=by, at=at, ticket_id=writing.id_of(ticket))
    return Opened(ticket, conversation)


@transaction.atomic
def delete_ticket(*, ticket: Ticket, by: Actor, at: datetime) -> None:
    """Delete a ticket; its conversations are unlinked and stay."""
    permit(by, "ticket.update", ticket)
    # Conversations before tickets, in the order of their ids, as everywhere: see `ticket_counts`.
    for conversation in locking.locked_of(ticket):
        _unlink(conversation, by=by, at=at)
    ticket_actions.delete(ticket=ticket, by=by, at=at)


@transaction.atomic
def link(*, conversation: Conversation, ticket: Ticket, by: Actor, at: datetime) -> Conversation:
    """Link a conversation to a ticket, instead of the one it may have had."""
    permit(by, "ticket.link", conversation)
    permit(by, "ticket.link", ticket)
    conversation = locking.locked(conversation)
    if conversation.ticket_id == ticket.pk:
        return conversation
    locking.check_is_in_use(conversation)
    if conversation.ticket_id is not None:
        # Both are locked in the order of their ids, so that two conversations that swap tickets do not deadlock.
        held = Ticket.objects.select_for_update(no_key=True).filter(pk__in=(conversation.ticket_id, ticket.pk))
        list(held.order_by("pk"))
        _unlink(conversation, by=by, at=at)
    _link(conversation, ticket, by=by, at=at)
    return conversation


@transaction.atomic
def unlink(*, conversation: Conversation, by: Actor, at: datetime) -> Conversation:
    """Take a conversation off its ticket; both stay."""
    permit(by, "ticket.link", conversation)
    conversation = locking.locked(conversation)
    if conversation.ticket_id is None:
        return conversation
    _unlink(conversation, by=by, at=at)
    return conversation


def _link(conversation: Conversation, ticket: Ticket, *, by: Actor, at: datetime) -> None:
    conversation.ticket, conversation.ticket_linked_at, conversation.updated_at = ticket, at, at
    conversation.save(update_fields=["ticket", "ticket_linked_at", "updated_at"])
    ticket_counts.after_linking(conversation, ticket.pk, is_shown=True, by=by, at=at)
    journal.record(events.CONVERSATION_LINKED, conversation, by=by, at=at, ticket_id=ticket.pk)


def _unlink(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    assert conversation.ticket_id is not None  # the verbs have looked
    before = conversation.ticket_id
    conversation.ticket, conversation.ticket_linked_at, conversation.updated_at = None, None, at
    conversation.save(update_fields=["ticket", "ticket_linked_at", "updated_at"])
    ticket_counts.after_unlinking(conversation, before, is_shown=True, by=by, at=at)
    journal.record(events.CONVERSATION_UNLINKED, conversation, by=by, at=at, ticket_id=before)
