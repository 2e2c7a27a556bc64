"""Forgetting jobs that are long over."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app

from accounts import clock, tenancy
from conversations.bulk.limits import KEPT_DAYS
from conversations.models import BulkJob, BulkRow, JobState


@app.periodic(cron="41 3 * * *")
@app.task(name="forget_bulk_jobs", queueing_lock="forget_bulk_jobs", pass_context=False)
def forget_bulk_jobs(timestamp: int) -> None:
    """Delete jobs of more than a month ago with their rows, in all workspaces. What they changed stays."""
    over = clock.now() - timedelta(days=KEPT_DAYS)
    at_work = (JobState.RUNNING, JobState.UNDOING)
    jobs = BulkJob.all_workspaces.filter(created_at__lt=over).exclude(state__in=at_work)  # one job for all
    for job in jobs.select_related("workspace").order_by("pk")[:500]:
        with tenancy.scope_apart(job.workspace, "forget_failed bulk_job=%s", job.pk):
            rows = BulkRow.objects.filter(job=job)
            rows._raw_delete(rows.db)
            job.delete()
