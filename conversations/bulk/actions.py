"""The verbs of jobs: starting one, cancelling it, undoing it, and noting that it is at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection
from django.db import transaction as django

from accounts import journal, transaction
from accounts.bell import Bell
from accounts.errors import Conflict, Forbidden, Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, ActorKind, Role, permit
from conversations import conditions, events
from conversations.bulk import queries
from conversations.bulk.limits import AT_ONCE, MOST
from conversations.conditions import Condition, Context
from conversations.effects import Effect, as_json, parse, until
from conversations.effects.vocabulary import ME, MEMBER, TRASH
from conversations.models import BulkJob, BulkRow, Conversation, JobState, RowState

PATIENCE = timedelta(seconds=30)
NOT_FITTING = "The macro is not for conversations like this one."
BELL = Bell()
"""Rung when there is work for the worker of this process."""


@transaction.atomic
def start_job(
    *,
    workspace: Workspace,
    effects: Sequence[Mapping[str, Any]],
    conversations: Sequence[int],
    public_id: UUID | None = None,
    only: Condition | None = None,
    by: Actor,
    at: datetime,
) -> BulkJob:
    """Start changing these conversations, named by their ids; what is no conversation of the workspace is left out.

    Those for which `only` does not hold now are skipped, as the report says. `public_id` is the job's id, if the caller chose one: a repeat finds the first job and starts nothing.
    Only who may trash may start what trashes. "Me" and moments such as "tomorrow 9:00" are fixed now. Beyond MOST conversations
    the rest is left out, and the job `is_cut`.
    Raises Invalid for effects that cannot be read, or none, and where there is no conversation.
    """
    permit(by, "conversation.update")
    if public_id is not None and (known := _repeated(public_id, by)) is not None:
        return known
    wanted = _fixed([one for one in parse(list(effects)) if one.verb != "reply"], by, at)
    if not wanted:
        raise Invalid("choose what to change", field="effects")
    if any(one.verb == TRASH for one in wanted):
        permit(by, "conversation.trash")
    chosen = list(dict.fromkeys(conversations))
    there = set(Conversation.objects.filter(pk__any_of=chosen[: MOST + 1]).values_list("pk", flat=True))
    rows = [pk for pk in chosen[: MOST + 1] if pk in there]
    if not rows:
        raise Invalid("choose at least one conversation", field="conversations")
    job = BulkJob(
        workspace=workspace,
        effects=as_json(wanted),
        created_by_id=by.user_id,
        row_count=len(rows[:MOST]),
        is_cut=len(rows) > MOST,
        created_at=at,
        due_at=_due(len(rows), at),
    )
    if public_id is not None:
        job.public_id = public_id
    permit(by, "conversation.update", job)
    taken = Conflict("this is being started already", code="repeated")
    transaction.unless_taken("bulk_job_public_id_unique_per_workspace", taken, partial(job.save, force_insert=True))
    _insert_rows(job, rows[:MOST])
    if only is not None and not only.is_empty:
        _skip_others(job, rows[:MOST], only, Context(at=at, me=by.user_id))
    job.event = journal.record(events.BULK_JOB_STARTED, job, by=by, at=at, row_count=job.row_count)
    job.save(update_fields=["event"])
    django.on_commit(BELL.ring)
    return job


@transaction.atomic
def cancel_job(*, job: BulkJob, by: Actor, at: datetime) -> BulkJob:
    """Stop a job: what it has not reached stays as it is; what it has changed stays changed. One that is over stays so."""
    _permit(by, job)
    job = transaction.held(job)
    if job.state != JobState.RUNNING:
        return job
    job.state, job.finished_at = JobState.CANCELLED, at
    job.save(update_fields=["state", "finished_at"])
    journal.record(events.BULK_JOB_CANCELLED, job, by=by, at=at)
    return job


@transaction.atomic
def undo_job(*, job: BulkJob, by: Actor, at: datetime) -> BulkJob:
    """Start putting back what a job has changed; what anyone has changed since is left alone.

    Raises Conflict with code `at_work` while the job runs, and `undone` when it was undone before.
    """
    _permit(by, job)
    job = transaction.held(job)
    if job.state == JobState.RUNNING:
        raise Conflict("it is still running: cancel it first", code="at_work")
    if job.state in (JobState.UNDOING, JobState.UNDONE):
        raise Conflict("it was undone already", code="undone")
    job.state, job.due_at = JobState.UNDOING, _due(job.row_count, at)
    job.undo_event = journal.record(events.BULK_JOB_UNDO_STARTED, job, by=by, at=at)
    job.save(update_fields=["state", "due_at", "undo_event"])
    django.on_commit(BELL.ring)
    return job


@transaction.atomic
def finish_job(*, job: BulkJob, by: Actor, at: datetime) -> BulkJob:
    """Note that a job has no more rows to do, or to undo. One that has stays as it is."""
    permit(by, "conversation.update", job)
    job = transaction.held(job)
    counts = queries.counts(job)
    if job.state == JobState.RUNNING and not counts[RowState.WAITING]:
        job.state, job.finished_at = JobState.DONE, at
        job.save(update_fields=["state", "finished_at"])
        journal.record(
            events.BULK_JOB_FINISHED,
            job,
            by=by,
            at=at,
            changed_count=counts[RowState.CHANGED],
            skipped_count=counts[RowState.SKIPPED],
            failed_count=counts[RowState.FAILED],
        )
    elif job.state == JobState.UNDOING and not counts[RowState.CHANGED]:
        job.state, job.undone_at = JobState.UNDONE, at
        job.save(update_fields=["state", "undone_at"])
        journal.record(
            events.BULK_JOB_UNDONE,
            job,
            by=by,
            at=at,
            undone_count=counts[RowState.UNDONE],
            kept_count=counts[RowState.KEPT],
        )
    return job


def _repeated(public_id: UUID, by: Actor) -> BulkJob | None:
    """The job that this was the first time. Raises Conflict for one of somebody else."""
    job = BulkJob.objects.filter(public_id=public_id).first()
    if job is not None and job.created_by_id != by.user_id:
        raise Conflict("this id is taken", code="repeated")
    return job


def _due(rows: int, at: datetime) -> datetime:
    """When a worker takes it up: a few are done in the request that starts them, and by a worker only where that dies."""
    return at + PATIENCE if rows <= AT_ONCE else at


def _permit(by: Actor, job: BulkJob) -> None:
    """A job is its starter's; owners and admins may stop and undo any."""
    permit(by, "conversation.update", job)
    is_theirs = by.user_id is not None and by.user_id == job.created_by_id
    if not (is_theirs or by.kind == ActorKind.SYSTEM or by.role in (Role.OWNER, Role.ADMIN)):
        raise Forbidden("only who started it, owners and admins can do this")


def _fixed(effects: Iterable[Effect], by: Actor, at: datetime) -> list[Effect]:
    """The effects without what would mean something else for a worker, or later: "me", and moments by the clock."""
    fixed = []
    for effect in effects:
        values = dict(effect.values)
        if values.get("to") == ME:
            values["to"] = f"{MEMBER}:{by.user_id}"
        if effect.verb == "snooze" and (moment := until.found(values["until"], at)) is not None:
            values["until"] = moment.isoformat()
        fixed.append(Effect(effect.verb, values))
    return fixed


def _skip_others(job: BulkJob, conversations: Sequence[int], only: Condition, context: Context) -> None:
    """Settle the rows for which a condition does not hold."""
    among = Conversation.objects.filter(pk__any_of=conversations).filter(conditions.to_q(only, context))
    fitting = list(among.order_by().values_list("pk", flat=True))
    rows = BulkRow.objects.filter(job=job).exclude(conversation__any_of=fitting)
    rows.update(state=RowState.SKIPPED, reason=NOT_FITTING)


def _insert_rows(job: BulkJob, conversations: Sequence[int]) -> None:
    """In one statement: ten thousand rows of Django's would take seconds of the request."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO conversations_bulkrow (workspace_id, job_id, conversation_id, state)"
            " SELECT %s, %s, chosen.id, %s FROM unnest(%s::bigint[]) WITH ORDINALITY AS chosen (id, place) ORDER BY chosen.place",
            [job.workspace_id, job.pk, RowState.WAITING.value, list(conversations)],
        )
