"""The journal in admin: who did what, in words, with links to what it was done to. Nothing here can be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts import journal
from accounts.activity import actor_text, subject_url, summary, with_people
from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin, WorkspaceFilter, among
from accounts.adminsite import reach
from accounts.models import Dispatch, Event, IdempotentRequest, QueuedMail
from accounts.text import whole_number


class JournalFilter(OneWorkspaceFilter):
    """By workspace, and for superusers also what is about the installation."""

    INSTALLATION = "~"  # can be no workspace's slug

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        more = [(self.INSTALLATION, "The installation")] if reach(request).is_superuser else []
        return [*super().lookups(request, model_admin), *more]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == self.INSTALLATION:
            return queryset.filter(workspace=None)
        return super().queryset(request, queryset)


class KindFilter(admin.SimpleListFilter):
    """By kind of event; the choices are the catalogue's, which needs no query."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in sorted(journal.catalogue)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The journal."""

    list_display = ("at", "what", "subject", "who", "kind", "workspace")
    list_filter = (JournalFilter, KindFilter, ("actor_kind", admin.ChoicesFieldListFilter), "at")
    list_select_related = ("workspace",)
    ordering = ("-id",)
    sortable_by = ()  # no index holds another order
    search_fields = ("=subject_id",)
    search_help_text = "The number of a row, such as the id of a conversation"
    fields = ("at", "workspace", "kind", "what", "subject", "who", "data", "caused_by_link", "depth")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_people(super().get_queryset(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(self.fields)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the number of a row of any kind: the index has the kinds before the numbers."""
        if not search_term.strip():
            return queryset, False
        number = whole_number(search_term.strip())
        if number is None:
            return queryset.none(), False
        kinds = {kind.subject for kind in journal.catalogue.values()}
        return queryset.filter(subject_type__in=sorted(kinds), subject_id=number), False

    @admin.display(description="kind", ordering="type")
    def kind(self, event: Event) -> str:
        return event.type

    @admin.display(description="what happened")
    def what(self, event: Event) -> str:
        return summary(event)

    @admin.display(description="to what")
    def subject(self, event: Event) -> str:
        text, url = f"{event.subject_type.replace('_', ' ')} {event.subject_id}", subject_url(event)
        return format_html('<a href="{}">{}</a>', url, text) if url else text

    @admin.display(description="who", ordering="actor_kind")
    def who(self, event: Event) -> str:
        return actor_text(event)

    @admin.display(description="caused by")
    def caused_by_link(self, event: Event) -> str:
        if event.caused_by_id is None:
            return "-"
        url = reverse("admin:accounts_event_change", args=[event.caused_by_id])
        return format_html('<a href="{}">event {}</a>', url, event.caused_by_id)


@admin.register(Dispatch)
class DispatchAdmin(ReadOnlyAdmin):
    """Events that reactions have not handled yet: normally none, many when the worker is down."""

    workspace_path = "event__workspace"
    list_display = ("event_id", "event", "due_at", "attempts", "last_error")
    list_select_related = ("event__workspace",)
    list_filter = (WorkspaceFilter,)
    ordering = ("due_at", "event")

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """No history: the event is its own."""
        return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]


@admin.register(QueuedMail)
class QueuedMailAdmin(ReadOnlyAdmin):
    """Mails that have not been sent yet: normally none, many when the mail server is away."""

    list_display = ("id", "workspace", "kind", "due_at", "attempts", "last_error")
    list_select_related = ("workspace",)
    list_filter = (WorkspaceFilter,)
    ordering = ("due_at", "pk")
    fields = ("workspace", "kind", "about", "due_at", "attempts", "last_error")


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnlyAdmin):
    """Answers that are kept for a day. The bodies are customers' data and are not shown."""

    list_display = ("created_at", "workspace", "method", "path", "status", "api_key", "key")
    list_select_related = ("workspace", "api_key")
    list_filter = (OneWorkspaceFilter, among("method", "POST", "PUT", "PATCH", "DELETE"))
    search_fields = ("=key",)
    search_help_text = "The whole Idempotency-Key"
    ordering = ("-pk",)
    fields = ("created_at", "workspace", "method", "path", "key", "status", "api_key", "user", "identity")
