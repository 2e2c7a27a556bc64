"""Changes of many conversations at once, what became of each conversation, and how often macros are used: read only."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin
from conversations.models import BulkJob, BulkRow, MacroUse


@admin.register(BulkJob)
class BulkJobAdmin(ReadOnlyAdmin):
    """Changes of many conversations."""

    list_display = ("public_id", "state", "row_count", "created_by", "workspace", "created_at", "finished_at")
    list_filter = (OneWorkspaceFilter, "state")
    list_select_related = ("workspace", "created_by")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(BulkRow)
class BulkRowAdmin(ReadOnlyAdmin):
    """What became of each conversation."""

    list_display = ("conversation", "state", "reason", "job", "workspace")
    list_filter = (OneWorkspaceFilter, "state")
    list_select_related = ("workspace", "conversation", "job")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(MacroUse)
class MacroUseAdmin(ReadOnlyAdmin):
    """How often macros are used, by day."""

    list_display = ("macro", "day", "count", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "macro")
    ordering = ("-pk",)
    sortable_by = ()
