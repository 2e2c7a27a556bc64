"""API keys, and the answers kept for requests that are sent again."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.people import User
from accounts.moments import Moment
from accounts.tenancy import TenantModel


class KeyKind(models.TextChoices):
    """`server` keys are secrets of a backend; `client` keys are public, in web pages and apps."""

    SERVER = "server"
    CLIENT = "client"


class ApiKey(TenantModel):
    """A credential of a workspace. The secret is shown once; only its SHA-256 is kept, found by `prefix`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=KeyKind.choices, default=KeyKind.SERVER)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    prefix = models.CharField(max_length=32, unique=True, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    allowed_origins = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    allowed_bundle_ids = ArrayField(models.CharField(max_length=255), default=list, blank=True)
    unverified_identity = models.BooleanField(
        default=False,
        help_text="Normally a client key has to prove its end user. When on, anyone who has the key can read every customer's conversations.",
    )
    expires_at = Moment(null=True, blank=True)
    revoked_at = Moment(null=True, blank=True, editable=False)
    last_used_at = Moment(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        constraints = [
            models.CheckConstraint(name="api_key_kind_is_known", condition=Q(kind__in=KeyKind.values)),
            # The verb refuses every scope that its app has not registered for client keys; this holds even without it.
            models.CheckConstraint(
                name="client_key_holds_no_ticket_scope",
                condition=~Q(kind=KeyKind.CLIENT) | ~Q(scopes__overlap=["ticket:read", "ticket:write"]),
            ),
        ]
        # The admin's list of a workspace's keys.
        indexes = [models.Index(fields=["workspace", "-created_at"], name="api_key_by_age")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_expired(self, at: datetime) -> bool:
        """Whether the key's end lies at or before the moment."""
        return self.expires_at is not None and self.expires_at <= at


class IdempotentRequest(TenantModel):
    """The first answer to a request that carried an Idempotency-Key, kept for 24 hours.

    Inserted first, in the request's own transaction: a concurrent repeat waits for it and then replays the answer.
    """

    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    identity = models.CharField(max_length=300, default="")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=1000)
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    # What a live answer followed: a repeat follows it again, from its beginning. Null for an answer that is kept whole.
    follows = models.BigIntegerField(null=True)
    created_at = Moment(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "api_key", "user", "identity", "method", "path", "key"],
                name="one_answer_per_idempotency_key",
                nulls_distinct=False,
            )
        ]
        # The hourly deletion of what is older than a day.
        indexes = [models.Index(fields=["created_at"], name="idempotent_by_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
