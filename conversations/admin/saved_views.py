"""Saved views in admin: renamed, shown or hidden, and deleted by owners and admins, also after their creator has left."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts import clock
from accounts.admin.base import DeskForm, ReadOnlyAdmin, TenantAdmin, WorkspaceFilter
from conversations import actions
from conversations.models import SavedView, SavedViewFavorite


class SavedViewForm(DeskForm):
    """Its name, and who finds it; clients of the API set the filters."""

    name = forms.CharField(max_length=400, widget=forms.TextInput(attrs={"size": 60}))

    class Meta:
        model = SavedView
        fields = ("name", "visibility")


@admin.register(SavedView)
class SavedViewAdmin(TenantAdmin):
    """Filters under a name."""

    may_change = may_delete = True
    form = SavedViewForm
    list_display = ("name", "visibility", "created_by", "created_by_key", "short_id", "workspace", "updated_at")
    list_filter = (WorkspaceFilter, "visibility")
    list_select_related = ("workspace", "created_by", "created_by_key")
    search_fields = ("name", "=short_id")
    ordering = ("-created_at", "-pk")
    readonly_fields = (
        "workspace", "filters", "created_by", "created_by_key", "short_id", "public_id", "created_at", "updated_at",
    )  # fmt: skip
    fields = ("name", "visibility", *readonly_fields)

    def change(self, request: HttpRequest, obj: SavedView, form: forms.ModelForm[Any]) -> None:
        data = form.cleaned_data
        actions.update_view(
            view=obj, name=data["name"], visibility=data["visibility"], by=self.actor(request, obj), at=clock.now()
        )

    def remove(self, request: HttpRequest, obj: SavedView) -> None:
        actions.delete_view(view=obj, by=self.actor(request, obj), at=clock.now())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Favourites of a view are deleted with it, without a permission of their own."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        needed.discard(str(SavedViewFavorite._meta.verbose_name))
        return deleted, counts, needed, protected


@admin.register(SavedViewFavorite)
class SavedViewFavoriteAdmin(ReadOnlyAdmin):
    """Favourites."""

    list_display = ("view", "user", "api_key", "workspace", "created_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace", "view", "user", "api_key")
    ordering = ("-pk",)
