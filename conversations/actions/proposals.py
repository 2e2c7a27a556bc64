"""What the customer says to a step that the assistant asked leave for."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import transaction

from accounts import events as journal
from accounts.errors import Conflict
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import assistant_rows
from conversations.actions.hand_over import hand_over
from conversations.assistant import retrieval, runs
from conversations.assistant.engine import Call
from conversations.models import (
    AssistantProposal,
    AssistantRun,
    AssistantThread,
    ProposalStatus,
    RunStatus,
    ThreadStatus,
)

APPROVED = "I have called the team in. A person will answer you here."
REJECTED = "All right, no person then. Tell me more, and I will look again."
UNKNOWN = "That can no longer be decided."


@transaction.atomic
def decide_proposal(
    *, thread: AssistantThread, proposal_id: uuid.UUID | None, approve: bool, by: Actor, at: datetime
) -> AssistantRun:
    """Take the customer's decision; the run that says what came of it is over at once.

    A proposal that is unknown, lapsed or decided makes that run a failed one. Raises Conflict while the assistant is at
    work in the thread.
    """
    permit(by, "conversation.receive", thread)
    thread = runs.hold(thread)
    if thread.status != ThreadStatus.IDLE:
        raise Conflict("the assistant is still at work in this conversation")
    last = AssistantRun.all_workspaces.filter(thread=thread).order_by("-id").first()  # of a thread that is held
    assert last is not None  # a thread begins with one
    run = AssistantRun(
        workspace_id=thread.workspace_id, thread=thread, question_id=last.question_id, started_at=at, beat_at=at,
        audience=retrieval.audience_of(by),
    )  # fmt: skip
    run.save(force_insert=True)
    rows = AssistantProposal.all_workspaces.filter(
        thread=thread, public_id=proposal_id or uuid.UUID(int=0)
    )  # of a thread that is held
    proposal = rows.filter(status=ProposalStatus.PENDING).first()
    if proposal is None:
        _say(thread, run, UNKNOWN, "ai/failure", by=by, at=at)
        assistant_rows.end(thread, run, RunStatus.FAILED, at)
        journal.record(
            events.ASSISTANT_FAILED, thread.conversation, by=by, at=at, run_id=run.pk, code="unknown_proposal"
        )
        return run
    proposal.status = ProposalStatus.APPROVED if approve else ProposalStatus.REJECTED
    proposal.decided_at = at
    proposal.save(update_fields=["status", "decided_at"])
    _say(thread, run, APPROVED if approve else REJECTED, "ai", by=by, at=at)
    if approve:
        reason = str(proposal.payload.get("reason") or "The assistant knows no answer.")
        hand_over(
            thread=thread, call=Call.UNSURE, reason=reason, by=assistant_rows.assistant(thread.workspace_id), at=at
        )
    assistant_rows.end(thread, run, RunStatus.DONE, at)
    journal.record(
        events.ASSISTANT_PROPOSAL_DECIDED, thread.conversation, by=by, at=at, proposal_id=proposal.pk, approved=approve
    )
    return run


def _say(thread: AssistantThread, run: AssistantRun, words: str, kind: str, *, by: Actor, at: datetime) -> None:
    metadata = {"type": kind} if kind == "ai/failure" else {}
    message = assistant_rows.say(thread, words, metadata, by=by, at=at)
    runs.tell(run, "message", {"type": kind, "id": str(message.public_id), "content": words})
