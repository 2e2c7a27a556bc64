"""The state of a thread with the assistant: in progress or idle, resolved or not, and its queue.

Callers have locked the thread's row. A thread is locked before its conversation, and a conversation before its ticket.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from conversations.assistant import runs
from conversations.assistant.actions import messages
from conversations.models import (
    AssistantQueueItem,
    AssistantRun,
    AssistantThread,
    Channel,
    Conversation,
    Message,
    MessageKind,
    RunStatus,
    SenderKind,
    ThreadStatus,
)
from tickets import actions as ticket_actions
from tickets.models import Ticket


def end(thread: AssistantThread, run: AssistantRun, outcome: RunStatus, at: datetime) -> None:
    """End the run; the thread is idle."""
    run.status, run.ended_at = outcome, at
    run.save(update_fields=["status", "ended_at"])
    thread.status, thread.updated_at = ThreadStatus.IDLE, at
    thread.save(update_fields=["status", "updated_at"])
    runs.announce(run)


def set_resolved(thread: AssistantThread, conversation: Conversation, is_resolved: bool, *, at: datetime) -> None:
    """Mark the thread and its ticket as resolved by the assistant, or not. The conversation is locked too."""
    if thread.ai_resolved != is_resolved:
        thread.ai_resolved = is_resolved
        thread.save(update_fields=["ai_resolved"])
    if conversation.ticket_id is not None:
        ticket = Ticket.objects.get(pk=conversation.ticket_id, workspace_id=thread.workspace_id)
        ticket_actions.update(ticket=ticket, ai_resolved=is_resolved, by=messages.assistant(thread.workspace_id), at=at)


def touch(thread: AssistantThread, at: datetime) -> None:
    """Note that the thread has changed."""
    thread.updated_at = at
    thread.save(update_fields=["updated_at"])


def waiting(thread: AssistantThread) -> QuerySet[AssistantQueueItem]:
    """The queued messages, the next one first."""
    return AssistantQueueItem.objects.filter(thread=thread).order_by("id")


def unanswered(thread: AssistantThread, run: AssistantRun) -> Message | None:
    """The last message that the customer of a chat wrote after the run's question: there, nothing waits outside the thread."""
    if thread.conversation.channel != Channel.CHAT:
        return None
    fresh = AssistantThread.objects.get(pk=thread.pk)
    if fresh.handed_over_at is not None or fresh.taken_over_at is not None:
        return None
    written = Message.objects.filter(conversation=thread.conversation_id, kind=MessageKind.MESSAGE)
    return written.filter(sender_kind=SenderKind.CUSTOMER, pk__gt=run.question_id).order_by("-pk").first()
