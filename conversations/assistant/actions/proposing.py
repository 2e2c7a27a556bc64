"""Proposing a step to the customer, and expiring it. `proposals` has the verb of the decision."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from conversations.assistant import frames, runs
from conversations.assistant import queries as assistant_queries
from conversations.models import AssistantProposal, AssistantRun, AssistantThread, Message, ProposalStatus

TOOL = "hand_over"
PREVIEW = "Bring in a teammate, who answers here."


def pending(thread: AssistantThread) -> QuerySet[AssistantProposal]:
    """The proposals of a thread that wait for the customer's decision."""
    return assistant_queries.pending_proposals().filter(thread=thread)


def propose(thread: AssistantThread, run: AssistantRun, message: Message, reason: str, *, at: datetime) -> None:
    """Ask the customer whether to hand over, unless that is being asked already."""
    if pending(thread).exists():
        return
    proposal = AssistantProposal(
        workspace_id=thread.workspace_id, thread=thread, message=message, tool_name=TOOL, preview=PREVIEW,
        payload={"reason": reason}, created_at=at,
    )  # fmt: skip
    proposal.save(force_insert=True)
    runs.publish(run, frames.Proposal.of(proposal))


def expire(thread: AssistantThread, at: datetime) -> int:
    """Reject open proposals: the customer has written on without deciding."""
    return pending(thread).update(status=ProposalStatus.AUTO_REJECTED, decided_at=at)
