"""What a visitor writes where every conversation has a ticket: the first message of both, and those that follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts import transaction
from accounts.permissions import Actor, permit
from conversations.actions import locking
from conversations.actions.entries import Door
from conversations.actions.ticketing import link
from conversations.chat.actions.writing import DOOR, start_conversation, write
from conversations.models import ChatSession, Conversation, Message
from tickets import actions as ticket_actions
from tickets.models import Ticket


@transaction.atomic
def start_ticket(
    *,
    session: ChatSession,
    body: str,
    traits: Mapping[str, str] | None = None,
    session_id: str | None = None,
    session_context: Mapping[str, Any] | None = None,
    page: str = "",
    door: Door = DOOR,
    by: Actor,
    at: datetime,
) -> Message:
    """Start a conversation together with its ticket, which the message's conversation then has.

    `traits` describe the customer on the ticket, `session_id` and `session_context` their visit. Raises as `start_conversation`.
    """
    permit(by, "chat.visit", session)
    message = start_conversation(session=session, body=body, page=page, door=door, by=by, at=at)
    conversation, desk = message.conversation, Actor.system(session.workspace_id)
    ticket = ticket_actions.open_ticket(
        workspace=conversation.workspace,
        subject=conversation.subject,
        assignee=conversation.assignee,
        team=conversation.team if conversation.assignee_id is None else None,
        channel=conversation.channel,
        traits=dict(traits or {}),
        session_id=session_id,
        session_context=dict(session_context or {}),
        by=desk,
        at=at,
    )
    message.conversation = link(conversation=conversation, ticket=ticket, by=desk, at=at)
    return message


@transaction.atomic
def write_in_ticket(
    *,
    session: ChatSession,
    conversation: Conversation,
    ticket: Ticket,
    body: str,
    traits: Mapping[str, str] | None = None,
    session_id: str | None = None,
    session_context: Mapping[str, Any] | None = None,
    page: str = "",
    door: Door = DOOR,
    by: Actor,
    at: datetime,
) -> Message:
    """Add what a visitor writes to their conversation of a ticket. What goes on in a new one is of the ticket too.

    What is given of the customer and the visit is added to what the ticket has. Raises as `write`.
    """
    permit(by, "chat.visit", conversation)
    message = write(session=session, conversation=conversation, body=body, page=page, door=door, by=by, at=at)
    desk = Actor.system(session.workspace_id)
    if message.conversation.ticket_id is None:
        message.conversation = link(conversation=locking.locked(message.conversation), ticket=ticket, by=desk, at=at)
    ticket = transaction.held(ticket)
    given: dict[str, Any] = {
        "anonymous_traits": {**ticket.anonymous_traits, **(traits or {})},
        "session_context": {**ticket.session_context, **(session_context or {})},
    }
    if session_id is not None:
        given["session_id"] = session_id
    ticket_actions.update(ticket=ticket, by=desk, at=at, **given)
    return message
