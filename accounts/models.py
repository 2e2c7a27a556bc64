"""Who uses the desk: workspaces, people, teams, API keys, and the journal of what they did."""

from __future__ import annotations

import uuid
import zoneinfo
from datetime import datetime
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts import slugs
from accounts.moments import Moment
from accounts.permissions import ActorKind, Role, Scope
from accounts.tenancy import TenantManager, TenantModel


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


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an email. What they may do depends on their membership of each workspace.

    `email` is the primary address. The addresses that are proven to be theirs are allauth's `EmailAddress` rows, all of
    them verified; a person whose `email` is not among them has not proven it yet.

    `is_superuser` marks whoever runs the installation: they reach every workspace in Django admin.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may open Django admin", default=False)
    preferences = models.JSONField(default=dict, blank=True, help_text="Theme, density, shortcuts; set in the inbox.")
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

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name.split(" ", 1)[0] if self.name else self.email


def validate_time_zone(value: str) -> None:
    """Raises ValidationError for a name that the IANA database does not know."""
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError("%(value)s is not a time zone", params={"value": value}) from error


def new_identity_secret() -> str:
    """64 hexadecimal digits: one documented product uses them as text, another decodes them."""
    return uuid.uuid4().hex + uuid.uuid4().hex


class Workspace(models.Model):
    """One tenant: its people, contacts, conversations, tickets and keys."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.CharField(max_length=50, unique=True, validators=[slugs.validate])
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    settings = models.JSONField(default=dict, blank=True)
    identity_secret = models.CharField(max_length=128, default=new_identity_secret, editable=False)
    previous_identity_secret = models.CharField(max_length=128, blank=True, editable=False)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="workspace_slug_is_lower_case", condition=Q(slug=Lower("slug")) & ~Q(slug="")),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Its time zone: where its days and months begin."""
        return zoneinfo.ZoneInfo(self.time_zone)

    @property
    def assigns_writer(self) -> bool:
        """Whether a reply written in the inbox assigns an unassigned conversation to its writer."""
        return self.settings.get("assigns_writer") is not False

    @property
    def identity_secrets(self) -> tuple[str, ...]:
        """The secrets that a customer's proof may be signed with: the present one, and the one before a rotation."""
        return tuple(filter(None, (self.identity_secret, self.previous_identity_secret)))


class Membership(TenantModel):
    """A person's place in a workspace."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.AGENT)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_person_and_workspace"),
            models.CheckConstraint(name="membership_role_is_known", condition=Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Team(TenantModel):
    """A group of members that work can be given to; some formats call it a role, hence the public id."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    members: models.ManyToManyField[User, Any] = models.ManyToManyField(User, blank=True, related_name="teams")
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint("workspace", Lower("name"), name="team_name_unique_per_workspace")]

    def __str__(self) -> str:
        return self.name


class Invitation(TenantModel):
    """A place in the workspace offered to the owner of an email address.

    The link holds a token that works once and until `expires_at`; only its SHA-256 is kept. `mailed_at` says that the
    link went to the address and nowhere else, so that whoever follows it owns the address.
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
    def is_pending(self) -> bool:
        """Neither accepted nor revoked; it may have expired."""
        return self.accepted_at is None and self.revoked_at is None

    def is_expired(self, at: datetime) -> bool:
        """Whether its end lies at or before the moment."""
        return bool(self.expires_at <= at)


class KeyKind(models.TextChoices):
    """`server` keys are secrets of a backend; `client` keys are public and stand in web pages and apps."""

    SERVER = "server"
    CLIENT = "client"


class ApiKey(TenantModel):
    """A credential of a workspace. The secret is shown once; only its SHA-256 is kept, found by `prefix`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=KeyKind.choices, default=KeyKind.SERVER)
    scopes = ArrayField(models.CharField(max_length=40, choices=Scope.choices), default=list)
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
            models.CheckConstraint(
                name="client_key_holds_no_ticket_scope",
                condition=~Q(kind=KeyKind.CLIENT) | ~Q(scopes__overlap=[Scope.TICKET_READ, Scope.TICKET_WRITE]),
            ),
        ]
        # The admin's list of a workspace's keys.
        indexes = [models.Index(fields=["workspace", "-created_at"], name="api_key_by_age")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_expired(self, at: datetime) -> bool:
        """Whether the key's end lies at or before the moment."""
        return self.expires_at is not None and self.expires_at <= at


class AppendOnly(RuntimeError):
    """Someone tried to change or delete the journal."""


class Event(models.Model):
    """One line of the journal: audit log, source of webhooks, automations and live updates. Append-only.

    `data` holds ids and non-personal values only, so that a person can be erased while the journal stays.
    An event without a workspace tells of the installation, such as a person's account: only superusers see it.
    Rows refer to their subjects by kind and id without foreign keys: a line outlives what it tells of.
    Inserting one also queues its dispatch and announces it (a trigger: see the migration), so that no writer can
    forget either. Ids commit out of order; a reader that pages by "id > last" reads with an overlap.
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
    """An event that reactions have not all heard yet; deleted when they have. Inserted by the journal's trigger."""

    event = models.OneToOneField(
        Event, on_delete=models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    due_at = Moment(db_default=models.functions.Now())
    attempts = models.PositiveSmallIntegerField(db_default=0)
    last_error = models.CharField(max_length=300, db_default="")

    class Meta:
        verbose_name_plural = "dispatches"
        # The dispatcher's batch: what is due, oldest first.
        indexes = [models.Index(fields=["due_at", "event"], name="dispatch_due")]

    def __str__(self) -> str:
        return f"event {self.event_id}"


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


__all__ = [
    "ActorKind", "ApiKey", "AppendOnly", "Dispatch", "Event", "IdempotentRequest", "Invitation", "KeyKind", "Membership", "Role",
    "Scope", "Team", "TenantManager", "User", "Workspace",
]  # fmt: skip
