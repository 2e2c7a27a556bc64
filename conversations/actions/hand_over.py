"""From the assistant to people: calling them in, a person taking over, and ending well without one."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts import events as journal
from accounts.models import User
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import assistant_rows, rows, triage
from conversations.actions.status import set_status
from conversations.actions.ticketing import escalate
from conversations.assistant import runs
from conversations.assistant.engine import Call
from conversations.models import AssistantThread, Conversation, Handler, Outcome, RunStatus, Status
from tickets import actions as ticket_actions
from tickets.models import Ticket


@transaction.atomic
def hand_over(*, thread: AssistantThread, call: Call, reason: str, by: Actor, at: datetime) -> Ticket | None:
    """Call people in: the conversation enters the inbox, open, with a ticket whose escalation reason says why.

    Until one of them answers, the assistant still takes in what the customer writes. Returns the ticket, or None when
    people had been called already.
    """
    permit(by, "conversation.assign", thread)
    thread = runs.hold(thread)
    if thread.handed_over_at is not None or thread.taken_over_at is not None:
        return None
    conversation = _to_people(thread, at)
    ticket = conversation.ticket or escalate(conversation=conversation, reason=reason, by=by, at=at)
    thread.handed_over_at, thread.ai_resolved, thread.updated_at = at, False, at
    thread.save(update_fields=["handed_over_at", "ai_resolved", "updated_at"])
    # What the assistant said last did not help; before that, nobody knows.
    poor = [row.pk for row in assistant_rows.open_answers(conversation)[: 2 if call == Call.ASKED else 1]]
    assistant_rows.open_answers(conversation).filter(pk__in=poor).update(outcome=Outcome.REJECTED, decided_at=at)
    journal.record(events.ASSISTANT_HANDED_OVER, conversation, by=by, at=at, call=call.value, ticket=ticket.pk)
    return ticket


@transaction.atomic
def take_over(*, thread: AssistantThread, to: User | None = None, by: Actor, at: datetime) -> AssistantThread:
    """A person answers from here on: the assistant stops and keeps silent, and nothing that waited for it is lost.

    With `to`, the conversation is given to that member, unless someone has it. Raises Invalid for someone who may not
    answer.
    """
    permit(by, "conversation.assign", thread)
    thread = runs.hold(thread)
    if thread.taken_over_at is not None:
        return thread
    run = runs.running(thread)
    if run is not None:
        assistant_rows.end(thread, run, RunStatus.CANCELED, at)
    for item in assistant_rows.waiting(thread):
        assistant_rows.ask(thread, item.content, item.ui_context, item.public_id, by=by, at=at)
        item.delete()
    conversation = _to_people(thread, at)
    thread.taken_over_at, thread.ai_resolved, thread.is_asking, thread.updated_at = at, False, False, at
    thread.save(update_fields=["taken_over_at", "ai_resolved", "is_asking", "updated_at"])
    journal.record(events.ASSISTANT_TAKEN_OVER, conversation, by=by, at=at)
    if to is not None and conversation.assignee_id is None:
        triage.assign(conversation=conversation, to=to, by=by, at=at)
    return thread


@transaction.atomic
def settle(*, thread: AssistantThread, by: Actor, at: datetime) -> AssistantThread:
    """It ended well without a person: the conversation is resolved, and it says so, as does its ticket if it has one.

    Nothing is done where a person has taken over, or when it says so already.
    """
    permit(by, "conversation.update", thread)
    thread = runs.hold(thread)
    if thread.taken_over_at is not None or thread.ai_resolved:
        return thread
    conversation = rows.locked(thread.conversation)
    if not conversation.is_done:
        conversation = set_status(
            conversation=conversation, status=Status.RESOLVED, sender=assistant_rows.SENDER, by=by, at=at
        )
    thread.ai_resolved, thread.is_asking, thread.updated_at = True, False, at
    thread.save(update_fields=["ai_resolved", "is_asking", "updated_at"])
    if conversation.ticket_id is not None:
        ticket = Ticket.all_workspaces.get(pk=conversation.ticket_id, workspace_id=thread.workspace_id)  # its own
        ticket_actions.update(ticket=ticket, ai_resolved=True, by=by, at=at)
    assistant_rows.open_answers(conversation).update(outcome=Outcome.ACCEPTED, decided_at=at)
    journal.record(events.ASSISTANT_RESOLVED, conversation, by=by, at=at)
    return thread


def _to_people(thread: AssistantThread, at: datetime) -> Conversation:
    conversation = rows.locked(thread.conversation)
    if conversation.handler == Handler.ASSISTANT:
        rows.to_people(conversation, at)
        thread.conversation = conversation
    return conversation
