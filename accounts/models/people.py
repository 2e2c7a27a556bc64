"""People: who can sign in, and who is invited to."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.moments import Moment
from accounts.permissions import Role
from accounts.tenancy import QuickModel, TenantModel


class UserManager(BaseUserManager["User"]):
    """People, looked up by their normalised email."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        """Emails are compared trimmed and lower-cased everywhere in the desk."""
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Make a person by hand, who is taken to own the address: for Django's own commands and for tests."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        with transaction.atomic():
            user.save(using=self._db)
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(QuickModel, AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an email. What they may do depends on their membership of each workspace.

    `email` is the primary address. The addresses that are proven to be theirs are allauth's `EmailAddress` rows, all of
    them verified; a person whose `email` is not among them has not proven it yet.

    `is_superuser` marks the operators of the installation: they reach every workspace in Django admin.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may open Django admin", default=False)
    preferences = models.JSONField(
        default=dict, blank=True, help_text="Theme, density, shortcuts and notifications; set in the inbox."
    )
    # Empty: the workspace's time zone, and the language of the installation.
    time_zone = models.CharField(max_length=64, blank=True, default="", db_default="")
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    signature = models.TextField(blank=True, default="", db_default="")
    signs_replies = models.BooleanField(default=True, db_default=True)
    # The path of a square picture in the storage, which the desk has encoded itself.
    picture = models.CharField(max_length=100, blank=True, default="", db_default="", editable=False)
    date_joined = Moment(default=timezone.now)
    last_login = Moment("last login", blank=True, null=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.CheckConstraint(name="user_email_is_lower_case", condition=Q(email=Lower("email")))]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        self.email = UserManager.normalize_email(self.email)

    @property
    def language_or_default(self) -> str:
        """The language that the person has chosen, else the desk's."""
        return self.language or settings.LANGUAGE_CODE

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ", 1)[0] if self.name else self.email


class Invitation(TenantModel):
    """A place in the workspace offered to the owner of an email address.

    The link holds a token that works once and until `expires_at`; only its SHA-256 is kept. `mailed_at` says that the
    link went to the address and nowhere else, so that the person who follows it owns the address.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=254)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.AGENT)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    created_at = Moment(default=timezone.now, editable=False)
    sent_at = Moment(default=timezone.now, editable=False)
    mailed_at = Moment(null=True, blank=True, editable=False)
    expires_at = Moment(editable=False)
    accepted_at = Moment(null=True, blank=True, editable=False)
    accepted_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    revoked_at = Moment(null=True, blank=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="one_pending_invitation_per_address",
            ),
            models.CheckConstraint(name="invitation_role_is_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(name="invitation_email_is_lower_case", condition=Q(email=Lower("email"))),
        ]
        # The workspace's invitations, newest first.
        indexes = [models.Index(fields=["workspace", "-sent_at"], name="invitation_by_age")]

    def __str__(self) -> str:
        return f"{self.email} ({self.role})"

    @property
    def role_name(self) -> str:
        """The role within a sentence such as "You are invited as agent"."""
        return Role(self.role).in_sentence

    @property
    def is_pending(self) -> bool:
        """Neither accepted nor revoked; it may have expired."""
        return self.accepted_at is None and self.revoked_at is None

    def is_expired(self, at: datetime) -> bool:
        """Whether its end lies at or before the moment."""
        return bool(self.expires_at <= at)
