"""Who may use Django admin, and for which rows: owners and admins their own workspaces, superusers everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.errors import NotFound
from accounts.permissions import Actor, Role

if TYPE_CHECKING:
    from accounts.models import Membership, User, Workspace

_UNWANTED = frozenset({"auth", "account", "mfa", "usersessions"})
"""Apps whose models are not shown: groups grant nothing here, and people look after their addresses, second factors and sessions themselves."""
_EVERYDAY = {
    "Workspace": "Workspaces",
    "User": "People",
    "Team": "Teams",
    "ApiKey": "API keys",
    "Conversation": "Conversations",
    "Contact": "Contacts",
    "Ticket": "Tickets",
    "Event": "Recent activity",
}
"""The main models, in their order, and what the index calls them; the others are under "System"."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a person may do in admin, worked out once per request."""

    user: User
    is_superuser: bool
    memberships: Mapping[int, Membership]
    """By workspace id, those as owner or admin."""
    is_led_away: bool = False
    """A workspace of theirs requires a second factor, and they have none yet: they may do nothing here."""

    @property
    def may_open(self) -> bool:
        """Whether they may use admin at all."""
        return self.is_superuser or bool(self.memberships)

    def has(self, workspace_id: int | None) -> bool:
        """Whether they manage the workspace."""
        return self.is_superuser or workspace_id in self.memberships

    def limit(self, rows: QuerySet[Any], path: str) -> QuerySet[Any]:
        """The rows of the workspaces they manage; `path` leads from a row to its workspace."""
        if self.is_superuser:
            return rows
        # By equality where there is one: what is one of several comes in no index's order.
        one, several = [*self.memberships][:1], len(self.memberships) > 1
        return rows.filter(**{f"{path}__in": list(self.memberships)} if several or not one else {path: one[0]})

    def workspaces(self) -> QuerySet[Workspace]:
        """The workspaces they manage, by name."""
        from accounts.models import Workspace

        return self.limit(Workspace.objects.order_by("name", "pk"), "pk")

    def people(self) -> QuerySet[User]:
        """Everyone who works in those workspaces."""
        from accounts.models import User

        if self.is_superuser:
            return User.objects.all()
        return User.objects.filter(memberships__workspace__in=list(self.memberships)).distinct()

    def actor(self, workspace_id: int) -> Actor:
        """As whom they act there. Raises NotFound for a workspace that is not theirs.

        A superuser who does not manage it acts as the desk itself, under their own name and id.
        """
        membership = self.memberships.get(workspace_id)
        if membership is not None:
            return Actor.member(membership)
        if not self.is_superuser:
            raise NotFound("there is no such workspace")
        return replace(Actor.system(workspace_id, name=self.user.name or self.user.email), id=self.user.pk)

    def installation(self) -> Actor:
        """As whom a superuser acts on people, who belong to no workspace. Raises NotFound for anyone else."""
        if not self.is_superuser:
            raise NotFound("there is no such person")
        return Actor.installation(self.user.name or self.user.email, id=self.user.pk)


def reach(request: HttpRequest) -> Reach:
    """The reach of the signed-in person; one query per request."""
    known = getattr(request, "_desk_reach", None)
    if known is not None:
        return cast(Reach, known)
    from accounts.models import Membership

    user = cast("User", request.user)
    memberships: Mapping[int, Membership] = {}
    if user.is_authenticated and user.is_active:
        # Admin spans a person's workspaces; these rows say which.
        rows = Membership.all_workspaces.select_related("user", "workspace").filter(user=user)
        memberships = {row.workspace_id: row for row in rows.filter(role__in=(Role.OWNER, Role.ADMIN))}
    is_led_away = any(row.workspace.requires_second_factor for row in memberships.values()) and _has_none(user)
    found = Reach(
        user,
        bool(user.is_active and user.is_superuser) and not is_led_away,
        {} if is_led_away else memberships,
        is_led_away,
    )
    request._desk_reach = found  # type: ignore[attr-defined]
    return found


def _has_none(user: User) -> bool:
    from accounts.queries import has_second_factor

    return not has_second_factor(user.pk)


class DeskAdminSite(AdminSite):
    """Django admin, as the desk's administration."""

    site_header = "Parley"
    site_title = "Parley admin"
    index_title = "Administration"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        return reach(request).may_open

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else list(model_or_iterable)
        wanted = [model for model in models if model._meta.app_label not in _UNWANTED]
        super().register(wanted, admin_class, **options)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Sign in on the desk's own page, which limits attempts; a person without access here gets a page that says so."""
        if self.has_permission(request):
            return redirect(reverse("admin:index", current_app=self.name))
        if reach(request).is_led_away:
            return redirect(reverse("mfa_index"))
        if request.user.is_authenticated:
            raise PermissionDenied("Administration is for owners and admins of a workspace.")
        return redirect_to_login(request.GET.get("next") or reverse("admin:index", current_app=self.name))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Two groups, the main models and the rest; the models of one app where its own page is asked for."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        everyday = [{**models.pop(key), "name": name} for key, name in _EVERYDAY.items() if key in models]
        rest = sorted(models.values(), key=lambda model: str(model["name"]).lower())
        home = reverse("admin:index", current_app=self.name)
        return [
            {"name": name, "app_label": label, "app_url": home, "has_module_perms": True, "models": found}
            for name, label, found in (("Administration", "everyday", everyday), ("System", "system", rest))
            if found
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The index of models, beside recent activity."""
        from accounts import activity
        from accounts.models import Event

        events = reach(request).limit(Event.objects.select_related("workspace"), "workspace")
        return super().index(request, {"recent": activity.recent(events), **(extra_context or {})})
