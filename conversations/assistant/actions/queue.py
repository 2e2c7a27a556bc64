"""What waits until the assistant is done: at most two messages in a thread, which the person who takes over gets as well."""

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
    """Let a message wait until the assistant is done. What a client gives besides is opaque, as in `ask_assistant`.

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
    """Answer what waits in a thread that is at rest; None where nothing waits or the assistant is at work."""
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
    """Change what a waiting message says. Raises NotFound when it waits no more, and Invalid."""
    permit(by, "conversation.receive", item)
    validation.check(content, "content", longest=CONTENT_LIMIT)
    thread, item = _waits(item)
    if item.content == content:
        return item
    item.content = content
    item.save(update_fields=["content"])
    journal.record(events.ASSISTANT_QUEUE_CHANGED, thread.conversation, by=by, at=at, edited_id=item.pk)
    return item


@transaction.atomic
def remove_queued(*, item: AssistantQueueItem, by: Actor, at: datetime) -> None:
    """Take a waiting message back. Raises NotFound when it waits no more."""
    permit(by, "conversation.receive", item)
    thread, item = _waits(item)
    journal.record(events.ASSISTANT_QUEUE_CHANGED, thread.conversation, by=by, at=at, removed_id=item.pk)
    item.delete()


@transaction.atomic
def clear_queue(*, thread: AssistantThread, by: Actor, at: datetime) -> None:
    """Take all waiting messages back."""
    permit(by, "conversation.receive", thread)
    thread = runs.hold(thread)
    removed, _ = threads.waiting(thread).delete()
    if removed:
        journal.record(events.ASSISTANT_QUEUE_CHANGED, thread.conversation, by=by, at=at, removed_count=removed)


def _waits(item: AssistantQueueItem) -> tuple[AssistantThread, AssistantQueueItem]:
    thread = runs.hold(item.thread)
    fresh = threads.waiting(thread).filter(pk=item.pk).first()
    if fresh is None:
        raise NotFound("this message is no longer queued")
    return thread, fresh
