"""Questions about jobs, in the open workspace scope."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from django.db.models import Count, QuerySet

from accounts import tenancy
from accounts.errors import NotFound
from conversations.models import BulkJob, BulkRow, Handler, RowState

MOST_REPORTED = 500
"""How many conversations of each kind a report lists."""
LISTED = 30


def job(public_id: UUID) -> BulkJob:
    """One job with who started it. Raises NotFound."""
    found = BulkJob.objects.select_related("created_by").filter(public_id=public_id).order_by("pk").first()
    if found is None:
        raise NotFound("there is no such bulk change")
    return found


def newest() -> QuerySet[BulkJob]:
    """The newest jobs with who started them."""
    return BulkJob.objects.select_related("created_by").order_by("-pk")[:LISTED]


def counts(job: BulkJob) -> Counter[str]:
    """How many conversations of a job are in each state, those too that its starter no longer sees."""
    with tenancy.everything():  # what was assigned away is changed all the same
        rows = BulkRow.objects.filter(job=job).order_by().values_list("state").annotate(n=Count("pk"))
        return Counter(dict(rows))


def counts_of(jobs: list[BulkJob]) -> dict[int, Counter[str]]:
    """`counts` of several jobs by their ids, in one query."""
    found: dict[int, Counter[str]] = {job.pk: Counter() for job in jobs}
    with tenancy.everything():  # as in `counts`
        rows = BulkRow.objects.filter(job__in=jobs).order_by().values_list("job", "state").annotate(n=Count("pk"))
        for pk, state, count in rows if jobs else ():
            found[pk][state] = count
    return found


def shown_counts(job: BulkJob) -> Counter[str]:
    """How many conversations of a job in each state a report may name: those that are seen, and not in the Trash."""
    rows = _shown(job).order_by().values_list("state").annotate(n=Count("pk"))
    return Counter(dict(rows))


def reported(job: BulkJob, *states: RowState) -> list[BulkRow]:
    """Conversations of a job in these states with their numbers and subjects, in the order of the job: those that may be named."""
    rows = _shown(job).filter(state__in=states).select_related("conversation")
    return list(
        rows.only("state", "reason", "conversation__number", "conversation__subject").order_by("pk")[:MOST_REPORTED]
    )


def _shown(job: BulkJob) -> QuerySet[BulkRow]:
    return BulkRow.objects.filter(job=job).exclude(conversation__handler=Handler.TRASH)
