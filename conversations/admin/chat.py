"""Live chat in admin: its widgets and the sessions of their visitors, looked at; the settings change them."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin, WorkspaceFilter
from conversations.models import ChatRestore, ChatSession, Widget


@admin.register(Widget)
class WidgetAdmin(ReadOnlyAdmin):
    """Widgets of live chat."""

    list_display = (
        "name",
        "key",
        "language",
        "is_active",
        "follows_hours",
        "assistant_first",
        "workspace",
        "updated_at",
    )
    list_filter = (WorkspaceFilter, "is_active")
    list_select_related = ("workspace",)
    search_fields = ("name", "=key", "=woes_key", "=posthog_token")
    ordering = ("-pk",)


@admin.register(ChatSession)
class ChatSessionAdmin(ReadOnlyAdmin):
    """Visitors' sessions; of their tokens only the digest is kept, and it is not shown."""

    list_display = (
        "contact",
        "widget",
        "is_verified",
        "language",
        "created_at",
        "last_seen_at",
        "ended_at",
        "workspace",
    )
    list_filter = (OneWorkspaceFilter, "is_verified")
    list_select_related = ("workspace", "contact", "widget")
    ordering = ("-pk",)
    exclude = ("token_hash",)


@admin.register(ChatRestore)
class ChatRestoreAdmin(ReadOnlyAdmin):
    """Links by mail to earlier conversations; of their tokens only the digest is kept, and it is not shown."""

    list_display = ("email", "widget", "created_at", "expires_at", "used_at", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "widget")
    search_fields = ("=email",)
    ordering = ("-pk",)
    exclude = ("token_hash",)
