"""Hosted forms, what became of what was sent with them, and callbacks in admin: looked at; the settings change them."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin, WorkspaceFilter
from conversations.models import CallbackRequest, Form, FormCount


@admin.register(Form)
class FormAdmin(ReadOnlyAdmin):
    """Hosted forms."""

    list_display = ("name", "kind", "language", "is_active", "path", "workspace", "updated_at")
    list_filter = (WorkspaceFilter, "kind", "is_active")
    list_select_related = ("workspace",)
    search_fields = ("name", "=key")
    ordering = ("-pk",)


@admin.register(FormCount)
class FormCountAdmin(ReadOnlyAdmin):
    """What became of what was sent."""

    list_display = ("form", "day", "outcome", "count", "last_at", "workspace")
    list_filter = (WorkspaceFilter, "outcome")
    list_select_related = ("workspace", "form")
    ordering = ("-day", "-pk")


@admin.register(CallbackRequest)
class CallbackRequestAdmin(ReadOnlyAdmin):
    """Calls that customers asked for."""

    list_display = ("phone_typed", "phone", "due_at", "done_at", "done_by", "conversation", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "conversation", "done_by")
    search_fields = ("=phone", "=phone_typed")
    ordering = ("-due_at", "-pk")
