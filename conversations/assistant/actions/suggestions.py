"""The assistant's drafts for agents: requesting one, storing it, and how it was used.

Drafting itself is no verb: it changes nothing and may take a minute. The built-in engine drafts in the request, one outside
in the worker.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import QuerySet
from procrastinate.contrib.django import app

from accounts import journal, transaction
from accounts.models import Event
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking
from conversations.actions.ticket_messages import note_in_ticket
from conversations.assistant import comparison, questions
from conversations.assistant import queries as assistant_queries
from conversations.assistant.actions import ledger, messages
from conversations.assistant.engines.protocol import NOTHING_USED, Draft, Usage
from conversations.assistant.suggestion_results import CHANNEL
from conversations.models import Conversation, Message, Outcome, Suggestion, SuggestionKind
from tickets.models import Ticket

NOTHING_FOUND = "nothing_found"


@transaction.atomic
def request_suggestion(
    *, conversation: Conversation, ticket: Ticket | None = None, engine: str, by: Actor, at: datetime
) -> Event:
    """Ask for a draft of the next reply, to be made by the worker. The event's id names the request."""
    _permit(by, conversation, ticket)
    request = journal.record(
        events.SUGGESTION_REQUESTED, conversation, by=by, at=at, engine=engine, ticket_id=ticket.pk if ticket else None
    )
    # By name: tasks stand above the verbs. Queued in this transaction, hence never lost and never early.
    app.configure_task("suggest_reply").defer(
        workspace_id=conversation.workspace_id,
        conversation_id=conversation.pk,
        ticket_id=ticket.pk if ticket else None,
        request_id=request.pk,
        audience=questions.audience_of(by).value,
        user_id=by.user_id,
    )
    return request


@transaction.atomic
def make_suggestion(
    *,
    conversation: Conversation,
    ticket: Ticket | None = None,
    draft: Draft,
    engine: str,
    request_id: int | None = None,
    took_ms: int = 0,
    by: Actor,
    at: datetime,
) -> Suggestion:
    """Enter a draft into the ledger, in place of the one before. One for a ticket is kept as a private note as well.

    A draft without a text counts as failed, leaves no note, and leaves the one before in place. A draft of the same words
    as the one before is that one, at the cost of both.
    """
    _permit(by, conversation, ticket)
    conversation = locking.locked(conversation)
    text = draft.text or ""
    for before in _undecided(conversation).exclude(text=text) if text else ():
        _decide(before, Outcome.REJECTED, by=by, at=at)
    note = None
    if ticket is not None and text:
        metadata = {"engine": engine, "sources": [one.reference for one in draft.sources]}
        assistant = messages.assistant(ticket.workspace_id)
        note, _ = note_in_ticket(
            ticket=ticket, body=text, metadata=metadata, sender=messages.SENDER, by=assistant, at=at
        )
    same = _undecided(conversation).filter(ticket=None).order_by("-id").first() if text and ticket is None else None
    if same is not None:
        made = _repeated(same, draft.usage, took_ms)
    else:
        made = ledger.enter(
            conversation, SuggestionKind.DRAFT, engine=engine, text=text, sources=draft.sources, usage=draft.usage,
            took_ms=took_ms, failure="" if text else NOTHING_FOUND, ticket=ticket, message=note, at=at,
        )  # fmt: skip
    journal.record(
        events.SUGGESTION_MADE, conversation, by=by, at=at, engine=engine, request_id=request_id, suggestion_id=made.pk
    )
    _announce(request_id)
    return made


@transaction.atomic
def fail_suggestion(
    *,
    conversation: Conversation,
    ticket: Ticket | None = None,
    code: str,
    kind: str = "",
    engine: str = "",
    usage: Usage = NOTHING_USED,
    took_ms: int = 0,
    request_id: int,
    by: Actor,
    at: datetime,
) -> None:
    """Record that a requested draft could not be made, why, and what the attempt cost. `kind` is for the ledger alone."""
    _permit(by, conversation, ticket)
    ledger.enter(
        conversation, SuggestionKind.DRAFT, engine=engine, usage=usage, took_ms=took_ms, failure=kind or code, ticket=ticket,
        at=at,
    )  # fmt: skip
    journal.record(events.SUGGESTION_FAILED, conversation, by=by, at=at, code=code, request_id=request_id)
    _announce(request_id)


@transaction.atomic
def dismiss_suggestion(*, suggestion: Suggestion, by: Actor, at: datetime) -> Suggestion:
    """Reject a draft; one that was decided stays as it is."""
    permit(by, "conversation.reply", suggestion)
    locking.locked(suggestion.conversation)  # before the draft, as all do
    suggestion = transaction.held(suggestion)
    if suggestion.outcome != Outcome.OPEN:
        return suggestion
    return _decide(suggestion, Outcome.REJECTED, by=by, at=at)


@transaction.atomic
def judge_suggestions(*, conversation: Conversation, reply: Message, by: Actor, at: datetime) -> list[Suggestion]:
    """A reply was sent: each draft that was open then is accepted, edited, or rejected for another answer."""
    permit(by, "conversation.reply", conversation)
    conversation = locking.locked(conversation)
    drafts = _undecided(conversation).filter(created_at__lte=reply.created_at).order_by("id")
    return [_decide(draft, comparison.outcome(draft.text, reply.body or ""), by=by, at=at) for draft in drafts]


def _permit(by: Actor, conversation: Conversation, ticket: Ticket | None) -> None:
    """Require the permission to change the ticket, or else to reply in the conversation."""
    if ticket is not None:
        permit(by, "ticket.update", ticket)
    else:
        permit(by, "conversation.reply", conversation)


def _undecided(conversation: Conversation) -> QuerySet[Suggestion]:
    return assistant_queries.undecided_drafts().filter(conversation=conversation)


def _repeated(suggestion: Suggestion, usage: Usage, took_ms: int) -> Suggestion:
    suggestion.prompt_tokens += usage.prompt_tokens
    suggestion.completion_tokens += usage.completion_tokens
    suggestion.cost += usage.cost
    suggestion.took_ms += took_ms
    suggestion.save(update_fields=["prompt_tokens", "completion_tokens", "cost", "took_ms"])
    return suggestion


def _decide(suggestion: Suggestion, outcome: Outcome, *, by: Actor, at: datetime) -> Suggestion:
    suggestion.outcome, suggestion.decided_by_id, suggestion.decided_at = outcome, by.user_id, at
    suggestion.save(update_fields=["outcome", "decided_by", "decided_at"])
    journal.record(
        events.SUGGESTION_DECIDED,
        suggestion.conversation,
        by=by,
        at=at,
        suggestion_id=suggestion.pk,
        outcome=outcome.value,
    )
    return suggestion


def _announce(request_id: int | None) -> None:
    if request_id is not None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{request_id} done"])
