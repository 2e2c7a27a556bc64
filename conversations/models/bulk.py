"""Changes of many conversations at once: the job, and what became of each of its conversations."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Event, User
from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.conversation import Conversation


class JobState(models.TextChoices):
    """Where a job is: at work on its rows, or on undoing them, or at its end."""

    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    UNDOING = "undoing", "Undoing"
    UNDONE = "undone", "Undone"


class RowState(models.TextChoices):
    """What became of one conversation of a job."""

    WAITING = "waiting", "Waiting"
    CHANGED = "changed", "Changed"
    SKIPPED = "skipped", "Skipped"
    FAILED = "failed", "Failed"
    UNDONE = "undone", "Undone"
    KEPT = "kept", "Kept"


class BulkJob(TenantModel):
    """The same effects on many conversations, which were chosen when it started.

    Rows are done by the worker, each in a transaction of its own together with its result, so that a worker that is killed
    repeats none. `event` is the one that all changes name as their cause.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    effects = models.JSONField(default=list)
    state = models.CharField(max_length=9, choices=JobState.choices, default=JobState.RUNNING)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    event = models.ForeignKey(
        Event, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    undo_event = models.ForeignKey(
        Event, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    row_count = models.PositiveIntegerField(default=0)
    is_cut = models.BooleanField(default=False, help_text="More conversations matched than one job may have.")
    created_at = Moment(default=timezone.now, editable=False)
    # When a worker may take it up next: the job that was worked on least recently comes first.
    due_at = Moment(default=timezone.now)
    finished_at = Moment(null=True, editable=False)
    undone_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="bulk_job_public_id_unique_per_workspace"),
            models.CheckConstraint(name="bulk_job_state_is_known", condition=Q(state__in=JobState.values)),
        ]
        indexes = [
            # The workers' look for what is due, in all workspaces.
            models.Index(fields=["due_at", "id"], name="bulk_job_due", condition=Q(state__in=("running", "undoing"))),
            # The list of jobs, newest first.
            models.Index(fields=["workspace", "-id"], name="bulk_job_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.public_id}"

    @property
    def verbs(self) -> list[str]:
        """What is done, by the verbs of its effects."""
        return [effect["do"] for effect in self.effects]

    @property
    def is_at_work(self) -> bool:
        return self.state in (JobState.RUNNING, JobState.UNDOING)


class BulkRow(TenantModel):
    """One conversation of a job, and what became of it."""

    seen_by = "conversation"

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="rows", db_index=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    state = models.CharField(max_length=9, choices=RowState.choices, default=RowState.WAITING)
    reason = models.CharField(max_length=300, blank=True, db_default="", default="")

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "job", "conversation"], name="one_row_per_job_and_conversation"
            ),
            models.CheckConstraint(name="bulk_row_state_is_known", condition=Q(state__in=RowState.values)),
        ]
        # The next rows of a job, how many are in each state, and its report.
        indexes = [models.Index(fields=["workspace", "job", "state", "id"], name="bulk_row_by_state")]

    def __str__(self) -> str:
        return f"{self.state} conversation {self.conversation_id}"
