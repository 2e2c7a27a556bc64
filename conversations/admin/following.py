"""Who follows conversations, who was mentioned in them, and the earlier texts of notes, read only."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin
from conversations.models import Follower, Mention, MessageVersion


@admin.register(Follower)
class FollowerAdmin(ReadOnlyAdmin):
    """Members who are notified of what happens in a conversation."""

    list_display = ("conversation", "user", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "conversation", "user")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(Mention)
class MentionAdmin(ReadOnlyAdmin):
    """Members who were mentioned in notes."""

    list_display = ("conversation", "user", "workspace", "created_at", "seen_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "conversation", "user")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(MessageVersion)
class MessageVersionAdmin(ReadOnlyAdmin):
    """The texts of notes before they were changed."""

    list_display = ("message", "replaced_by", "workspace", "replaced_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "message", "replaced_by")
    ordering = ("-pk",)
    sortable_by = ()
