"""The assistant's drafts: asking for one, and keeping what came of it.

Drafting itself is no verb: it changes nothing and may take a minute. It stands between the two (see
`conversations.assistant`), in the request for an engine of the desk's own, in the worker for one outside.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from procrastinate.contrib.django import app

from accounts import events as journal
from accounts.models import Event
from accounts.permissions import Actor, ActorKind, permit
from conversations import events
from conversations.actions.ticket_messages import note_in_ticket
from conversations.assistant.engine import Draft
from conversations.models import Message, SenderKind
from conversations.senders import Sender
from tickets.models import Ticket

CHANNEL = "parley_suggestions"
"""Where those who wait for a draft listen; the key is the request's id."""
NAME = "Assistant"


@transaction.atomic
def request_suggestion(*, ticket: Ticket, engine: str, by: Actor, at: datetime) -> Event:
    """Ask for a draft, to be made by the worker. The event's id names the request."""
    permit(by, "ticket.update", ticket)
    request = journal.record(events.SUGGESTION_REQUESTED, ticket, by=by, at=at, engine=engine)
    # By name: tasks stand above the verbs. Queued in this transaction, hence never lost and never early.
    app.configure_task("suggest_reply").defer(
        workspace_id=ticket.workspace_id, ticket_id=ticket.pk, request_id=request.pk
    )
    return request


@transaction.atomic
def make_suggestion(
    *, ticket: Ticket, draft: Draft, engine: str, request_id: int | None = None, by: Actor, at: datetime
) -> Message | None:
    """Keep a draft as a private note of the assistant; a draft without a text leaves no note."""
    permit(by, "ticket.update", ticket)
    message = None
    if draft.text is not None:
        metadata = {
            "engine": engine,
            "sources": [one.told for one in draft.sources],
        }
        assistant = Actor(kind=ActorKind.ASSISTANT, workspace_id=ticket.workspace_id, name=NAME)
        sender = Sender(kind=SenderKind.ASSISTANT, name=NAME)
        message, _ = note_in_ticket(
            ticket=ticket, body=draft.text, metadata=metadata, sender=sender, by=assistant, at=at
        )
    note_id = message.pk if message else None
    journal.record(
        events.SUGGESTION_MADE, ticket, by=by, at=at, engine=engine, request_id=request_id, message_id=note_id
    )
    _announce(request_id)
    return message


@transaction.atomic
def fail_suggestion(*, ticket: Ticket, code: str, request_id: int, by: Actor, at: datetime) -> None:
    """Note that a requested draft could not be made, and why."""
    permit(by, "ticket.update", ticket)
    journal.record(events.SUGGESTION_FAILED, ticket, by=by, at=at, code=code, request_id=request_id)
    _announce(request_id)


def _announce(request_id: int | None) -> None:
    if request_id is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{request_id} done"])
