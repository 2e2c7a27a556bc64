"""Mailboxes: the addresses at which a workspace receives and sends mail."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import sealed
from accounts.models import Team, User
from accounts.moments import Moment
from accounts.tenancy import TenantModel


class Inbound(models.TextChoices):
    """How mail comes in."""

    IMAP = "imap", "IMAP"
    INGRESS = "ingress", _("Provider webhook")
    DOOR = "door", _("LMTP or SMTP from your own mail server")


class Login(models.TextChoices):
    """How the desk signs in to the mail servers."""

    PASSWORD = "password", "Password"
    GOOGLE = "google", "Google"
    MICROSOFT = "microsoft", "Microsoft"


class MailboxState(models.TextChoices):
    """Whether a mailbox is in use."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    DISCONNECTED = "disconnected", "Reconnect"
    DELETED = "deleted", "Deleted"


class Mailbox(TenantModel):
    """An address of the workspace with its servers. `imap` and `smtp` hold host, port, security, user and folder; secrets are sealed.

    A mailbox without `smtp` sends through the mail server of the installation. The row of a deleted one stays for its mails
    and conversations, without its secrets and addresses.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    address = models.CharField(max_length=254)
    name = models.CharField(max_length=200, blank=True, help_text="The name that customers see.")
    is_default = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=MailboxState.choices, default=MailboxState.ACTIVE)
    inbound = models.CharField(max_length=8, choices=Inbound.choices, default=Inbound.IMAP)
    login = models.CharField(max_length=10, choices=Login.choices, default=Login.PASSWORD)
    imap = models.JSONField(null=True, blank=True)
    smtp = models.JSONField(null=True, blank=True)
    sealed = models.TextField(blank=True, editable=False)
    # The SHA-256 of the secret in the address to which a provider posts mails.
    ingress_hash = models.CharField(max_length=64, null=True, editable=False)
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    signature = models.TextField(blank=True)
    acknowledges = models.BooleanField(default=False)
    acknowledgement = models.TextField(blank=True)
    undo_seconds = models.PositiveSmallIntegerField(default=10)
    plus_addressing = models.BooleanField(
        default=True, help_text="The mail server delivers name+anything@… to name@…, so that replies can carry a proof."
    )
    trusted_host = models.CharField(
        max_length=253, blank=True, help_text="The server whose Authentication-Results are believed."
    )

    # What the worker that reads the mailbox notes.
    uid_validity = models.BigIntegerField(null=True, editable=False)
    last_uid = models.BigIntegerField(default=0, editable=False)
    next_uid = models.BigIntegerField(null=True, editable=False)
    leased_until = Moment(null=True, editable=False)
    read_at = Moment(null=True, editable=False)
    received_at = Moment(null=True, editable=False)
    failing_since = Moment(null=True, editable=False)
    failure = models.TextField(blank=True, editable=False)
    # What its webhook or its door did not take, by the code of the reason: how often, the last time, and why.
    refusals = models.JSONField(default=dict, db_default={}, blank=True, editable=False)
    # Mails of the last days that are to be fetched once, and how many of how many have been.
    backfill_days = models.PositiveSmallIntegerField(null=True, editable=False)
    backfill_done = models.PositiveIntegerField(default=0, editable=False)
    backfill_total = models.PositiveIntegerField(null=True, editable=False)
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "mailboxes"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="mailbox_public_id_unique_per_workspace"),
            models.UniqueConstraint(fields=["ingress_hash"], name="mailbox_ingress_unique"),
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(is_default=True), name="one_default_mailbox_per_workspace"
            ),
            models.CheckConstraint(name="mailbox_address_is_lower_case", condition=Q(address=Lower("address"))),
            models.CheckConstraint(name="mailbox_state_is_known", condition=Q(state__in=MailboxState.values)),
            models.CheckConstraint(name="mailbox_inbound_is_known", condition=Q(inbound__in=Inbound.values)),
            models.CheckConstraint(name="mailbox_login_is_known", condition=Q(login__in=Login.values)),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def secrets(self) -> dict[str, Any]:
        """Passwords and tokens. Raises `sealed.Unreadable` where the key that sealed them is gone."""
        return sealed.opened(self.sealed)

    @secrets.setter
    def secrets(self, value: dict[str, Any]) -> None:
        self.sealed = sealed.seal(value)


class MailboxAddress(TenantModel):
    """An address or an alias of a mailbox. An address belongs to one mailbox of the installation."""

    mailbox = models.ForeignKey(
        Mailbox, on_delete=models.CASCADE, related_name="addresses", db_index=False, db_constraint=False
    )
    address = models.CharField(max_length=254)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "mailbox addresses"
        constraints = [
            models.UniqueConstraint(fields=["address"], name="mailbox_address_unique"),
            models.CheckConstraint(name="mailbox_alias_is_lower_case", condition=Q(address=Lower("address"))),
        ]
        indexes = [models.Index(fields=["workspace", "mailbox", "id"], name="mailbox_addresses")]

    def __str__(self) -> str:
        return self.address


class SuppressedAddress(TenantModel):
    """An address to which mail could not be delivered for good, or that must get none: the desk sends it nothing more."""

    address = models.CharField(max_length=254)
    reason = models.TextField()
    code = models.CharField(max_length=20, blank=True)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "suppressed addresses"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "address"], name="suppressed_address_unique_per_workspace")
        ]

    def __str__(self) -> str:
        return self.address


class BlockedSender(TenantModel):
    """An address, or with a leading @ a domain, whose mail is spam."""

    pattern = models.CharField(max_length=254)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "pattern"], name="blocked_sender_unique_per_workspace")
        ]

    def __str__(self) -> str:
        return self.pattern


class AutomaticMail(TenantModel):
    """A mail that the desk sent by itself: so many an address gets in a day, and no more."""

    address = models.CharField(max_length=254)
    kind = models.CharField(max_length=20)
    sent_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["workspace", "address", "-sent_at"], name="automatic_mail_budget")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.address}"
