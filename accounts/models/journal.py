"""The rows of the journal: what happened, and what is still to be dispatched."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from accounts.models.workspaces import Workspace
from accounts.moments import Moment
from accounts.permissions import ActorKind


class AppendOnly(RuntimeError):
    """Someone tried to change or delete the journal."""


class Event(models.Model):
    """One line of the journal: audit log, source of webhooks, automations and live updates. Append-only.

    `data` holds ids and non-personal values only, so that a person can be erased while the journal stays.
    An event without a workspace is about the installation, such as a person's account: only superusers see it.
    Rows refer to their subjects by kind and id without foreign keys: a line outlives its subject.
    Inserting one also queues its dispatch, and announces it unless its writer does so after the commit (a trigger: see the
    migrations), so that no writer can forget either. Ids commit out of order; a reader that pages by "id > last" reads with an overlap.
    """

    workspace = models.ForeignKey(Workspace, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    type = models.CharField(max_length=64)
    actor_kind = models.CharField(max_length=12, choices=ActorKind.choices)
    actor_id = models.BigIntegerField(null=True)
    subject_type = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    data = models.JSONField(default=dict)
    caused_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    depth = models.PositiveSmallIntegerField(default=0)
    at = Moment()

    class Meta:
        indexes = [
            # The journal of a workspace, newest first, and the live replay of what came after an id.
            models.Index(fields=["workspace", "id"], name="event_by_workspace"),
            # A thread's grey lines, and the history of any one row in admin.
            models.Index(fields=["workspace", "subject_type", "subject_id", "id"], name="event_by_subject"),
            # The journal of one kind in admin, newest first.
            models.Index(fields=["workspace", "type", "id"], name="event_by_kind"),
            # What one member, key or customer has done, in the audit log, newest first.
            models.Index(fields=["workspace", "actor_kind", "actor_id", "id"], name="event_by_actor"),
            # The days of the audit log, newest first.
            models.Index(fields=["workspace", "at", "id"], name="event_by_day"),
            # The journal since a day, in admin: a few pages, since moments grow with the rows.
            BrinIndex(fields=["at"], name="event_by_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_type} {self.subject_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise AppendOnly("the journal is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise AppendOnly("the journal is append-only")


class Dispatch(models.Model):
    """An event whose reactions have not all run yet; deleted when they have. Inserted by the journal's trigger.

    `heard` names the reactions that are done with it although others failed: they are not run again.
    """

    event = models.OneToOneField(
        Event, on_delete=models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    due_at = Moment(db_default=models.functions.Now())
    attempts = models.PositiveSmallIntegerField(db_default=0)
    last_error = models.CharField(max_length=300, db_default="")
    heard = ArrayField(models.CharField(max_length=64), db_default=[])

    class Meta:
        verbose_name_plural = "dispatches"
        # The dispatcher's batch: what is due, oldest first.
        indexes = [models.Index(fields=["due_at", "event"], name="dispatch_due")]

    def __str__(self) -> str:
        return f"event {self.event_id}"
