"""Filters under a name, so that a queue of conversations or of tickets can be found again."""

from __future__ import annotations

import secrets
import string
import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery, Value
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Team, User
from accounts.moments import Moment
from accounts.permissions import Actor, ActorKind, Role
from accounts.tenancy import TenantManager, TenantModel, TenantQuerySet

SHORT_ID_LENGTH = 8


def new_short_id() -> str:
    """Eight letters and digits: the part of a link."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(SHORT_ID_LENGTH))


class Visibility(models.TextChoices):
    """Who finds a saved view: its maker, a team, or everyone in the workspace."""

    PRIVATE = "private", _("Only me")
    TEAM = "team", _("A team")
    SHARED = "shared", _("Everyone")


class ViewSubject(models.TextChoices):
    """What a saved view lists."""

    CONVERSATION = "conversation", _("Conversations")
    TICKET = "ticket", _("Tickets")


class SavedViewQuerySet(TenantQuerySet["SavedView"]):
    """The views that someone finds."""

    def visible_to(self, actor: Actor) -> Self:
        """Shared ones, the actor's own, those of a member's teams, and those whose maker has left; of teams, keys and admins find all."""
        found = Q(visibility=Visibility.SHARED) | Q(created_by=None, created_by_key=None) | made_by(actor)
        if actor.kind == ActorKind.MEMBER and actor.role not in (Role.OWNER, Role.ADMIN):
            own = Team.objects.filter(members=actor.id).order_by().values("pk")
            return self.filter(found | Q(visibility=Visibility.TEAM, team__in=own))
        return self.filter(found | Q(visibility=Visibility.TEAM))

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

    def in_order_of(self, actor: Actor) -> Self:
        """The actor's own favourites first, in the order that they gave them, then the others by name."""
        marks = SavedViewFavorite.all_workspaces.filter(
            marked_by(actor),
            workspace=OuterRef("workspace"),
            view=OuterRef("pk"),  # of a view in scope
        )
        place = Subquery(marks.values("position")[:1])
        return (
            self.annotate(is_favorited=Exists(marks), place=place)
            .select_related("created_by", "created_by_key", "team")
            .order_by("-is_favorited", "place", Lower("name"), "pk")
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
    """A named set of filters on conversations or tickets.

    `condition` is what rows have to be like (`conversations.conditions`), beside what is searched for. `filters` are those of
    tickets as a client of the API wrote them, which are kept verbatim.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    short_id = models.CharField(max_length=12, default=new_short_id, editable=False)
    name = models.CharField(max_length=400)
    filters = models.JSONField(default=dict, blank=True)
    subject = models.CharField(
        max_length=12, choices=ViewSubject.choices, default=ViewSubject.TICKET, db_default=ViewSubject.TICKET
    )
    condition = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    search = models.CharField(max_length=200, blank=True, default="", db_default="")
    sort = models.CharField(max_length=10, blank=True, default="", db_default="")
    visibility = models.CharField(max_length=7, choices=Visibility.choices, default=Visibility.SHARED)
    # Of a view that a team finds; a deleted team leaves it to its maker.
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
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
            models.CheckConstraint(name="saved_view_subject_is_known", condition=Q(subject__in=ViewSubject.values)),
        ]
        # The workspace's views, newest first.
        indexes = [models.Index(fields=["workspace", "-created_at", "-id"], name="saved_view_newest")]

    def __str__(self) -> str:
        return self.name


class SavedViewFavorite(TenantModel):
    """A favourite: a member's or a key's mark on a saved view, with its place among their favourites."""

    view = models.ForeignKey(SavedView, on_delete=models.CASCADE, related_name="favorites", db_index=False)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    api_key = models.ForeignKey(ApiKey, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    position = models.PositiveSmallIntegerField(default=0, db_default=0)
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
