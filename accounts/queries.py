"""Questions about people and workspaces, asked by every door."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import ApiKey, Membership, Team, User
from accounts.permissions import Role


def workspaces_of(user: User) -> QuerySet[Membership]:
    """The person's memberships with their workspaces, by name."""
    # A person may belong to many workspaces: this is the one question that spans them.
    return Membership.all_workspaces.filter(user=user).select_related("workspace").order_by("workspace__name", "pk")


def assignable() -> QuerySet[User]:
    """Whom a conversation can be given to: active members who may answer."""
    chosen = Membership.objects.exclude(role=Role.VIEWER).values("user")
    return User.objects.filter(pk__in=chosen, is_active=True).order_by("name", "email", "pk")


def operator_by_email(email: str) -> User | None:
    """The member with that email, or None."""
    wanted = email.strip().lower()
    membership = Membership.objects.select_related("user").filter(user__email=wanted, user__is_active=True).first()
    return membership.user if membership else None


def teams() -> QuerySet[Team]:
    """The workspace's teams, by name."""
    return Team.objects.order_by("name", "pk")


def membership(user_id: int) -> Membership | None:
    """The person's place in the open scope's workspace, or None."""
    return Membership.objects.select_related("user").filter(user=user_id).first()


def has_colleagues() -> bool:
    """Whether the workspace has more than one member."""
    return Membership.objects.count() > 1


def has_working_key(at: datetime) -> bool:
    """Whether the workspace has an API key that works at the moment."""
    keys = ApiKey.objects.filter(revoked_at=None)
    return keys.filter(Q(expires_at=None) | Q(expires_at__gt=at)).exists()
