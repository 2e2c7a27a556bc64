"""What contacts have in common, kept as numbers, so that those who may be one person are found without reading all of them.

PostgreSQL queues the contacts whose details have changed (see the migration `queue_contacts_to_compare`), so that this follows
every writer: a verb, a bulk insert, a process of the version before. The worker compares them; see `conversations.queries.lookalikes`.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.tenancy import TenantModel
from conversations.models.contact import Contact


class KeyKind(models.IntegerChoices):
    """What two contacts have in common, the surest first. One who is named by an id has `OWN_ID`; who names it, `NAMED_ID`."""

    OWN_ID = 0, "Own ID"
    ADDRESS = 1, "Email address"
    PHONE = 2, "Phone number"
    NAMED_ID = 3, "ID in traits"
    NAME = 4, "Name and company"


class ContactKey(TenantModel):
    """One thing by which a contact may be the same person as another one: a number made of it. `is_shared` says that there is one."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False, editable=False
    )
    kind = models.PositiveSmallIntegerField(choices=KeyKind.choices, editable=False)
    hash = models.BigIntegerField(editable=False)
    is_shared = models.BooleanField(default=False, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "contact", "kind", "hash"], name="contact_key_once"),
            models.CheckConstraint(name="contact_key_kind_is_known", condition=Q(kind__in=KeyKind.values)),
        ]
        indexes = [
            # Those who have the same.
            models.Index(fields=["workspace", "hash", "contact"], name="contact_key_by_hash"),
            # The list of those who may be one person, the newest first.
            models.Index(fields=["workspace", "-contact"], name="contact_key_shared", condition=Q(is_shared=True)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of contact {self.contact_id}"


class ContactToCompare(TenantModel):
    """A contact whose details have changed since it was compared with the others. Several rows may name the same one."""

    row_id = models.BigIntegerField(editable=False, help_text="The id of the contact, who may be gone by then.")

    class Meta(TenantModel.Meta):
        verbose_name_plural = "contacts to compare"
        # What is waiting in one workspace, the oldest first.
        indexes = [models.Index(fields=["workspace", "id"], name="contact_to_compare_oldest")]

    def __str__(self) -> str:
        return f"Contact {self.row_id}"
