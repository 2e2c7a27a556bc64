"""The knowledge base in admin."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import ReadOnlyAdmin, WorkspaceFilter
from conversations.models import Article, Macro


@admin.register(Article)
class ArticleAdmin(ReadOnlyAdmin):
    """What the desk knows."""

    list_display = ("title", "visibility", "published_at", "workspace", "updated_at")
    list_filter = (WorkspaceFilter, "visibility")
    list_select_related = ("workspace",)
    search_fields = ("title",)
    ordering = ("-pk",)


@admin.register(Macro)
class MacroAdmin(ReadOnlyAdmin):
    """Answers kept at hand."""

    list_display = ("name", "workspace", "updated_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace",)
    search_fields = ("name",)
    ordering = ("-pk",)
