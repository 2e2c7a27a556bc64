"""Drafts and presence in admin, read only: both belong to those who write."""

from __future__ import annotations

from django.contrib import admin
from django.template.defaultfilters import filesizeformat

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin
from conversations.models import Draft, DraftFile, Presence


@admin.register(Draft)
class DraftAdmin(ReadOnlyAdmin):
    """What members have written and not sent."""

    list_display = ("conversation", "user", "kind", "workspace", "updated_at", "discarded_at")
    list_filter = (OneWorkspaceFilter, "kind")
    list_select_related = ("workspace", "conversation", "user")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(DraftFile)
class DraftFileAdmin(ReadOnlyAdmin):
    """Files of drafts."""

    list_display = ("name", "content_type", "length", "draft", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "draft")
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("name", "content_type", "length", "draft", "workspace", "public_id")

    def get_readonly_fields(self, request: object, obj: object = None) -> list[str]:
        return list(self.fields)

    @admin.display(description="size")
    def length(self, file: DraftFile) -> str:
        return filesizeformat(file.size)


@admin.register(Presence)
class PresenceAdmin(ReadOnlyAdmin):
    """Who has a conversation open."""

    list_display = ("conversation", "user", "writes", "seen_at", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "conversation", "user")
    ordering = ("-pk",)
    sortable_by = ()
