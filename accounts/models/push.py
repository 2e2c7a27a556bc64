"""Browsers that take Web Push, the key that the desk signs with, and what waits to be pushed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models.people import User
from accounts.moments import Moment
from accounts.tenancy import TenantModel


class PushKey(models.Model):
    """The desk's own key (VAPID, RFC 8292), made when it is first needed: browsers subscribe to its public part."""

    public = models.CharField(max_length=100, help_text="The public point, base64url.")
    sealed = models.TextField(help_text="The private key, encrypted.")
    created_at = Moment(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(name="there_is_one_push_key", condition=Q(pk=1))]

    def __str__(self) -> str:
        return self.public


class PushSubscription(models.Model):
    """A browser in which a person has switched on notifications, for as long as the session lives in which they did so."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    endpoint = models.TextField(help_text="The address at the browser's push service.")
    endpoint_hash = models.CharField(max_length=64, unique=True, editable=False)
    p256dh = models.CharField(max_length=120, help_text="The browser's public key, base64url.")
    auth = models.CharField(max_length=40, help_text="The browser's secret, base64url.")
    session_key = models.CharField(max_length=40, editable=False)
    browser = models.CharField(max_length=200, blank=True)
    created_at = Moment(db_default=Now())
    failure = models.CharField(max_length=100, blank=True, db_default="")
    # Since when nothing that was sent to it has been taken, how often, and when it is tried next.
    failing_since = Moment(null=True, editable=False)
    failure_count = models.PositiveIntegerField(db_default=0, editable=False)
    retry_at = Moment(null=True, editable=False)

    def __str__(self) -> str:
        return f"{self.browser or 'A browser'} of {self.user_id}"


class QueuedPush(TenantModel):
    """A push message that is still to be sent to one browser; deleted when it has been, or was given up.

    `about` holds ids alone: what it says is read when it is sent.
    """

    subscription = models.ForeignKey(PushSubscription, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=64)
    about = models.JSONField(default=dict)
    due_at = Moment(db_default=Now())
    attempts = models.PositiveSmallIntegerField(db_default=0)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "queued pushes"
        # The sender's batch: what is due in all workspaces, oldest first.
        indexes = [models.Index(fields=["due_at", "id"], name="push_due")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
