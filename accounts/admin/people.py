"""People in admin: who they are (for superusers), and their places in a workspace (for its owners and admins)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts import actions, assignments, clock
from accounts.admin.base import (
    DeskForm,
    TabularInline,
    TenantAdmin,
    TenantPermissions,
    WorkspaceFilter,
    sentence,
    show_link,
)
from accounts.adminsite import reach
from accounts.errors import DomainError
from accounts.models import Membership, Team, User
from accounts.permissions import Role


class PersonForm(DeskForm):
    """Whether a person is active and a superuser. They change their addresses and password themselves."""

    class Meta:
        model = User
        fields = ("name", "is_active", "is_superuser")


class PlacesInline(TabularInline):
    """The person's workspaces, among those that the viewer may manage."""

    model = Membership
    extra = 0
    can_delete = False
    verbose_name_plural = "workspaces"
    fields = ("workspace", "role", "created_at")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return reach(request).limit(super().get_queryset(request).select_related("workspace", "user"), "workspace")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reach(request).may_open


@admin.register(User)
class PersonAdmin(TenantAdmin):
    """Superusers deactivate people and send reset links; owners and admins see those whom they work with."""

    form = PersonForm
    may_change = True
    list_display = ("email", "name", "is_active", "is_superuser", "last_login", "date_joined")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("email", "last_login", "date_joined", "public_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return reach(request).people().order_by("email")

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return (PlacesInline,)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if not reach(request).is_superuser:
            return ("email", "name", "is_active", "public_id")
        return ("email", "name", "is_active", "is_superuser", "last_login", "date_joined", "public_id")

    def is_theirs(self, request: HttpRequest, obj: Model | None) -> bool:
        who = reach(request)
        if obj is None or who.is_superuser:
            return who.may_open
        return who.people().filter(pk=obj.pk).exists()

    def workspace_id_of(self, obj: Model) -> int | None:
        return None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reach(request).is_superuser

    def change(self, request: HttpRequest, obj: User, form: forms.ModelForm[Any]) -> None:
        data = form.cleaned_data
        act: dict[str, Any] = {"user": obj, "by": reach(request).installation(), "at": clock.now()}
        actions.rename_person(name=data["name"], **act)
        if data["is_superuser"] != obj.is_superuser:
            actions.set_superuser(is_superuser=data["is_superuser"], **act)
        if data["is_active"] and not obj.is_active:
            actions.reactivate_person(**act)
        elif obj.is_active and not data["is_active"]:
            tell_what_was_unassigned(self, request, actions.deactivate_person(**act))

    # --- Reset links --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        reset = self.admin_site.admin_view(self.reset_view)
        return [path("<int:pk>/reset/", reset, name="accounts_user_reset"), *super().get_urls()]

    def reset_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Ask, and send a person a link to choose another password; without a mail server, show it."""
        user = cast("User | None", self.get_queryset(request).filter(pk=pk).first())
        if user is None:
            raise Http404("no such person")
        if not self.has_change_permission(request):
            raise PermissionDenied
        page = reverse("admin:accounts_user_change", args=[user.pk])
        if request.method == "POST":
            try:
                link = actions.send_password_reset(user=user, by=reach(request).installation(), at=clock.now())
            except DomainError as error:
                self.message_user(request, sentence(error), messages.ERROR)
                return redirect(page)
            if link is not None:
                return show_link(
                    self,
                    request,
                    f"Password reset for {user}",
                    f"Share this link securely with {user.email}",
                    link,
                    page,
                )
            self.message_user(request, f"Reset link sent to {user.email}.", messages.SUCCESS)
            return redirect(page)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Send {user} a password reset link?",
            "opts": self.opts,
            "original": user,
            "question": f"{user.email} gets a link to choose a new password. The current one works until then.",
            "button": "Send the link",
            "back": page,
        }
        return TemplateResponse(request, "admin/desk/confirm.html", context)


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    """Who works where, and as what. People join by an invitation."""

    may_change = may_delete = True
    list_display = ("user", "email", "workspace", "role", "created_at")
    list_filter = (WorkspaceFilter, "role")
    list_select_related = ("user", "workspace")
    search_fields = ("user__name", "user__email")
    ordering = ("workspace", "user__name", "pk")
    fields = ("workspace", "user", "role", "created_at")
    readonly_fields = ("workspace", "user", "created_at")

    @admin.display(description="email", ordering="user__email")
    def email(self, membership: Membership) -> str:
        return membership.user.email

    def change(self, request: HttpRequest, obj: Membership, form: forms.ModelForm[Any]) -> None:
        by = self.actor(request, obj)
        actions.change_role(membership=obj, role=Role(form.cleaned_data["role"]), by=by, at=clock.now())

    def remove(self, request: HttpRequest, obj: Membership) -> None:
        freed = actions.remove_member(membership=obj, by=self.actor(request, obj), at=clock.now())
        tell_what_was_unassigned(self, request, freed)


def tell_what_was_unassigned(model_admin: TenantAdmin, request: HttpRequest, freed: Mapping[str, int]) -> None:
    """Say how much was unassigned from a member who left."""
    if text := assignments.summary(freed):
        model_admin.message_user(request, text, messages.WARNING)


class MembersInline(TenantPermissions, TabularInline):
    """A workspace's people on its own page. Others join by an invitation."""

    model = Membership
    form = DeskForm
    extra = 0
    may_change = may_delete = True
    fields = ("user", "role", "created_at")
    readonly_fields = ("user", "created_at")
    verbose_name = "member"
    verbose_name_plural = "members"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user").order_by("user__name", "pk")

    def workspace_id_of(self, obj: Model) -> int | None:
        # Django asks an inline about the row that the page is about.
        return cast(int, obj.pk)


@admin.register(Team)
class TeamAdmin(TenantAdmin):
    """Groups that work can be given to."""

    may_add = may_change = True
    list_display = ("name", "workspace", "member_names", "created_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace",)
    search_fields = ("name",)
    ordering = ("workspace", "name", "pk")
    autocomplete_fields = ("members",)
    readonly_fields = ("public_id", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("members")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", "name", "members", *(self.readonly_fields if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", *self.readonly_fields) if obj else ()

    @admin.display(description="members")
    def member_names(self, team: Team) -> str:
        return ", ".join(sorted(str(person) for person in team.members.all()))

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        return actions.save_team(
            workspace=data["workspace"],
            name=data["name"],
            members=data["members"],
            by=self.actor(request, form.instance),
            at=clock.now(),
        )

    def change(self, request: HttpRequest, obj: Team, form: forms.ModelForm[Any]) -> None:
        if not form.changed_data:
            return
        data = form.cleaned_data
        actions.save_team(
            workspace=obj.workspace,
            team=obj,
            name=data["name"],
            members=data["members"],
            by=self.actor(request, obj),
            at=clock.now(),
        )
