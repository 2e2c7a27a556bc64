"""Filters under a name, so that a queue can be found again."""

from __future__ import annotations

import secrets
import string
import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.utils import timezone

from accounts.models import ApiKey, User
from accounts.moments import Moment
from accounts.permissions import Actor, ActorKind
from accounts.tenancy import TenantManager, TenantModel, TenantQuerySet

SHORT_ID_LENGTH = 8


def new_short_id() -> str:
    """Eight letters and digits: the part of a link."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(SHORT_ID_LENGTH))


class Visibility(models.TextChoices):
    """Who finds a saved view: its maker, or everyone in the workspace."""

    PRIVATE = "private"
    SHARED = "shared"


class SavedViewQuerySet(TenantQuerySet["SavedView"]):
    """The views that someone finds."""

    def visible_to(self, actor: Actor) -> Self:
        """Shared ones, the actor's own, and those whose maker has left."""
        shared = Q(visibility=Visibility.SHARED) | Q(created_by=None, created_by_key=None)
        return self.filter(shared | made_by(actor))

    def favorites_first(self, actor: Actor) -> Self:
        """The actor's own favourites first, then newest; with `is_favorited`, that mark, and who made each view."""
        marks = SavedViewFavorite.all_workspaces.filter(
            marked_by(actor),
            workspace=OuterRef("workspace"),
            view=OuterRef("pk"),  # of a view in scope
        )
        return (
            self.annotate(is_favorited=Exists(marks))
            .select_related("created_by")
            .order_by("-is_favorited", "-created_at", "-pk")
        )


def made_by(actor: Actor) -> Q:
    """The views that a member or a key created."""
    if actor.kind == ActorKind.API_KEY:
        return Q(created_by_key=actor.id)
    return Q(created_by=actor.id) if actor.kind == ActorKind.MEMBER else Q(Value(False))


def marked_by(actor: Actor) -> Q:
    """The favourites of a member or a key."""
    if actor.kind == ActorKind.API_KEY:
        return Q(api_key=actor.id)
    return Q(user=actor.id) if actor.kind == ActorKind.MEMBER else Q(Value(False))


class SavedView(TenantModel):
    """A named set of filters on tickets. `filters` is kept as the client wrote it."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    short_id = models.CharField(max_length=12, default=new_short_id, editable=False)
    name = models.CharField(max_length=400)
    filters = models.JSONField(default=dict, blank=True)
    visibility = models.CharField(max_length=7, choices=Visibility.choices, default=Visibility.SHARED)
    created_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    created_by_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)

    objects: ClassVar[TenantManager[Self]] = TenantManager.from_queryset(SavedViewQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "short_id"], name="saved_view_short_id_unique_per_workspace"),
            models.CheckConstraint(
                name="saved_view_visibility_is_known", condition=Q(visibility__in=Visibility.values)
            ),
        ]
        # The workspace's views, newest first.
        indexes = [models.Index(fields=["workspace", "-created_at", "-id"], name="saved_view_newest")]

    def __str__(self) -> str:
        return self.name


class SavedViewFavorite(TenantModel):
    """A favourite: a member's or a key's mark on a saved view."""

    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="favorites", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["view", "user", "api_key"], name="one_favorite_per_view_and_person", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="favorite_is_of_a_person_or_a_key",
                condition=Q(user=None, api_key__isnull=False) | Q(user__isnull=False, api_key=None),
            ),
        ]

    def __str__(self) -> str:
        return f"favourite of view {self.view_id}"
