"""Recovering runs whose worker is gone, and starting queued messages that were left over.

Workers check for both; streams and requests check the runs that they meet. Of several that notice a lost run, one recovers
it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection

from accounts import clock, tenancy
from accounts.permissions import Actor
from accounts.transaction import apart
from conversations.assistant import actions as assistant_actions
from conversations.assistant import runs
from conversations.models import AssistantQueueItem, AssistantRun, AssistantThread, RunStatus, ThreadStatus

logger = logging.getLogger(__name__)

AT_ONCE = 500  # runs; the next check takes the others
LEFT_AFTER = timedelta(seconds=15)
"""How long a message may wait in the queue of an idle thread before a worker starts it."""


def recover(rows: Collection[AssistantRun], at: datetime) -> int:
    """Recover those of the runs that are lost; returns how many. The rows come with their workspace and thread."""
    count = 0
    for run in runs.lost(rows, at):
        with tenancy.scope_apart(run.workspace, "assistant_recover_failed run=%s", run.pk), apart():
            if assistant_actions.recover_run(run=run, by=Actor.system(run.workspace_id), at=at):
                logger.warning("assistant_run_lost run=%s worker=%s attempts=%s", run.pk, run.worker, run.attempts)
                count += 1
    return count


_WORK = """
    SELECT EXISTS (SELECT FROM conversations_assistantrun WHERE status = 'running')
    OR EXISTS (SELECT FROM conversations_assistantqueueitem)
"""


def check() -> None:
    """Recover all lost runs, which a worker does when it starts and every few seconds."""
    if _is_anything_going_on():
        recover_all(clock.now())


def _is_anything_going_on() -> bool:
    """Whether a run or a queued message is there at all: where the assistant rests, that is all that is asked."""
    with connection.cursor() as cursor:
        cursor.execute(_WORK)
        return bool(cursor.fetchone()[0])


def recover_all(at: datetime) -> int:
    """Renew this worker's heartbeats and recover all lost runs; returns how many."""
    runs.beat(at)
    rows = AssistantRun.all_workspaces.select_related("workspace", "thread")  # a worker serves all workspaces
    going = rows.filter(status=RunStatus.RUNNING).order_by("beat_at", "pk")
    claimed = going.exclude(token=None)[:AT_ONCE]
    unclaimed = going.filter(token=None, beat_at__lt=at - runs.UNSTARTED_AFTER)[:AT_ONCE]
    count = recover([*claimed, *unclaimed], at)
    start_left_over(at)
    return count


def start_left_over(at: datetime) -> int:
    """Start messages that were left in the queues of idle threads; returns in how many threads."""
    left = AssistantQueueItem.all_workspaces.filter(created_at__lt=at - LEFT_AFTER)  # a worker serves all workspaces
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
