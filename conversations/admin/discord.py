"""Discord in admin: bots without their tokens, threads, messages, members and links. They are changed in the settings and on Discord."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin
from conversations.models import DiscordBot, DiscordLink, DiscordMember, DiscordMessage, DiscordThread


class ShownAdmin(ReadOnlyAdmin):
    """Rows that are only shown, newest first."""

    list_filter: ClassVar[Any] = (OneWorkspaceFilter,)
    list_select_related: ClassVar[Any] = ("workspace",)
    ordering = ("-pk",)
    sortable_by: ClassVar[Any] = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [str(one) for one in self.fields or ()]


@admin.register(DiscordBot)
class DiscordBotAdmin(ShownAdmin):
    """The bot of each workspace."""

    list_display = ("name", "guild_name", "state", "connected_at", "last_event_at", "failure", "workspace")
    fields = (
        "workspace", "name", "user_id", "guild_name", "guild_id", "channels", "private_channel", "team", "state", "api_url", "gateway_url",
        "connected_at", "seen_at", "last_event_at", "failing_since", "failure", "leased_until", "created_at", "updated_at", "public_id",
    )  # fmt: skip


@admin.register(DiscordThread)
class DiscordThreadAdmin(ShownAdmin):
    """Threads with their conversations."""

    list_display = (
        "name",
        "discord_id",
        "conversation",
        "is_private",
        "is_archived",
        "active_at",
        "deleted_at",
        "workspace",
    )
    list_select_related = ("workspace", "conversation")
    fields = (
        "workspace", "name", "discord_id", "parent_id", "owner_id", "conversation", "tags", "is_private", "is_archived", "is_locked",
        "last_message_id", "created_at", "active_at", "deleted_at",
    )  # fmt: skip


@admin.register(DiscordMember)
class DiscordMemberAdmin(ShownAdmin):
    """Members with their contacts."""

    list_display = ("name", "discord_id", "contact", "linked_at", "workspace")
    list_select_related = ("workspace", "contact")
    fields = ("workspace", "name", "discord_id", "contact", "linked_at", "created_at")


@admin.register(DiscordMessage)
class DiscordMessageAdmin(ShownAdmin):
    """Which message there is which here."""

    list_display = ("discord_id", "thread", "is_ours", "part", "edited_at", "deleted_at", "workspace")
    list_select_related = ("workspace", "thread")
    fields = ("workspace", "discord_id", "thread", "message", "is_ours", "part", "edited_at", "deleted_at")


@admin.register(DiscordLink)
class DiscordLinkAdmin(ShownAdmin):
    """Links by which members prove who they are."""

    list_display = ("member", "created_at", "expires_at", "used_at", "mails", "attempts", "workspace")
    list_select_related = ("workspace", "member")
    fields = (
        "workspace",
        "member",
        "thread",
        "email",
        "mails",
        "attempts",
        "code_sent_at",
        "created_at",
        "expires_at",
        "used_at",
    )
