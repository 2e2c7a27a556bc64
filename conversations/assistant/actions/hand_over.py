"""From the assistant to people: handing over, taking over, and resolving without a person."""

from __future__ import annotations

from datetime import datetime

from accounts import journal, transaction
from accounts.models import User
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import locking, ticket_counts, triage, turns
from conversations.actions.status import set_status
from conversations.actions.ticketing import escalate
from conversations.assistant import frames, runs
from conversations.assistant.actions import ledger, messages, proposing, threads
from conversations.assistant.engines.protocol import Call
from conversations.models import (
    AssistantRun,
    AssistantThread,
    Conversation,
    Handler,
    Message,
    MessageKind,
    Outcome,
    RunStatus,
    SenderKind,
    Status,
)
from tickets.models import Ticket


@transaction.atomic
def hand_over(
    *, thread: AssistantThread, call: Call, reason: str, run: AssistantRun | None = None, by: Actor, at: datetime
) -> Ticket | None:
    """Hand over: the conversation enters the inbox, open, with a ticket whose escalation reason says why.

    Until an agent answers, the assistant goes on answering. The watchers of `run` are notified. Returns the ticket, or None
    when it was handed over already.
    """
    permit(by, "conversation.assign", thread)
    thread = runs.hold(thread)
    if thread.handed_over_at is not None or thread.taken_over_at is not None:
        return None
    conversation = _to_people(thread, by=by, at=at)
    ticket = conversation.ticket or escalate(conversation=conversation, reason=reason, by=by, at=at)
    thread.handed_over_at, thread.call, thread.updated_at = at, call.value, at
    thread.save(update_fields=["handed_over_at", "call", "updated_at"])
    proposing.expire(thread, at)
    threads.set_resolved(thread, conversation, False, at=at)
    # The last answer did not help; whether earlier ones did is unknown.
    poor = [row.pk for row in ledger.open_answers(conversation)[: 2 if call == Call.ASKED else 1]]
    ledger.open_answers(conversation).filter(pk__in=poor).update(outcome=Outcome.REJECTED, decided_at=at)
    journal.record(events.ASSISTANT_HANDED_OVER, conversation, by=by, at=at, call=call.value, ticket_id=ticket.pk)
    if run is not None:
        runs.publish(run, frames.Conversation.of(runs.hold(thread)))
    return ticket


@transaction.atomic
def take_over(*, thread: AssistantThread, to: User | None = None, by: Actor, at: datetime) -> AssistantThread:
    """A person answers from here on: the assistant stops, and queued messages become ordinary ones.

    With `to`, the conversation is assigned to that member, unless it is assigned already. Raises Invalid for someone who
    may not answer.
    """
    permit(by, "conversation.assign", thread)
    thread = runs.hold(thread)
    if thread.taken_over_at is not None:
        return thread
    run = runs.running(thread)
    if run is not None:
        threads.end(thread, run, RunStatus.CANCELED, at)
    for item in threads.waiting(thread):
        messages.question(thread, item.content, item.metadata, by=by, at=at)
        item.delete()
    conversation = _to_people(thread, by=by, at=at)
    thread.taken_over_at, thread.is_asking, thread.updated_at = at, False, at
    thread.save(update_fields=["taken_over_at", "is_asking", "updated_at"])
    proposing.expire(thread, at)
    threads.set_resolved(thread, conversation, False, at=at)
    journal.record(events.ASSISTANT_TAKEN_OVER, conversation, by=by, at=at)
    if to is not None and conversation.assignee_id is None:
        triage.assign(conversation=conversation, to=to, by=by, at=at)
    return thread


@transaction.atomic
def take_over_if_answered(*, thread: AssistantThread, by: Actor, at: datetime) -> bool:
    """Take over where an agent has answered; returns whether the thread is taken over."""
    permit(by, "conversation.assign", thread)
    thread = runs.hold(thread)
    if thread.taken_over_at is not None:
        return True
    written = Message.objects.filter(conversation=locking.locked(thread.conversation), kind=MessageKind.MESSAGE)
    if not written.filter(sender_kind=SenderKind.AGENT).exists():
        return False
    take_over(thread=thread, by=by, at=at)
    return True


@transaction.atomic
def settle(*, thread: AssistantThread, quiet_since: datetime | None = None, by: Actor, at: datetime) -> AssistantThread:
    """Resolve a conversation without a person, and mark it and its ticket as resolved by the assistant.

    Nothing is done where a person has taken over or is assigned, or when it is marked already; nor, with `quiet_since`, when
    somebody has written after that moment.
    """
    permit(by, "conversation.update", thread)
    thread = runs.hold(thread)
    if thread.taken_over_at is not None or thread.ai_resolved:
        return thread
    conversation = locking.locked(thread.conversation)
    if conversation.assignee_id is not None:
        return thread
    if quiet_since is not None and conversation.last_message_at >= quiet_since:
        return thread
    if not conversation.is_done:
        conversation = set_status(
            conversation=conversation, status=Status.RESOLVED, sender=messages.SENDER, by=by, at=at
        )
    thread.is_asking, thread.updated_at = False, at
    thread.save(update_fields=["is_asking", "updated_at"])
    threads.set_resolved(thread, conversation, True, at=at)
    ledger.open_answers(conversation).update(outcome=Outcome.ACCEPTED, decided_at=at)
    journal.record(events.ASSISTANT_RESOLVED, conversation, by=by, at=at)
    return thread


def _to_people(thread: AssistantThread, *, by: Actor, at: datetime) -> Conversation:
    conversation = locking.locked(thread.conversation)
    if conversation.handler == Handler.ASSISTANT:
        turns.to_people(conversation, at)
        ticket_counts.after_reading(conversation, by=by, at=at)  # what is unread has changed
        thread.conversation = conversation
    return conversation
