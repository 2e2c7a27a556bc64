"""Workspaces, and who belongs to them: members and teams."""

from __future__ import annotations

import uuid
import zoneinfo
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from accounts import slugs
from accounts.models.people import User
from accounts.moments import Moment
from accounts.permissions import Role, Visibility, sight
from accounts.tenancy import QuickModel, TenantModel, Viewer


def validate_time_zone(value: str) -> None:
    """Raises ValidationError for a name that the IANA database does not know."""
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValidationError("%(value)s is not a time zone", params={"value": value}) from error


def new_identity_secret() -> str:
    """64 hexadecimal digits: one documented product uses them as text, another decodes them."""
    return uuid.uuid4().hex + uuid.uuid4().hex


class Workspace(QuickModel):
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
    def assigns_on_typing(self) -> bool:
        """Whether beginning to write a reply assigns an unassigned conversation to its writer."""
        return self.settings.get("assigns_on_typing") is True

    @property
    def releases_resolved(self) -> bool:
        """Whether a conversation that is resolved or closed becomes unassigned; its team stays."""
        return self.settings.get("releases_resolved") is True

    @property
    def returns_to_last(self) -> bool:
        """Whether a released conversation that is reopened goes back to who had it."""
        return self.settings.get("returns_to_last") is not False

    @property
    def requires_second_factor(self) -> bool:
        """Whether its members need a second factor to open it."""
        return self.settings.get("requires_second_factor") is True

    @property
    def push_shows_text(self) -> bool:
        """Whether notifications outside the desk may quote what customers write."""
        return self.settings.get("push_shows_text") is not False

    @property
    def identity_secrets(self) -> tuple[str, ...]:
        """The secrets that a customer's proof may be signed with: the present one, and the one before a rotation."""
        return tuple(filter(None, (self.identity_secret, self.previous_identity_secret)))


class Membership(TenantModel):
    """A person's place in a workspace."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.AGENT)
    visibility = models.CharField(
        max_length=20, choices=Visibility.choices, default=Visibility.ALL, db_default=Visibility.ALL
    )
    # When they were last seen at a page of the workspace, to a minute or so: mails wait for those who are away.
    seen_at = Moment(null=True, editable=False)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "user"], name="one_membership_per_person_and_workspace"),
            models.CheckConstraint(
                name="membership_visibility_is_known", condition=Q(visibility__in=Visibility.values)
            ),
            models.CheckConstraint(name="membership_role_is_known", condition=Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    @property
    def viewer(self) -> Viewer | None:
        """Whose view the scope of this member's requests is limited to; None for one who sees everything."""
        visibility = sight(self.role, self.visibility)
        return None if visibility == Visibility.ALL else Viewer(self.user_id, visibility)


def of_viewer(viewer: Viewer) -> Q:
    """Rows that are assigned to a member, or to one of their teams."""
    teams = Team.members.through.objects.filter(user=viewer.user_id)
    return Q(assignee=viewer.user_id) | Q(team__in=teams.values("team"))


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
