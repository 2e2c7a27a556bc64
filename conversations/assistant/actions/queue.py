"""The queue of a thread: at most two messages that wait until the assistant is done, or until a person takes over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.errors import Conflict, NotFound
from accounts.permissions import Actor, permit
from conversations import events
from conversations.assistant import questions, runs
from conversations.assistant.actions import messages, threads
from conversations.assistant.actions.answering import CONTENT_LIMIT, ask_assistant
from conversations.models import AssistantQueueItem, AssistantRun, AssistantThread, Audience, ThreadStatus
from conversations.texts import validation

MOST_QUEUED = 2


@transaction.atomic
def enqueue(
    *,
    thread: AssistantThread,
    content: str,
    metadata: dict[str, Any] | None = None,
    thread_metadata: dict[str, Any] | None = None,
    by: Actor,
    at: datetime,
) -> AssistantQueueItem | None:
    """Queue a message until the assistant is done. The metadata is the client's own, as in `ask_assistant`.

    Where a person has taken over, nothing waits: the message goes to that person, and None is returned. Raises Conflict
    with code `queue_full` when two are waiting.
    """
    permit(by, "conversation.receive", thread)
    validation.check(content, "content", longest=CONTENT_LIMIT)
    thread = runs.hold(thread)
    if thread.taken_over_at is not None:
        message = messages.question(thread, content, metadata, by=by, at=at)
        threads.touch(thread, at)
        journal.record(events.ASSISTANT_QUEUE_CHANGED, thread.conversation, by=by, at=at, message_id=message.pk)
        return None
    if threads.waiting(thread).count() >= MOST_QUEUED:
        raise Conflict("two messages are already waiting", code="queue_full")
    item = AssistantQueueItem(
        workspace_id=thread.workspace_id,
        thread=thread,
        content=content,
        created_at=at,
        audience=questions.audience_of(by),
        metadata=metadata or {},
        thread_metadata=thread_metadata or {},
    )
    item.save(force_insert=True)
    journal.record(events.ASSISTANT_QUEUE_CHANGED, thread.conversation, by=by, at=at, added_id=item.pk)
    return item


@transaction.atomic
def begin_queued(*, thread: AssistantThread, by: Actor, at: datetime) -> AssistantRun | None:
    """Answer the next queued message of an idle thread; None where none is queued or the assistant is answering."""
    permit(by, "conversation.receive", thread)
    thread = runs.hold(thread)
    item = threads.waiting(thread).first()
    if item is None or thread.status != ThreadStatus.IDLE:
        return None
    journal.record(events.ASSISTANT_QUEUE_CHANGED, thread.conversation, by=by, at=at, begun_id=item.pk)
    item.delete()
    return ask_assistant(
        workspace=thread.workspace,
        content=item.content,
        thread=thread,
        metadata=item.metadata,
        thread_metadata=item.thread_metadata,
        audience=Audience(item.audience),
        by=by,
        at=at,
    )


@transaction.atomic
def edit_queued(*, item: AssistantQueueItem, content: str, by: Actor, at: datetime) -> AssistantQueueItem:
    """Change the text of a queued message. Raises NotFound when it is no longer queued, and Invalid."""
    permit(by, "conversation.receive", item)
    validation.check(content, "content", longest=CONTENT_LIMIT)
    thread, item = _locked(item)
    if item.content == content:
        return item
    item.content = content
    item.save(update_fields=["content"])
    journal.record(events.ASSISTANT_QUEUE_CHANGED, thread.conversation, by=by, at=at, edited_id=item.pk)
    return item


@transaction.atomic
def remove_queued(*, item: AssistantQueueItem, by: Actor, at: datetime) -> None:
    """Remove a message from the queue. Raises NotFound when it is no longer queued."""
    permit(by, "conversation.receive", item)
    thread, item = _locked(item)
    journal.record(events.ASSISTANT_QUEUE_CHANGED, thread.conversation, by=by, at=at, removed_id=item.pk)
    item.delete()


@transaction.atomic
def clear_queue(*, thread: AssistantThread, by: Actor, at: datetime) -> None:
    """Remove all messages from the queue."""
    permit(by, "conversation.receive", thread)
    thread = runs.hold(thread)
    removed, _ = threads.waiting(thread).delete()
    if removed:
        journal.record(events.ASSISTANT_QUEUE_CHANGED, thread.conversation, by=by, at=at, removed_count=removed)


def _locked(item: AssistantQueueItem) -> tuple[AssistantThread, AssistantQueueItem]:
    thread = runs.hold(item.thread)
    fresh = threads.waiting(thread).filter(pk=item.pk).first()
    if fresh is None:
        raise NotFound("this message is no longer queued")
    return thread, fresh
