"""The customer's decision about a step that the assistant proposed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from accounts import journal, transaction
from accounts.errors import Conflict
from accounts.permissions import Actor, permit
from conversations import events
from conversations.assistant import frames, questions, runs
from conversations.assistant.actions import messages, proposing, threads
from conversations.assistant.actions.hand_over import hand_over
from conversations.assistant.engines.protocol import Call
from conversations.models import (
    AssistantRun,
    AssistantThread,
    ProposalStatus,
    RunStatus,
    ThreadStatus,
)

APPROVED = "I have handed this over to our team. A teammate will answer you here."
REJECTED = "All right. Tell me more, and I will look again."
UNKNOWN = "This can no longer be decided."
UNKNOWN_PROPOSAL = "unknown_proposal"


@dataclass(frozen=True, slots=True)
class Decision:
    """Which proposal is meant (None where that is unknown), and whether it is approved."""

    proposal_id: uuid.UUID | None
    approve: bool


@transaction.atomic
def decide_proposal(
    *, thread: AssistantThread, decision: Decision, run: AssistantRun | None = None, by: Actor, at: datetime
) -> AssistantRun:
    """Apply the customer's decision, and show the result in a run: the one given, or a new one that ends at once.

    A proposal that is unknown, expired or decided makes a visible failure. Raises Conflict while the assistant is answering
    in the thread.
    """
    permit(by, "conversation.receive", thread)
    if run is not None:
        _decide(thread, run, decision, by=by, at=at)
        return run
    thread = runs.hold(thread)
    if thread.status != ThreadStatus.IDLE:
        raise Conflict("the assistant is still answering in this conversation")
    last = runs.latest(thread)
    assert last is not None  # a thread begins with one
    run = AssistantRun(
        workspace_id=thread.workspace_id, thread=thread, question_id=last.question_id, started_at=at, beat_at=at,
        audience=questions.audience_of(by),
    )  # fmt: skip
    run.save(force_insert=True)
    is_known = _decide(thread, run, decision, by=by, at=at)
    threads.end(thread, run, RunStatus.DONE if is_known else RunStatus.FAILED, at)
    return run


def _decide(thread: AssistantThread, run: AssistantRun, decision: Decision, *, by: Actor, at: datetime) -> bool:
    """False for a proposal that cannot be decided."""
    rows = proposing.pending(thread)
    proposal = rows.filter(public_id=decision.proposal_id).first() if decision.proposal_id else None
    if proposal is None:
        messages.write_failure(thread, run, UNKNOWN, UNKNOWN_PROPOSAL, by=by, at=at)
        journal.record(events.ASSISTANT_FAILED, thread.conversation, by=by, at=at, run_id=run.pk, code=UNKNOWN_PROPOSAL)
        return False
    proposal.status = ProposalStatus.APPROVED if decision.approve else ProposalStatus.REJECTED
    proposal.decided_at = at
    proposal.save(update_fields=["status", "decided_at"])
    message = messages.write(thread, APPROVED if decision.approve else REJECTED, {}, by=by, at=at)
    runs.publish(run, frames.Message.of(message))
    if decision.approve:
        reason = str(proposal.payload.get("reason") or "The assistant knows no answer.")
        assistant = messages.assistant(thread.workspace_id)
        hand_over(thread=thread, call=Call.UNSURE, reason=reason, run=run, by=assistant, at=at)
    journal.record(
        events.ASSISTANT_PROPOSAL_DECIDED, thread.conversation, by=by, at=at, proposal_id=proposal.pk,
        approved=decision.approve,
    )  # fmt: skip
    return True
