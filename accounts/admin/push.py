"""Web Push in admin, read only: the browsers and the desk's key for superusers, and what waits to be sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.admin.base import ReadOnlyAdmin, WorkspaceFilter
from accounts.adminsite import reach
from accounts.models import PushKey, PushSubscription, QueuedPush


class _OfTheInstallation(ReadOnlyAdmin):
    """Rows of no workspace, which only superusers see."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model._default_manager.all()
        return rows if reach(request).is_superuser else rows.none()

    def workspace_id_of(self, obj: Model) -> int | None:
        return None


@admin.register(PushKey)
class PushKeyAdmin(_OfTheInstallation):
    """The key that browsers know the desk by."""

    list_display = ("public", "created_at")
    fields = ("public", "created_at")
    ordering = ("pk",)
    sortable_by = ()


@admin.register(PushSubscription)
class PushSubscriptionAdmin(_OfTheInstallation):
    """Browsers in which people have switched notifications on."""

    list_display = ("user", "browser", "created_at", "failure", "failing_since")
    fields = ("user", "browser", "created_at", "failure", "failing_since", "failure_count", "retry_at")
    list_select_related = ("user",)
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(QueuedPush)
class QueuedPushAdmin(ReadOnlyAdmin):
    """Push messages that are still to be sent."""

    list_display = ("kind", "workspace", "due_at", "attempts")
    fields = ("kind", "about", "workspace", "due_at", "attempts")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace",)
    ordering = ("-pk",)
    sortable_by = ()
