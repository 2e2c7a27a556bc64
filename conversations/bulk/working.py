"""Doing the rows of jobs, in the worker: one conversation after the other, each with its result in one transaction.

A job belongs to one worker at a time, for as long as its lease; of several jobs each has a turn. Where a worker dies, another goes
on with the rows that have no result. Even with two at the same row it is done once: the second finds that it has its result by then,
and undoes what it has done.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from datetime import datetime

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from accounts import clock, log_context, tenancy, transaction
from accounts import queries as people
from accounts.errors import Conflict, DomainError, Forbidden, NotFound, sentence
from accounts.permissions import Actor, Visibility
from conversations import actions, effects
from conversations.actions import locking
from conversations.bulk import actions as bulk_actions
from conversations.effects.vocabulary import TRASH
from conversations.knowledge import macro_effects
from conversations.models import BulkJob, BulkRow, JobState, RowState

logger = logging.getLogger(__name__)

LEASE = 60  # seconds for which a job is a worker's
TURN = 2.0  # seconds after which another job has its turn
BATCH = 50
NOTHING = "Nothing to change."
BROKEN = "Something went wrong."
LEFT = "The agent who started this is no longer a member."
LONGEST_REASON = 300

_TAKE = """
    UPDATE conversations_bulkjob SET due_at = statement_timestamp() + make_interval(secs => %s)
    WHERE id = ANY (ARRAY(
        SELECT id FROM conversations_bulkjob WHERE state IN ('running', 'undoing') AND due_at <= statement_timestamp()
        ORDER BY due_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    )) RETURNING *
"""
_SETTLE = """
    UPDATE conversations_bulkrow SET state = %s, reason = %s WHERE workspace_id = %s AND id = %s AND state = %s
    AND EXISTS (
        SELECT FROM conversations_bulkjob AS job
        WHERE job.workspace_id = conversations_bulkrow.workspace_id AND job.id = %s AND job.state = %s
    )
"""


class _Settled(Exception):
    """The row has its result by now, or its job was cancelled: what was done meanwhile is undone."""


def work_due() -> None:
    """Work on all jobs until none is due. Several workers may do so at a time: each takes others."""
    while (job := taken()) is not None:
        with (
            tenancy.scope_apart(job.workspace, "bulk_job_failed job=%s", job.pk),
            log_context.about({"bulk_job": job.pk}),
        ):
            work(job, seconds=TURN)


def taken() -> BulkJob | None:
    """The job that has waited longest for its turn, for as long as the lease."""
    rows = list(BulkJob.all_workspaces.raw(_TAKE, [LEASE]))  # a worker serves all workspaces
    return rows[0] if rows else None


def work(job: BulkJob, *, seconds: float | None = None) -> BulkJob:
    """Do the rows of a job, in the scope of its workspace, until there are none, or the time is over. Returns it as it is then."""
    end = None if seconds is None else time.monotonic() + seconds
    by = _starter(job)
    # In the request of a member with a limited view too: what they assign away has its result, and is put back.
    with tenancy.everything(), timezone.override(job.workspace.time_zone):
        while rows := _next(job):
            for row in rows:
                _settle(job, row, by)
                if end is not None and time.monotonic() > end:
                    break
            else:
                continue
            break
    return _let_go(job)


def _next(job: BulkJob) -> list[BulkRow]:
    """The next rows without a result, or that are to be undone; none once the job was cancelled."""
    state = RowState.WAITING if job.state == JobState.RUNNING else RowState.CHANGED
    rows = BulkRow.objects.filter(job=job, state=state, job__state=job.state)
    return list(rows.select_related("conversation").order_by("pk")[:BATCH])


def _let_go(job: BulkJob) -> BulkJob:
    """The job's next turn, or its end."""
    by, at = Actor.system(job.workspace_id), clock.now()
    found = bulk_actions.finish_job(job=job, by=by, at=at)
    if found.is_at_work:
        BulkJob.objects.filter(pk=job.pk, state=found.state).update(due_at=at)
    return found


def _starter(job: BulkJob) -> Actor | None:
    """Who started it or, where it is being undone, who does that: as what they may do now. None once they have left.

    What the job has taken out of their sight they put back all the same.
    """
    event = job.undo_event if job.state == JobState.UNDOING else job.event
    membership = people.membership(event.actor_id) if event is not None and event.actor_id is not None else None
    if membership is not None and membership.user.is_active:
        actor = Actor.member(membership)
        return replace(actor, visibility=Visibility.ALL) if job.state == JobState.UNDOING else actor
    is_system = event is not None and event.actor_id is None
    return Actor.system(job.workspace_id) if is_system else None


def _settle(job: BulkJob, row: BulkRow, by: Actor | None) -> None:
    """Do one row, or undo it, and note its result."""
    at = clock.now()
    is_undo = job.state == JobState.UNDOING
    try:
        if by is None:
            raise Forbidden(LEFT)
        (_undo if is_undo else _do)(job=job, row=row, by=by, at=at)
    except _Settled:
        pass
    except Forbidden as error:
        _note(job, row, RowState.KEPT if is_undo else RowState.FAILED, sentence(error))
    except DomainError as error:
        _note(job, row, RowState.KEPT if is_undo else RowState.SKIPPED, _reason(error, is_undo=is_undo))
    except (OperationalError, InterfaceError):
        raise  # the database is away: the row is tried again
    except Exception:
        logger.exception("bulk_row_failed row=%s", row.pk)
        _note(job, row, RowState.KEPT if is_undo else RowState.FAILED, BROKEN)


@transaction.atomic
def _do(*, job: BulkJob, row: BulkRow, by: Actor, at: datetime) -> None:
    given, conversation = effects.read(job.effects), row.conversation
    if all(effect.verb != TRASH for effect in given):  # which takes the assistant's thread before the conversation
        conversation = transaction.note_held(locking.locked(conversation))
    wanted = macro_effects.filled(given, conversation, by)
    applied = effects.apply(wanted, conversation=conversation, by=by, at=at, cause=job.event)
    if applied.changes:
        _result(job, row, RowState.CHANGED)
    else:
        _result(job, row, RowState.SKIPPED, NOTHING)


@transaction.atomic
def _undo(*, job: BulkJob, row: BulkRow, by: Actor, at: datetime) -> None:
    assert job.event is not None  # given when it was started
    actions.undo_caused(conversation=row.conversation, cause=job.event, because=job.undo_event, by=by, at=at)
    _result(job, row, RowState.UNDONE)


def _result(job: BulkJob, row: BulkRow, state: RowState, reason: str = "") -> None:
    """Note the result in the transaction of the change; one that came too late is undone with it."""
    with connection.cursor() as cursor:  # Django would write the SQL anew for each row
        cursor.execute(
            _SETTLE, [state, reason[:LONGEST_REASON], job.workspace_id, row.pk, row.state, job.pk, job.state]
        )
        if cursor.rowcount != 1:
            raise _Settled


def _note(job: BulkJob, row: BulkRow, state: RowState, reason: str) -> None:
    BulkRow.objects.filter(pk=row.pk, state=row.state).update(state=state, reason=reason[:LONGEST_REASON])


def _reason(error: DomainError, *, is_undo: bool) -> str:
    if is_undo and isinstance(error, Conflict) and error.code == "changed_since":
        return "It was changed since."
    if is_undo and isinstance(error, NotFound):
        return "There is nothing to put back."
    return sentence(error)
