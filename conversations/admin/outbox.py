"""The outbox in admin: replies on their way, scheduled and failed, with the reason. They are changed in the inbox."""

from __future__ import annotations

from django.contrib import admin
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin
from conversations.models import Delivery, DeliveryFile


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Replies that a channel takes to customers, newest first."""

    list_display = ("created_at", "state", "channel", "thread", "writer", "attempts", "reason", "workspace")
    list_filter = (OneWorkspaceFilter, "state", "channel")
    list_select_related = ("workspace", "conversation", "writer")
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        "workspace", "thread", "state", "channel", "writer", "body", "then", "send_after", "held_at", "due_at", "attempts",
        "handed_at", "channel_message_id", "code", "reason", "created_at", "settled_at", "public_id",
    )  # fmt: skip

    def get_readonly_fields(self, request: object, obj: object = None) -> list[str]:
        return list(self.fields)

    @admin.display(description="conversation")
    def thread(self, delivery: Delivery) -> str:
        return _link(delivery)


@admin.register(DeliveryFile)
class DeliveryFileAdmin(ReadOnlyAdmin):
    """Files of replies that have not left."""

    list_display = ("name", "content_type", "length", "thread", "workspace")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "delivery__conversation")
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("name", "content_type", "length", "thread", "workspace", "public_id")

    def get_readonly_fields(self, request: object, obj: object = None) -> list[str]:
        return list(self.fields)

    @admin.display(description="size")
    def length(self, file: DeliveryFile) -> str:
        return filesizeformat(file.size)

    @admin.display(description="conversation")
    def thread(self, file: DeliveryFile) -> str:
        return _link(file.delivery)


def _link(delivery: Delivery) -> str:
    url = reverse("admin:conversations_conversation_change", args=[delivery.conversation_id])
    return format_html('<a href="{}">#{}</a>', url, delivery.conversation.number)
