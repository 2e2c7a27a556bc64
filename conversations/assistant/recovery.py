"""Work of the assistant that nobody does any more: found by anyone who looks, and handed to the verb.

Runs whose worker is gone: watchers, those who ask next and every worker look; of several who notice at once, one recovers
the run. And messages that came to a queue just after the last answer: every worker looks.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from accounts import clock, tenancy
from accounts.permissions import Actor
from conversations.assistant import actions as assistant_actions
from conversations.assistant import runs
from conversations.models import AssistantQueueItem, AssistantRun, AssistantThread, RunStatus, ThreadStatus

logger = logging.getLogger(__name__)

AT_ONCE = 500  # runs; the next look takes the others
LEFT_AFTER = timedelta(seconds=15)
"""How long a message may wait in the queue of a thread at rest, until it is answered as if it had just been sent."""


def recover(rows: Collection[AssistantRun], at: datetime) -> int:
    """Recover those of the runs that are lost; says how many. The rows come with their workspace and thread."""
    count = 0
    for run in runs.lost(rows, at):
        with tenancy.scope_apart(run.workspace, "assistant_recover_failed run=%s", run.pk):
            if assistant_actions.recover_run(run=run, by=Actor.system(run.workspace_id), at=at):
                logger.warning("assistant_run_lost run=%s worker=%s attempts=%s", run.pk, run.worker, run.attempts)
                count += 1
    return count


def look() -> None:
    """What a worker does every few seconds, and as soon as it starts, for another may have left some behind."""
    tend(clock.now())


def tend(at: datetime) -> int:
    """Give signs of life, and recover what is lost; says how many."""
    runs.beat(at)
    rows = AssistantRun.all_workspaces.select_related("workspace", "thread")  # a worker takes on those of any workspace
    going = rows.filter(status=RunStatus.RUNNING).order_by("beat_at", "pk")
    claimed = going.exclude(token=None)[:AT_ONCE]
    unclaimed = going.filter(token=None, beat_at__lt=at - runs.UNSTARTED_AFTER)[:AT_ONCE]
    count = recover([*claimed, *unclaimed], at)
    begin_left(at)
    return count


def begin_left(at: datetime) -> int:
    """Answer what was left in queues that nobody drains; says in how many threads."""
    left = AssistantQueueItem.all_workspaces.filter(created_at__lt=at - LEFT_AFTER)  # a worker takes on any workspace's
    resting = AssistantThread.all_workspaces.filter(
        pk__in=left.values("thread"), status=ThreadStatus.IDLE, deleted_at=None
    )  # of those
    count = 0
    for thread in resting.select_related("workspace").order_by("pk")[:AT_ONCE]:
        with tenancy.scope_apart(thread.workspace, "assistant_begin_failed thread=%s", thread.pk):
            count += (
                assistant_actions.begin_queued(thread=thread, by=Actor.system(thread.workspace_id), at=at) is not None
            )
    return count
