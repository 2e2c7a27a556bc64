"""Threads with the assistant: asking, answering and stopping. `queue` has the messages that wait meanwhile.

Answering itself is no verb and may take minutes: it happens in the worker, between `ask_assistant` and `answer_run`.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import File
from procrastinate.contrib.django import app

from accounts import journal, transaction
from accounts.errors import Conflict
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import contacts
from conversations.actions.entries import Door
from conversations.actions.start import start
from conversations.assistant import choice as choices
from conversations.assistant import frames, questions, runs
from conversations.assistant.actions import ledger, messages, proposing, threads
from conversations.assistant.actions.hand_over import hand_over, settle, take_over_if_answered
from conversations.assistant.actions.proposals import Decision, decide_proposal
from conversations.assistant.choice import HandOver
from conversations.assistant.engines.protocol import NOTHING_USED, Call, Draft, Question, Step, Usage
from conversations.models import (
    AssistantRun,
    AssistantThread,
    Audience,
    Channel,
    Contact,
    Handler,
    Message,
    RunStatus,
    SenderKind,
    SuggestionKind,
    ThreadStatus,
)
from conversations.models.assistant import TITLE_LIMIT
from conversations.texts import validation

CONTENT_LIMIT = 40_000
APPENDED_LIMIT = 10_000
MOST_RESUMED = 2
FAILED = "I could not answer this. Please try again in a moment."
WAITS = "I could not answer this. A teammate will answer you here."
SPENT = "The assistant's budget for this month is used up. A teammate can help."
CANCELED = "canceled"
"""The failure code of an answer that was stopped."""
_DOOR = Door(Channel.API, "assistant")


@transaction.atomic
def ask_assistant(
    *,
    workspace: Workspace,
    content: str,
    thread: AssistantThread | None = None,
    public_id: uuid.UUID | None = None,
    contact: Contact | None = None,
    door: Door = _DOOR,
    subject: str = "",
    details: dict[str, Any] | None = None,
    message_public_id: uuid.UUID | None = None,
    uploads: Sequence[File[bytes]] = (),
    metadata: dict[str, Any] | None = None,
    thread_metadata: dict[str, Any] | None = None,
    audience: Audience | None = None,
    decision: Decision | None = None,
    by: Actor,
    at: datetime,
) -> AssistantRun:
    """Write to the assistant, in a thread or in a new one under `public_id`; the worker answers.

    A new one belongs to `contact`, or else to the actor; `door` says where it came in; `subject` and `details`, the metadata, are its
    conversation's. It is answered from what the actor may read, or from what `audience` names. `metadata` and `thread_metadata` are
    the client's own, stored unread with the message and the thread; `message_public_id` is the message's id, if the caller chose one.

    Where a person has taken over, the message is for that person, and the run ends at once. Raises Conflict while the
    assistant is answering in the thread or when the id is taken, and Invalid for the content.
    """
    permit(by, "conversation.receive", thread)
    validation.check(content, "content", longest=CONTENT_LIMIT)
    is_new = thread is None
    if thread is None:
        thread = _begun(workspace, content, public_id, contact, door, subject, details, by=by, at=at)
    else:
        thread = runs.hold(thread)
    if thread.status != ThreadStatus.IDLE:
        raise Conflict("the assistant is still answering in this conversation")
    if decision is None:
        proposing.expire(thread, at)
    thread.status, thread.updated_at, thread.metadata = ThreadStatus.IN_PROGRESS, at, thread_metadata or {}
    thread.save(update_fields=["status", "updated_at", "metadata"])
    question = messages.question(
        thread, content, metadata, door=door if door != _DOOR else None, public_id=message_public_id, uploads=uploads,
        by=by, at=at,
    )  # fmt: skip
    threads.set_resolved(thread, thread.conversation, False, at=at)
    run = AssistantRun(
        workspace=workspace, thread=thread, question=question, started_at=at, beat_at=at,
        audience=audience or questions.audience_of(by),
    )  # fmt: skip
    run.save(force_insert=True)
    if is_new:
        runs.publish(run, frames.Conversation.of(thread))
    if decision is not None:
        decide_proposal(thread=thread, decision=decision, run=run, by=by, at=at)
    runs.publish(run, frames.Message.of(question))
    journal.record(events.ASSISTANT_ASKED, thread.conversation, by=by, at=at, run_id=run.pk)
    if thread.taken_over_at is None:
        _defer(run)
    else:
        threads.end(thread, run, RunStatus.DONE, at)
    return run


@transaction.atomic
def answer_run(
    *,
    run: AssistantRun,
    draft: Draft,
    engine: str,
    question: Question | None = None,
    took_ms: int = 0,
    by: Actor,
    at: datetime,
) -> AssistantRun | None:
    """Store the answer to a run's question, and hand over or resolve if it says so.

    Returns the run when a queued message is next, else None: it is over. None as well when the run is no longer the
    caller's, or when an agent has answered meanwhile: only the cost is kept then.
    """
    permit(by, "conversation.reply", run)
    found = runs.held(run)
    if found is not None and take_over_if_answered(thread=found[0], by=by, at=at):
        found = None
    if found is None:
        _keep_cost(run, engine, draft.usage, took_ms, by=by, at=at)
        return None
    thread, run = found
    metadata = {"engine": engine, "sources": [one.reference for one in draft.sources], "step": draft.step.value}
    message = messages.write(thread, draft.text or "", metadata, by=by, at=at)
    runs.publish(run, frames.Message.of(message))
    ledger.enter(
        thread.conversation, SuggestionKind.ANSWER, engine=engine, text=message.body or "", sources=draft.sources,
        usage=draft.usage, took_ms=took_ms, run=run, message=message, at=at,
    )  # fmt: skip
    thread.is_asking = draft.step == Step.ASK
    thread.save(update_fields=["is_asking"])
    journal.record(events.ASSISTANT_ANSWERED, thread.conversation, by=by, at=at, run_id=run.pk, message_id=message.pk)
    _follow_up(thread, run, draft, question, message, by=by, at=at)
    return _go_on(thread, run, RunStatus.DONE, by=by, at=at)


@transaction.atomic
def fail_run(
    *,
    run: AssistantRun,
    code: str,
    kind: str = "",
    engine: str = "",
    usage: Usage = NOTHING_USED,
    question: Question | None = None,
    took_ms: int = 0,
    by: Actor,
    at: datetime,
) -> AssistantRun | None:
    """Tell the customer that a question could not be answered, and store what the attempt cost; `kind` is for the ledger alone.

    It hands over where a person is wanted, and after a second failure in a row unless the customer is to be asked first.
    Returns as `answer_run` does.
    """
    permit(by, "conversation.reply", run)
    found = runs.held(run)
    if found is None:
        _keep_cost(run, engine, usage, took_ms, by=by, at=at)
        return None
    thread, run = found
    ledger.enter(
        thread.conversation, SuggestionKind.ANSWER, engine=engine, usage=usage, took_ms=took_ms, failure=kind or code, run=run,
        at=at,
    )  # fmt: skip
    return _failed(thread, run, code, question, by=by, at=at)


@transaction.atomic
def recover_run(*, run: AssistantRun, by: Actor, at: datetime) -> bool:
    """Put a run whose worker is gone back in line; False when it is not lost at all.

    It fails visibly, with code `worker_lost`, when it was put back MOST_RESUMED times already, or when no worker claims it.
    Messages queued behind it are left to another worker.
    """
    permit(by, "conversation.reply", run)
    found = runs.held(run)
    if found is None or not runs.lost([found[1]], at):
        return False
    thread, run = found
    is_in_line = run.token is None and bool(runs.in_line([run.pk]))
    if is_in_line or run.attempts >= MOST_RESUMED:
        after = _failed(thread, run, "worker_lost", by=by, at=at)
        if after is not None:
            _defer(after)
        return True
    run.attempts, run.beat_at = run.attempts + 1, at
    run.save(update_fields=["attempts", "beat_at"])
    runs.publish(run, frames.Status(frames.RESTARTED))
    journal.record(events.ASSISTANT_RESUMED, thread.conversation, by=by, at=at, run_id=run.pk, attempt=run.attempts + 1)
    _defer(run)
    return True


@transaction.atomic
def cancel_run(*, thread: AssistantThread, by: Actor, at: datetime) -> AssistantThread:
    """Stop the assistant and empty the queue; from here on the run can write nothing. Nothing to stop is no error."""
    permit(by, "conversation.update", thread)
    return _stopped(runs.hold(thread), by=by, at=at)


@transaction.atomic
def delete_thread(*, thread: AssistantThread, by: Actor, at: datetime) -> None:
    """Delete a conversation with the assistant: it is in no list and answers no more, and its row is kept."""
    permit(by, "conversation.update", thread)
    thread = _stopped(runs.hold(thread), by=by, at=at)
    thread.deleted_at = thread.updated_at = at
    thread.save(update_fields=["deleted_at", "updated_at"])
    journal.record(events.ASSISTANT_DELETED, thread.conversation, by=by, at=at)


@transaction.atomic
def append_message(*, thread: AssistantThread, content: str, by: Actor, at: datetime) -> Message:
    """Add the client's text to the thread as the assistant's message, without a run. Raises Invalid."""
    permit(by, "conversation.reply", thread)
    validation.check(content, "content", longest=APPENDED_LIMIT)
    thread = runs.hold(thread)
    message = messages.write(thread, content, {"is_appended": True}, by=by, at=at)
    threads.touch(thread, at)
    return message


# --- Parts --------------------------------------------------------------------------------------


def _begun(
    workspace: Workspace,
    content: str,
    public_id: uuid.UUID | None,
    contact: Contact | None,
    door: Door,
    subject: str,
    details: dict[str, Any] | None,
    *,
    by: Actor,
    at: datetime,
) -> AssistantThread:
    """A new thread, titled by its first message unless it has a subject."""
    asker = contact or contacts.identify(
        workspace=workspace, external_id=f"assistant:{by.kind}:{by.id}", name=by.name or None, by=by, at=at
    )
    title = " ".join((subject or content).split())[:TITLE_LIMIT] or "…"
    conversation = start(
        workspace=workspace, contact=asker, subject=title, door=door, handler=Handler.ASSISTANT, public_id=public_id,
        metadata=details, by=by, at=at,
    )  # fmt: skip
    return AssistantThread.objects.create(
        workspace=workspace, conversation=conversation, title=title, user_id=by.user_id, created_at=at, updated_at=at
    )


def _keep_cost(run: AssistantRun, engine: str, usage: Usage, took_ms: int, *, by: Actor, at: datetime) -> None:
    """Record what an answer cost that is no longer wanted."""
    if usage == NOTHING_USED:
        return
    kept = ledger.enter(
        run.thread.conversation, SuggestionKind.ANSWER, engine=engine, usage=usage, took_ms=took_ms, failure=CANCELED,
        run=run, at=at,
    )  # fmt: skip
    journal.record(events.ASSISTANT_COST_KEPT, kept.conversation, by=by, at=at, run_id=run.pk, suggestion_id=kept.pk)


def _follow_up(
    thread: AssistantThread,
    run: AssistantRun,
    draft: Draft,
    question: Question | None,
    message: Message,
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Resolve, ask about handing over, or hand over, as the customer, the workspace and the engine want it."""
    assistant = messages.assistant(thread.workspace_id)
    if question is not None and question.is_settled:
        settled = settle(thread=thread, by=assistant, at=at)
        runs.publish(run, frames.Conversation.of(settled))
        return
    call, reason = (question.call, question.reason) if question is not None else (None, "")
    if call is None and draft.step == Step.HAND_OVER:
        call, reason = Call.UNSURE, validation.sentence(draft.reason) or "The assistant knows no answer."
    if call is None or thread.handed_over_at is not None:
        return
    if call == Call.UNSURE and choices.choice(thread.workspace).hand_over == HandOver.ASK:
        proposing.propose(thread, run, message, reason, at=at)
        return
    hand_over(thread=thread, call=call, reason=reason, run=run, by=assistant, at=at)


def _has_failed_before(run: AssistantRun) -> bool:
    """Whether the assistant's last message before the question was a failure."""
    earlier = Message.objects.filter(conversation=run.thread.conversation, pk__lt=run.question_id)
    last = earlier.filter(sender_kind=SenderKind.ASSISTANT).order_by("-id").first()
    return last is not None and messages.FAILURE in (last.metadata or {})


def _failed(
    thread: AssistantThread,
    run: AssistantRun,
    code: str,
    question: Question | None = None,
    *,
    by: Actor,
    at: datetime,
) -> AssistantRun | None:
    call, reason = (question.call, question.reason) if question is not None else (None, "")
    if call is None and thread.conversation.channel == Channel.CHAT:  # somebody waits at their screen
        call, reason = Call.UNSURE, "The assistant could not answer."
    elif call is None and choices.choice(thread.workspace).hand_over == HandOver.AUTO and _has_failed_before(run):
        call, reason = Call.UNSURE, "The assistant failed twice in a row."
    if call is not None:
        assistant = messages.assistant(thread.workspace_id)
        hand_over(thread=thread, call=call, reason=reason, run=run, by=assistant, at=at)
        run.thread = thread = runs.hold(thread)
    body = WAITS if thread.handed_over_at else SPENT if code == "quota_limit_exceeded" else FAILED
    messages.write_failure(thread, run, body, code, by=by, at=at)
    journal.record(events.ASSISTANT_FAILED, thread.conversation, by=by, at=at, run_id=run.pk, code=code)
    return _go_on(thread, run, RunStatus.FAILED, by=by, at=at)


def _go_on(
    thread: AssistantThread, run: AssistantRun, outcome: RunStatus, *, by: Actor, at: datetime
) -> AssistantRun | None:
    """The next message in the same run: of the queue, or one that came into a chat meanwhile; or the run's end, with which the
    thread is idle again."""
    item = threads.waiting(thread).first()
    written = threads.unanswered(thread, run) if item is None else None
    if item is None and written is None:
        threads.end(thread, run, outcome, at)
        return None
    run.thread = thread = runs.hold(thread)  # it may have been handed over meanwhile
    proposing.expire(thread, at)
    if item is not None:
        written = messages.question(thread, item.content, item.metadata, by=by, at=at)
        run.audience = item.audience
        thread.metadata = {**thread.metadata, **item.thread_metadata}
        thread.save(update_fields=["metadata"])
        item.delete()
    assert written is not None
    threads.set_resolved(thread, thread.conversation, False, at=at)
    run.question, run.beat_at, run.attempts = written, at, 0
    run.save(update_fields=["question", "audience", "beat_at", "attempts"])
    threads.touch(thread, at)
    runs.publish(run, frames.Message.of(run.question))
    return run


def _stopped(thread: AssistantThread, *, by: Actor, at: datetime) -> AssistantThread:
    lapsed = proposing.expire(thread, at)
    removed, _ = threads.waiting(thread).delete()
    run = runs.running(thread)
    if run is not None:
        threads.end(thread, run, RunStatus.CANCELED, at)
    if run is not None or removed or lapsed:
        journal.record(events.ASSISTANT_CANCELED, thread.conversation, by=by, at=at, run_id=run.pk if run else None)
    return thread


def _defer(run: AssistantRun) -> None:
    """By name: tasks stand above the verbs. Queued in this transaction, hence never lost and never early."""
    run.token = run.worker = None  # the worker that had it before
    run.save(update_fields=["token", "worker"])
    app.configure_task(runs.JOB).defer(workspace_id=run.workspace_id, run_id=run.pk)
