"""The state of a conversation with the assistant, as its verbs change it: at work or idle, resolved or not, and what waits.

They hold the thread's row. A thread is locked before its conversation, and a conversation before its ticket.
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
    Conversation,
    RunStatus,
    ThreadStatus,
)
from tickets import actions as ticket_actions
from tickets.models import Ticket


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
        ticket_actions.update(ticket=ticket, ai_resolved=is_resolved, by=messages.assistant(thread.workspace_id), at=at)


def touch(thread: AssistantThread, at: datetime) -> None:
    """Something happened in the thread."""
    thread.updated_at = at
    thread.save(update_fields=["updated_at"])


def waiting(thread: AssistantThread) -> QuerySet[AssistantQueueItem]:
    """What waits until the assistant is done, the next one first."""
    return AssistantQueueItem.objects.filter(thread=thread).order_by("id")
