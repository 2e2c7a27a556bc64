"""The customer: someone who writes to the desk."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.searched import Searched, TokensField


class Contact(Searched, TenantModel):
    """A customer of the workspace: known by the caller's own id, by email, or not at all (an anonymous visitor).

    `external_id` is unique in a workspace; an email is not, since one mailbox may stand for several people.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    external_id = models.CharField(max_length=400, null=True, blank=True)
    email = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=400, blank=True)
    first_name = models.CharField(max_length=200, blank=True)
    last_name = models.CharField(max_length=200, blank=True)
    company = models.CharField(max_length=400, blank=True)
    avatar_url = models.URLField(max_length=2000, blank=True)
    traits = models.JSONField(default=dict, blank=True)
    # Values of the workspace's custom attributes, by their keys.
    attributes = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    identity_source = models.CharField(
        max_length=32, default="headers", help_text="How this identity was first stated."
    )
    is_verified = models.BooleanField(default=True, help_text="Off when the visitor gave this identity without proof.")
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)
    tokens = TokensField(of=("name", "email", "company", "external_id"))

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="contact_public_id_unique_per_workspace"),
            models.UniqueConstraint(
                fields=["workspace", "external_id"], name="contact_external_id_unique_per_workspace"
            ),
            models.CheckConstraint(name="contact_email_is_lower_case", condition=Q(email=Lower("email"))),
            models.CheckConstraint(name="contact_external_id_is_not_empty", condition=~Q(external_id="")),
        ]
        indexes = [
            # Looking a contact up by email; several may share one.
            models.Index(fields=["workspace", "email", "id"], name="contact_by_email", condition=~Q(email="")),
            # Words of names and addresses in a workspace.
            GinIndex(fields=["workspace", "tokens"], name="contact_words"),
            models.Index(fields=["id"], name="contact_without_tokens", condition=Q(tokens=None)),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """What people call this contact; never empty."""
        return display_name(self.name, self.email, self.external_id, self.pk)

    @property
    def reference(self) -> str:
        """How API callers name this contact: their own id, or the desk's where they gave none."""
        return self.external_id or str(self.public_id)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)


def display_name(name: str, email: str, external_id: str | None, pk: int | None = None) -> str:
    """What people call the contact with these; never empty. Visitors of whom nothing is known differ by a number."""
    return name or email or external_id or (f"Visitor {pk}" if pk else "Visitor")
