"""A workspace in admin: its name and zone, its members, and the secret with which customers' proofs are signed."""

from __future__ import annotations

import zoneinfo
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.cache import patch_cache_control

from accounts import actions, clock
from accounts.admin.base import DeskForm, TenantAdmin, sentence
from accounts.admin.people import MembersInline, tell_what_was_unassigned
from accounts.adminsite import reach
from accounts.errors import DomainError
from accounts.models import Membership, Workspace
from accounts.permissions import Role, permit


class WorkspaceForm(DeskForm):
    """Name, slug, zone, and what the inbox does by itself."""

    time_zone = forms.ChoiceField(choices=lambda: [(zone, zone) for zone in sorted(zoneinfo.available_timezones())])
    assigns_writer = forms.BooleanField(
        required=False,
        label="Assign on reply",
        help_text="A reply written in the inbox assigns an unassigned conversation to its writer.",
    )

    class Meta:
        model = Workspace
        fields = ("name", "slug", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["assigns_writer"] = self.instance.assigns_writer


@admin.register(Workspace)
class WorkspaceAdmin(TenantAdmin):
    """Superusers open workspaces; owners and admins look after theirs."""

    workspace_path = "pk"
    may_change = True
    form = WorkspaceForm
    list_display = ("name", "slug", "id", "time_zone", "people", "created_at")
    search_fields = ("name", "slug")
    ordering = ("name", "pk")
    readonly_fields = ("id", "public_id", "settings", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Counted for the rows on the page; each names its own workspace.
        members = Membership.all_workspaces.filter(workspace=OuterRef("pk")).order_by().values("workspace")
        counted = Subquery(members.annotate(n=Count("pk")).values("n"))
        rows: QuerySet[Any] = super().get_queryset(request).annotate(people=counted)
        return rows

    @admin.display(description="members", ordering="people")
    def people(self, workspace: Workspace) -> int:
        return cast(int, getattr(workspace, "people", 0) or 0)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("name", "slug", "time_zone", *(("assigns_writer", *self.readonly_fields) if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Slugs are part of links that people have saved.
        return ("slug", *self.readonly_fields) if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return (MembersInline,) if obj else ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reach(request).is_superuser

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        return actions.create_workspace(
            slug=data["slug"], name=data["name"], time_zone=data["time_zone"], by=None, at=clock.now()
        )

    def change(self, request: HttpRequest, obj: Workspace, form: forms.ModelForm[Any]) -> None:
        data = form.cleaned_data
        is_set = "assigns_writer" in form.changed_data
        actions.update_workspace(
            workspace=obj,
            name=data["name"],
            time_zone=data["time_zone"],
            settings={"assigns_writer": data["assigns_writer"]} if is_set else None,
            by=self.actor(request, obj),
            at=clock.now(),
        )

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save members: promotions first, then demotions, then removals, so that an owner is always left."""
        workspace, at = formset.instance, clock.now()
        by = self.actor(request, workspace)
        formset.save(commit=False)
        changed = [membership for membership, _ in formset.changed_objects]
        for membership in sorted(changed, key=lambda row: row.role != Role.OWNER):
            actions.change_role(membership=membership, role=Role(membership.role), by=by, at=at)
        for membership in formset.deleted_objects:
            freed = actions.remove_member(membership=membership, by=by, at=at)
            tell_what_was_unassigned(self, request, freed)

    # --- The identity secret ------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        identity = self.admin_site.admin_view(self.identity_view)
        return [path("<int:pk>/identity/", identity, name="accounts_workspace_identity"), *super().get_urls()]

    def identity_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What the secret is for; a button shows it, another makes a new one."""
        workspace = cast("Workspace | None", self.get_queryset(request).filter(pk=pk).first())
        if workspace is None:
            raise Http404("no such workspace")
        if not self.is_theirs(request, workspace):
            raise PermissionDenied
        is_shown = request.method == "POST" and "show" in request.POST
        by = self.actor(request, workspace)
        try:
            # Seeing the secret takes the same permission as replacing it.
            permit(by, "workspace.rotate_identity_secret")
            if request.method == "POST" and "rotate" in request.POST:
                actions.rotate_identity_secret(workspace=workspace, by=by, at=clock.now())
                self.message_user(
                    request,
                    "New secret created. The previous one stays valid until the next rotation.",
                    messages.SUCCESS,
                )
                return redirect(request.path)
        except DomainError as error:
            raise PermissionDenied(sentence(error)) from error
        context = {
            **self.admin_site.each_context(request),
            "title": "Identity secret",
            "subtitle": str(workspace),
            "opts": self.opts,
            "original": workspace,
            "secret": workspace.identity_secret if is_shown else None,
            "previous": workspace.previous_identity_secret if is_shown else None,
        }
        response = TemplateResponse(request, "admin/accounts/workspace/identity.html", context)
        patch_cache_control(response, no_store=True, private=True)
        return response
