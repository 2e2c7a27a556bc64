"""Background jobs: how procrastinate is wired into the desk.

Jobs run at least once: one whose worker was killed is started again within about a minute and a half (a heartbeat is
overdue after 30 s, and the check runs each minute). Tasks are therefore idempotent. procrastinate's own Django app
looks after the tasks' database connections.
"""

from __future__ import annotations

import logging

from procrastinate import App, Blueprint, JobContext

logger = logging.getLogger(__name__)
blueprint = Blueprint()

HEARTBEAT_OVERDUE = 30  # seconds; workers send one every 10
KEEP_FINISHED = 24  # hours; a failed job is kept for two weeks, so that it can be examined
KEEP_FAILED = 14 * 24  # hours


@blueprint.periodic(cron="* * * * *")
@blueprint.task(name="retry_stalled_jobs", queueing_lock="retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(context: JobContext, timestamp: int) -> None:
    """Start the jobs of vanished workers again; procrastinate never does so by itself."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=HEARTBEAT_OVERDUE):
        logger.warning("job_stalled id=%s task=%s", job.id, job.task_name)
        await jobs.retry_job(job)


@blueprint.periodic(cron="23 * * * *")
@blueprint.task(name="delete_old_jobs", queueing_lock="delete_old_jobs", pass_context=True)
async def delete_old_jobs(context: JobContext, timestamp: int) -> None:
    """Keep the queue's tables small."""
    jobs = context.app.job_manager
    await jobs.delete_old_jobs(nb_hours=KEEP_FINISHED, include_cancelled=True, include_aborted=True)
    await jobs.delete_old_jobs(nb_hours=KEEP_FAILED, include_failed=True)


def on_app_ready(app: App) -> None:
    """Called by procrastinate's Django app when it is ready (the setting PROCRASTINATE_ON_APP_READY)."""
    app.add_tasks_from(blueprint, namespace="desk")
