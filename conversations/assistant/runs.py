"""The machinery of a run: who works on it, what its watchers are told, and the signs of life in between.

A run's thread is locked before anything is written, and whoever works on it shows the token of its claim: a run that
was cancelled, given up or claimed again takes nothing more from the one before. What a person would call a change is
a verb (`conversations.actions.assistant`); nothing here is one.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.models import Max

from accounts import clock
from accounts.errors import NotFound
from conversations.models import AssistantFrame, AssistantRun, AssistantThread, RunStatus

logger = logging.getLogger(__name__)

CHANNEL = "parley_runs"
"""Where the watchers of a run listen; the key is the run's id."""
BEAT_EVERY = 10.0  # seconds


def hold(thread: AssistantThread) -> AssistantThread:
    """The thread as it is now, locked until the transaction ends. Raises NotFound when it is gone."""
    # The caller has permitted the row; `of` keeps the conversation free for others.
    rows = AssistantThread.all_workspaces.select_for_update(of=("self",)).select_related("conversation__contact")
    held = rows.filter(pk=thread.pk, deleted_at=None).first()
    if held is None:
        raise NotFound("the conversation is gone")
    return held


def running(thread: AssistantThread) -> AssistantRun | None:
    """The thread's unfinished run."""
    return AssistantRun.all_workspaces.filter(thread=thread, status=RunStatus.RUNNING).first()  # of a row in hand


def latest(thread: AssistantThread) -> AssistantRun | None:
    """The thread's newest run, finished or not."""
    return AssistantRun.objects.filter(thread=thread).order_by("-id").first()


def held(run: AssistantRun) -> tuple[AssistantThread, AssistantRun] | None:
    """Thread and run, locked, if the run still belongs to whoever claimed it as it is in hand."""
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
    """Take a run on, away from anyone who had it; None when there is nothing to do any more."""
    run = AssistantRun.objects.select_related("thread").filter(pk=run_id, status=RunStatus.RUNNING).first()
    if run is None or (found := held(run)) is None:
        return None
    run = found[1]
    run.token, run.beat_at = uuid.uuid4(), at
    run.save(update_fields=["token", "beat_at"])
    return run


@transaction.atomic
def partial(run: AssistantRun, text: str, at: datetime) -> bool:
    """Show the watchers the answer as far as it has come; False when the run is no longer the caller's."""
    found = held(run)
    if found is None:
        return False
    _, run = found
    run.beat_at = at
    run.save(update_fields=["beat_at"])
    tell(run, "message", {"type": "ai", "content": text})
    return True


def tell(run: AssistantRun, event: str, data: dict[str, Any]) -> AssistantFrame:
    """Add a frame, in the caller's transaction and under the thread's lock, and wake the watchers when it is committed."""
    frames = AssistantFrame.all_workspaces.filter(run=run)  # of a row in hand
    last = frames.aggregate(last=Max("sequence"))["last"] or 0
    frame = AssistantFrame.all_workspaces.create(
        workspace_id=run.workspace_id, run=run, sequence=last + 1, event=event, data=data
    )
    announce(run)
    return frame


def announce(run: AssistantRun) -> None:
    """Wake the watchers of a run when the transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, str(run.pk)])


@contextmanager
def beating(run: AssistantRun) -> Iterator[None]:
    """Signs of life while an engine thinks."""
    stop = threading.Event()

    def beat() -> None:
        try:
            while not stop.wait(BEAT_EVERY):
                try:
                    # A thread of its own, outside every scope; only the run that this worker has claimed.
                    AssistantRun.all_workspaces.filter(pk=run.pk, token=run.token).update(beat_at=clock.now())
                except DatabaseError:
                    logger.warning("assistant_beat_failed run=%s", run.pk)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beat, name="assistant-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(1)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a watcher has not seen yet, and whether there will be no more."""

    frames: tuple[AssistantFrame, ...]
    is_over: bool


def look(run_id: int, after: int) -> Sight:
    """The frames of a run after a frame's id. Its end is read first, so that nothing is missed."""
    run = AssistantRun.objects.filter(pk=run_id).first()
    frames = AssistantFrame.objects.filter(run=run_id, pk__gt=after).order_by("pk")
    return Sight(tuple(frames), is_over=run is None or run.status != RunStatus.RUNNING)
