"""The mails that wait to be sent."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from accounts.moments import Moment
from accounts.tenancy import TenantModel


class QueuedMail(TenantModel):
    """A mail that is still to be sent; deleted when it has been, or was given up.

    `about` holds ids alone: what the mail says, and to whom, is read when it is sent.
    """

    kind = models.CharField(max_length=64)
    about = models.JSONField(default=dict)
    due_at = Moment(db_default=Now())
    attempts = models.PositiveSmallIntegerField(db_default=0)
    last_error = models.CharField(max_length=300, db_default="")

    class Meta(TenantModel.Meta):
        indexes = [
            # The sender's batch: what is due in all workspaces, oldest first.
            models.Index(fields=["due_at", "id"], name="mail_due"),
            # Whether one about the same waits, and has not been tried.
            models.Index(fields=["workspace", "kind", "about"], name="mail_untried", condition=models.Q(attempts=0)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
