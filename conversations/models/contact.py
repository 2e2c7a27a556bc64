"""The customer: someone who writes to the desk."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.models import User
from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.searched import Searched, TokensField
from conversations.texts.names import as_written


class Company(Searched, TenantModel):
    """A company that customers belong to. What a caller states of a contact's company stays the contact's own text.

    One that was merged stays as a signpost to the one that has its customers, so that this can be undone.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=400)
    domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    notes = models.TextField(blank=True)
    # Values of the workspace's custom attributes, by their keys.
    attributes = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    # Which company has the customers of one that was merged; never one that was merged itself.
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)
    tokens = TokensField(of=("name", "domains"))

    class Meta(TenantModel.Meta):
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(
                "workspace",
                Lower("name"),
                condition=Q(merged_into=None),
                name="company_unique_per_workspace_in_any_case",
            ),
            models.UniqueConstraint(fields=["workspace", "public_id"], name="company_public_id_unique_per_workspace"),
        ]
        indexes = [
            # The list of companies, by name.
            models.Index("workspace", Lower("name"), "id", name="company_by_name"),
            # Those that were merged into one.
            models.Index(
                fields=["workspace", "merged_into", "id"], name="company_merged", condition=Q(merged_into__isnull=False)
            ),
            # Words of names and domains in a workspace.
            GinIndex(fields=["workspace", "tokens"], name="company_words"),
            models.Index(fields=["id"], name="company_without_tokens", condition=Q(tokens=None)),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(Searched, TenantModel):
    """A customer of the workspace: known by the caller's own id, by email, or not at all (an anonymous visitor).

    `external_id` is unique in a workspace; an email is not, since one mailbox may stand for several people. A contact that was
    merged stays as a signpost: its ids lead to the contact that has its conversations.
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
    # What this contact is also found by: other addresses, and the ids of contacts that were merged into it.
    aliases = models.TextField(blank=True, default="", db_default="", editable=False)
    organization = models.ForeignKey(
        Company,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contacts",
        db_index=False,
        db_constraint=False,
    )
    # Who has the conversations of a contact that was merged; never a contact that was merged itself.
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    blocked_at = Moment(null=True, editable=False)
    erased_at = Moment(null=True, editable=False)
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)
    tokens = TokensField(of=("name", "email", "company", "external_id", "aliases"))

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
            # The list of customers, the newest first.
            models.Index(fields=["workspace", "-id"], name="contact_newest", condition=Q(merged_into=None)),
            # Those of the same name or company text, as suggestions to merge look for them.
            models.Index("workspace", Lower("name"), "id", name="contact_by_name", condition=~Q(name="")),
            # The people of a company, the newest first.
            models.Index(
                fields=["workspace", "organization", "-id"],
                name="contact_by_company",
                condition=Q(organization__isnull=False),
            ),
            # Those that were merged into one.
            models.Index(
                fields=["workspace", "merged_into", "id"], name="contact_merged", condition=Q(merged_into__isnull=False)
            ),
            # Those that are blocked.
            models.Index(fields=["workspace", "-id"], name="contact_blocked", condition=Q(blocked_at__isnull=False)),
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


class AddressKind(models.TextChoices):
    """By what a customer can be reached besides their main address."""

    EMAIL = "email", "Email"
    PHONE = "phone", "Phone"


class ContactAddress(TenantModel):
    """Another address of a contact. One that is verified is theirs alone, and what comes from it is theirs."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="addresses", db_index=False, db_constraint=False
    )
    kind = models.CharField(max_length=5, choices=AddressKind.choices)
    value = models.CharField(max_length=254, help_text="In lower case; a phone number in E.164 where it is one.")
    is_verified = models.BooleanField(default=False)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "contact addresses"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "value"],
                condition=Q(is_verified=True),
                name="contact_address_unique_where_verified",
            ),
            models.UniqueConstraint(
                fields=["workspace", "contact", "kind", "value"], name="contact_address_once_per_contact"
            ),
            models.CheckConstraint(name="contact_address_kind_is_known", condition=Q(kind__in=AddressKind.values)),
        ]
        indexes = [
            # The contacts of an address, also where it is not verified.
            models.Index(fields=["workspace", "kind", "value", "id"], name="contact_address_by_value"),
        ]

    def __str__(self) -> str:
        return self.value


class ContactNote(TenantModel):
    """What the team notes about a contact, beside their conversations."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="notes", db_index=False, db_constraint=False
    )
    body = models.TextField()
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = Moment(default=timezone.now, editable=False)
    edited_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        # The notes of a contact, the newest first.
        indexes = [models.Index(fields=["workspace", "contact", "-id"], name="contact_note_by_contact")]

    def __str__(self) -> str:
        return self.body[:80]


class DistinctContacts(TenantModel):
    """Two contacts who are marked as distinct people: they are not suggested to be merged any more."""

    first = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False)
    second = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="The one with the higher id.",
    )
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "distinct contacts"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "first", "second"], name="distinct_contacts_once"),
            models.CheckConstraint(name="distinct_contacts_in_order", condition=Q(first__lt=models.F("second"))),
        ]
        # Those from whom one is distinct, by either side.
        indexes = [models.Index(fields=["workspace", "second", "first"], name="distinct_contacts_by_second")]

    def __str__(self) -> str:
        return f"Contacts {self.first_id} and {self.second_id}"


class ErasureState(models.TextChoices):
    """How far an erasure is."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"


class Erasure(TenantModel):
    """The erasing of a contact, conversation by conversation: `reached` is the last one that is done, `counts` the report."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="erasures", db_index=False, db_constraint=False
    )
    state = models.CharField(max_length=7, choices=ErasureState.choices, default=ErasureState.WAITING)
    reached = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    requested_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = Moment(default=timezone.now, editable=False)
    finished_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "contact"], name="one_erasure_per_contact"),
            models.CheckConstraint(name="erasure_state_is_known", condition=Q(state__in=ErasureState.values)),
        ]
        # What is not finished, in all workspaces.
        indexes = [models.Index(fields=["id"], name="erasure_unfinished", condition=~Q(state="done"))]

    def __str__(self) -> str:
        return f"Erasure of contact {self.contact_id}"


OF_ID = "id"
"""The identity source of a signpost that is nothing but another id of the contact it leads to."""
ERASED = "Erased customer"
"""The name of a contact whose data was erased."""


def display_name(name: str, email: str, external_id: str | None, pk: int | None = None) -> str:
    """What people call the contact with these; never empty. Visitors of whom nothing is known differ by a number."""
    return as_written(name).strip() or email or external_id or (f"Visitor {pk}" if pk else "Visitor")
