"""Claiming runs, publishing their frames, and their heartbeats.

A run's thread is locked before anything is written, and a worker shows the token of its claim: a run that was cancelled,
failed or put back accepts nothing from an earlier claim. The verbs are in `conversations.assistant.actions.answering`.

A run is lost when the worker that claimed it is gone (`presence`) or sends no heartbeat, and when no worker claims it:
living workers renew the heartbeat of runs that wait in line.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import transaction
from accounts.errors import NotFound
from conversations.assistant import frames, presence
from conversations.models import AssistantFrame, AssistantRun, AssistantThread, RunStatus

CHANNEL = "parley_runs"
"""The notification channel of runs; the key is the run's id."""
JOB = "run_assistant"
"""The job that answers a run."""
QUEUE = "assistant"
"""The queue of jobs that may wait for a slow provider; it has workers of its own, so that nothing else waits behind it."""
BEAT_EVERY = timedelta(seconds=10)
UNCLAIMED_AFTER = timedelta(seconds=60)
"""How long an unclaimed run may be without a heartbeat."""
UNSTARTED_AFTER = timedelta(seconds=5)
"""How long a run may be unclaimed and without a job: its worker died between taking the job and claiming the run."""
SILENT_AFTER = timedelta(seconds=30)
"""How long a claimed run may be without a heartbeat."""
_at_work: set[uuid.UUID] = set()  # the tokens of the runs that this process works on


def hold(thread: AssistantThread) -> AssistantThread:
    """The thread as it is now, locked until the transaction ends. Raises NotFound when it is gone."""
    # `of` keeps the conversation free for others.
    rows = AssistantThread.objects.select_for_update(no_key=True, of=("self",)).select_related("conversation__contact")
    held = rows.filter(pk=thread.pk, deleted_at=None).first()
    if held is None:
        raise NotFound("this conversation no longer exists")
    return held


def running(thread: AssistantThread) -> AssistantRun | None:
    """The thread's unfinished run."""
    return AssistantRun.objects.filter(thread=thread, status=RunStatus.RUNNING).first()


def latest(thread: AssistantThread) -> AssistantRun | None:
    """The thread's newest run, finished or not."""
    return AssistantRun.objects.filter(thread=thread).order_by("-id").first()


def held(run: AssistantRun) -> tuple[AssistantThread, AssistantRun] | None:
    """Thread and run, locked, if the run still belongs to the worker that claimed it."""
    try:
        thread = hold(run.thread)
    except NotFound:
        return None
    fresh = running(thread)
    if fresh is None or fresh.pk != run.pk or fresh.token != run.token:
        return None
    fresh.thread = thread
    return thread, fresh


@transaction.atomic
def claim(run_id: int, at: datetime) -> AssistantRun | None:
    """Claim a run that no worker has; None when there is none. One that was lost is put back first (`recover_run`)."""
    run = AssistantRun.objects.select_related("thread").filter(pk=run_id, token=None).first()
    if run is None or (found := held(run)) is None:
        return None
    run = found[1]
    run.token, run.worker, run.beat_at = uuid.uuid4(), presence.number(), at
    run.save(update_fields=["token", "worker", "beat_at"])
    _at_work.add(run.token)  # before the claim is visible to others
    return run


def lost(rows: Collection[AssistantRun], at: datetime) -> list[AssistantRun]:
    """Those of the runs that no worker works on any more: two queries at most."""
    going = [run for run in rows if run.status == RunStatus.RUNNING]
    gone = presence.gone({run.worker for run in going if run.worker is not None})
    waiting = {run.pk for run in going if run.token is None and is_silent(run, at, UNSTARTED_AFTER)}
    strays = waiting - in_line(waiting)
    return [run for run in going if run.worker in gone or run.pk in strays or is_silent(run, at) or _is_dropped(run)]


def is_silent(run: AssistantRun, at: datetime, patience: timedelta | None = None) -> bool:
    """Whether the last heartbeat is older than `patience`, or than the limit for a run in its state."""
    usual = UNCLAIMED_AFTER if run.token is None else SILENT_AFTER
    return at - run.beat_at > (patience or usual)


def _is_dropped(run: AssistantRun) -> bool:
    """Whether this process claimed it and then lost the database connection."""
    return run.token is not None and run.worker == presence.number() is not None and run.token not in _at_work


def in_line(run_ids: Collection[int]) -> set[int]:
    """Those of the runs whose job is waiting in the queue."""
    if not run_ids:
        return set()
    jobs = ProcrastinateJob.objects.filter(
        queue_name=QUEUE, task_name=JOB, status="todo", args__run_id__in=list(run_ids)
    )
    return set(jobs.values_list("args__run_id", flat=True))


def beat(at: datetime) -> None:
    """Renew the heartbeats of the runs that this process works on, and of all that wait in line."""
    since = at - BEAT_EVERY
    going = AssistantRun.all_workspaces.filter(status=RunStatus.RUNNING, beat_at__lt=since)  # a worker takes on any
    going.filter(token__in=tuple(_at_work)).update(beat_at=at)
    _beat_for_unclaimed(going.filter(token=None), at)


@transaction.atomic
def _beat_for_unclaimed(unclaimed: QuerySet[AssistantRun], at: datetime) -> None:
    # Another worker may be doing the same.
    free = unclaimed.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
    unclaimed.filter(pk__in=in_line(set(free))).update(beat_at=at)


@contextmanager
def beating(run: AssistantRun) -> Iterator[None]:
    """Include the run in this worker's heartbeats while an engine works on it."""
    assert run.token is not None
    _at_work.add(run.token)
    try:
        yield
    finally:
        _at_work.discard(run.token)


@transaction.atomic
def partial(run: AssistantRun, text: str, at: datetime) -> bool:
    """Show the watchers the answer as far as it has come; False when the run is no longer the caller's."""
    found = held(run)
    if found is None:
        return False
    _, run = found
    run.beat_at = at
    run.save(update_fields=["beat_at"])
    publish(run, frames.Text(text))
    return True


@transaction.atomic
def progress(run: AssistantRun, text: str) -> bool:
    """Show the watchers what is being done before the answer begins; False as in `partial`."""
    found = held(run)
    if found is None:
        return False
    _, run = found
    question = run.question
    publish(run, frames.Status(frames.WORKING, text, question.pk, question.metadata or {}))
    return True


def publish(run: AssistantRun, frame: frames.Frame) -> None:
    """Add a frame, in the caller's transaction and under the thread's lock, and notify the watchers when it is committed."""
    before = AssistantFrame.objects.filter(run=run)
    last = before.aggregate(last=Max("sequence"))["last"] or 0
    AssistantFrame.objects.create(
        workspace_id=run.workspace_id, run=run, sequence=last + 1, kind=frame.kind, body=frames.body(frame)
    )
    announce(run)


def announce(run: AssistantRun) -> None:
    """Notify the watchers of a run when the transaction is committed; they look every few seconds, too."""
    transaction.notify_after_commit(CHANNEL, run.pk)


def frames_after(run: AssistantRun, after: int) -> QuerySet[AssistantFrame]:
    """The frames after an id, in order."""
    return AssistantFrame.objects.filter(run=run, pk__gt=after).order_by("pk")
