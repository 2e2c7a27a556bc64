"""What members are notified of, read only."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin
from conversations.models import Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    """What members were notified of, and whether they have read it."""

    list_display = ("kind", "user", "conversation", "mailbox", "job", "ticket", "at", "read_at", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "user", "conversation", "mailbox", "job", "ticket")
    ordering = ("-pk",)
    sortable_by = ()
