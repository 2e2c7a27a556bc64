"""Rows of conversations that admin only shows: messages, files, channels and counts."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin, TabularInline, among
from accounts.adminsite import reach
from conversations.api.downloads import sent
from conversations.models import Attachment, Channel, Conversation, EntryPoint, Message, Tally
from conversations.models.searched import holding
from tickets.admin import TicketAdmin


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Every entry of every thread; entries are added on the conversation's own page."""

    list_display = (
        "created_at",
        "thread",
        "kind",
        "sender_kind",
        "sender",
        "beginning",
        "delivery_status",
        "workspace",
    )
    list_display_links = ("beginning",)
    list_filter = (OneWorkspaceFilter, "kind", "sender_kind", "delivery_status")
    list_select_related = ("workspace", "conversation")
    search_fields = ("body",)
    search_help_text = "Words of the message"
    ordering = ("-pk",)
    sortable_by = ()
    fields = (
        "workspace", "thread", "kind", "body", "sender_kind", "sender_user", "sender_contact", "sender_name",
        "sender_email", "sender_reference", "entry_point", "delivery_status", "metadata", "created_at", "public_id",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "thread"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return queryset.filter(holding(search_term)), False

    @admin.display(description="conversation")
    def thread(self, message: Message) -> str:
        url = reverse("admin:conversations_conversation_change", args=[message.conversation_id])
        return format_html('<a href="{}">#{}</a>', url, message.conversation.number)

    @admin.display(description="sender")
    def sender(self, message: Message) -> str:
        return message.sender_name or message.sender_email or message.sender_kind

    @admin.display(description="message")
    def beginning(self, message: Message) -> str:
        return " ".join((message.body or f"({message.get_kind_display()})")[:200].split())[:90]


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin):
    """Files that came with messages, and their download."""

    list_display = ("name", "content_type", "length", "thread", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "message__conversation")
    search_fields = ("name",)
    ordering = ("-message", "-pk")
    sortable_by = ()
    fields = ("name", "content_type", "length", "thread", "download", "workspace", "public_id", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)

    @admin.display(description="size", ordering="size")
    def length(self, attachment: Attachment) -> str:
        return filesizeformat(attachment.size)

    @admin.display(description="conversation")
    def thread(self, attachment: Attachment) -> str:
        conversation = attachment.message.conversation
        url = reverse("admin:conversations_conversation_change", args=[conversation.pk])
        return format_html('<a href="{}">#{}</a>', url, conversation.number)

    @admin.display(description="file")
    def download(self, attachment: Attachment) -> str:
        url = reverse("admin:conversations_attachment_download", args=[attachment.pk])
        return format_html('<a href="{}">Download</a>', url)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.download_view)
        name = "conversations_attachment_download"
        return [path("<int:pk>/download/", view, name=name), *super().get_urls()]

    def download_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file, always as a download: a customer's file is never shown as a page of the desk."""
        attachment = cast("Attachment | None", self.get_queryset(request).filter(pk=pk).first())
        if attachment is None:
            raise Http404("no such file")
        return sent(attachment, content_type="application/octet-stream", as_attachment=True)


@admin.register(EntryPoint)
class EntryPointAdmin(ReadOnlyAdmin):
    """The channels that conversations have used."""

    list_display = ("conversation", "channel", "adapter", "is_entry_point", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter, "channel", "is_entry_point")
    list_select_related = ("workspace", "conversation")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(Tally)
class TallyAdmin(ReadOnlyAdmin):
    """The exact counts of each workspace."""

    list_display = ("workspace", "last_number", "open", "pending", "resolved", "closed")
    list_select_related = ("workspace",)


class LinkedConversations(TabularInline):
    """The conversations of a ticket, on its page."""

    model = Conversation
    extra = 0
    can_delete = False
    fields = ("link", "contact", "status", "assignee", "last_message_at")
    readonly_fields = fields
    verbose_name_plural = "conversations"
    ordering = ("pk",)

    @admin.display(description="conversation")
    def link(self, conversation: Conversation) -> str:
        url = reverse("admin:conversations_conversation_change", args=[conversation.pk])
        return format_html('<a href="{}">{}</a>', url, str(conversation))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return reach(request).limit(super().get_queryset(request).select_related("contact", "assignee"), "workspace")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return reach(request).may_open

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_add_permission


# Tickets know nothing of conversations; the layer above adds them to the page.
TicketAdmin.inlines = (LinkedConversations,)
TicketAdmin.list_filter += (among("channel", *Channel.values),)  # type: ignore[assignment]
