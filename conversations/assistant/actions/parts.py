"""What the verbs of the assistant share: saying something, the ends of runs, what waits, and the ledger.

They hold the thread's row. A thread is locked before its conversation, and a conversation before its ticket.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from accounts.permissions import Actor, ActorKind
from conversations import lifecycle
from conversations.actions import messages
from conversations.assistant import runs
from conversations.assistant.engines.protocol import NOTHING_USED, Usage
from conversations.knowledge.passages import Passage
from conversations.models import (
    AssistantProposal,
    AssistantQueueItem,
    AssistantRun,
    AssistantThread,
    Conversation,
    Handler,
    Message,
    Outcome,
    ProposalStatus,
    RunStatus,
    SenderKind,
    Suggestion,
    SuggestionKind,
    ThreadStatus,
)
from conversations.senders import Sender
from tickets import actions as ticket_actions
from tickets.models import Ticket

NAME = "Assistant"
SENDER = Sender(kind=SenderKind.ASSISTANT, name=NAME)


def assistant(workspace_id: int) -> Actor:
    """The assistant itself, as the one who acts."""
    return Actor(kind=ActorKind.ASSISTANT, workspace_id=workspace_id, name=NAME)


def ask(
    thread: AssistantThread, content: str, ui_context: Any, trace_id: uuid.UUID, *, by: Actor, at: datetime
) -> Message:
    """What was written to the assistant, as a message of the conversation."""
    message = messages.receive(conversation=thread.conversation, body=content, by=by, at=at)
    message.metadata = {"ui_context": ui_context, "trace_id": str(trace_id)}
    message.save(update_fields=["metadata"])
    return message


def say(thread: AssistantThread, body: str, metadata: dict[str, Any], *, by: Actor, at: datetime) -> Message:
    """What the assistant writes. After a hand-over it is not an answer of the team."""
    handles = thread.conversation.handler == Handler.ASSISTANT
    return messages.reply(
        conversation=thread.conversation,
        body=body,
        sender=SENDER,
        metadata=metadata,
        policy=lifecycle.DESK if handles else lifecycle.ASIDE,
        by=assistant(by.workspace_id),
        at=at,
    )


def echo(question: Message) -> dict[str, Any]:
    """A question as the watchers of a run are told of it."""
    given = {name: value for name, value in (question.metadata or {}).items() if value is not None}
    return {"type": "human", "id": str(question.public_id), "content": question.body, **given}


def told_thread(thread: AssistantThread) -> dict[str, Any]:
    """What changes about a conversation, as it is at this moment: a replay tells it as it was."""
    ticket = thread.conversation.ticket
    return {
        "status": thread.status,
        "handled_by": thread.conversation.handler,
        "ticket": str(ticket.public_id) if ticket else None,
        "ai_resolved": thread.ai_resolved,
    }


def end(thread: AssistantThread, run: AssistantRun, outcome: RunStatus, at: datetime) -> None:
    """The run is over, and the thread idle."""
    run.status, run.ended_at = outcome, at
    run.save(update_fields=["status", "ended_at"])
    thread.status, thread.updated_at = ThreadStatus.IDLE, at
    thread.save(update_fields=["status", "updated_at"])
    runs.announce(run)


def set_resolved(thread: AssistantThread, conversation: Conversation, is_resolved: bool, *, at: datetime) -> None:
    """Whether it ended well without a person, on the thread and on its ticket alike. The conversation is held too."""
    if thread.ai_resolved != is_resolved:
        thread.ai_resolved = is_resolved
        thread.save(update_fields=["ai_resolved"])
    if conversation.ticket_id is not None:
        ticket = Ticket.objects.get(pk=conversation.ticket_id, workspace_id=thread.workspace_id)
        ticket_actions.update(ticket=ticket, ai_resolved=is_resolved, by=assistant(thread.workspace_id), at=at)


def touch(thread: AssistantThread, at: datetime) -> None:
    """Something happened in the thread."""
    thread.updated_at = at
    thread.save(update_fields=["updated_at"])


def waiting(thread: AssistantThread) -> QuerySet[AssistantQueueItem]:
    """What waits until the assistant is done, the next one first."""
    return AssistantQueueItem.objects.filter(thread=thread).order_by("id")


# --- Proposals ----------------------------------------------------------------------------------

TOOL = "hand_over"
PREVIEW = "Bring in a teammate, who answers here."


def pending(thread: AssistantThread) -> QuerySet[AssistantProposal]:
    """What the customer is to decide."""
    return AssistantProposal.objects.filter(thread=thread, status=ProposalStatus.PENDING)  # of a thread that is held


def propose(thread: AssistantThread, run: AssistantRun, message: Message, reason: str, *, at: datetime) -> None:
    """Ask the customer whether to hand over. One that is open stays the only one."""
    if pending(thread).exists():
        return
    proposal = AssistantProposal(
        workspace_id=thread.workspace_id, thread=thread, message=message, tool_name=TOOL, preview=PREVIEW,
        payload={"reason": reason}, created_at=at,
    )  # fmt: skip
    proposal.save(force_insert=True)
    runs.tell(run, "approval", told_proposal(proposal))


def told_proposal(proposal: AssistantProposal) -> dict[str, Any]:
    """A proposal as clients are told of it."""
    return {
        "proposal_id": str(proposal.public_id),
        "decision_status": proposal.status,
        "tool_name": proposal.tool_name,
        "preview": proposal.preview,
        "payload": proposal.payload,
        "original_tool_call_id": None,
        "message_id": str(proposal.message.public_id) if proposal.message else None,
    }


def expire_proposals(thread: AssistantThread, at: datetime) -> int:
    """Whoever writes on has not agreed."""
    return pending(thread).update(status=ProposalStatus.AUTO_REJECTED, decided_at=at)


# --- The ledger ---------------------------------------------------------------------------------


def enter(
    conversation: Conversation,
    kind: SuggestionKind,
    *,
    engine: str,
    text: str = "",
    sources: tuple[Passage, ...] = (),
    usage: Usage = NOTHING_USED,
    took_ms: int = 0,
    failure: str = "",
    at: datetime,
    **links: Any,
) -> Suggestion:
    """Enter one draft or answer, or the failure to make one, into the ledger. `links` are ticket, run and message."""
    suggestion = Suggestion(
        workspace_id=conversation.workspace_id,
        kind=kind,
        conversation=conversation,
        engine=engine,
        model=usage.model[:100],
        text=text,
        sources=[one.told for one in sources],
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost=usage.cost,
        took_ms=took_ms,
        outcome=Outcome.FAILED if failure else Outcome.OPEN,
        failure=failure[:40],
        created_at=at,
        **links,
    )
    suggestion.save(force_insert=True)
    return suggestion


def open_answers(conversation: Conversation) -> QuerySet[Suggestion]:
    """The assistant's answers of which nobody knows yet whether they were any good, the latest first."""
    rows = Suggestion.objects.filter(conversation=conversation, kind=SuggestionKind.ANSWER)
    return rows.filter(outcome=Outcome.OPEN).order_by("-id")
