"""Tickets in admin: each changed field is one verb, as everywhere else."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from accounts import clock
from accounts.admin.base import (
    AssigneeFilter,
    DeskForm,
    OneWorkspaceFilter,
    ReadOnlyAdmin,
    TenantAdmin,
    WorkspaceFilter,
    sentence,
)
from accounts.errors import DomainError
from tickets import actions, tags
from tickets.models import (
    Attribute,
    BusinessHours,
    Tag,
    Ticket,
    TicketNote,
    TicketNoteVersion,
    TicketNumbers,
    TicketStatus,
)


class TicketForm(DeskForm):
    """A ticket as people edit it."""

    tags = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"size": 60}),
        help_text="Separated by commas. Put a tag that contains a comma in quotes.",
    )
    sla_due_at = forms.SplitDateTimeField(required=False, widget=AdminSplitDateTime, label="Due at")
    snoozed_until = forms.SplitDateTimeField(
        required=False, widget=AdminSplitDateTime, help_text="Puts the ticket on hold. Clear it to reopen the ticket."
    )

    class Meta:
        model = Ticket
        fields = (
            "workspace", "subject", "status", "priority", "assignee", "team", "tags", "escalation_reason", "sla_due_at",
            "snoozed_until",
        )  # fmt: skip
        widgets = {
            "subject": forms.TextInput(attrs={"size": 80}),
            "escalation_reason": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["tags"] = tags.line(self.instance.tags)

    def clean_tags(self) -> list[str]:
        """The tags as a list."""
        return tags.parsed(self.cleaned_data["tags"], self.instance.tags)


@admin.register(Ticket)
class TicketAdmin(TenantAdmin):
    """Work being tracked. The conversations of a ticket are added below it by the layer above."""

    may_add = may_change = may_delete = True
    form = TicketForm
    list_display = (
        "number", "title", "status", "priority", "assignee", "team", "tag_list", "message_count", "sla_due_at",
        "updated_at", "workspace",
    )  # fmt: skip
    list_display_links = ("number", "title")
    list_filter = (OneWorkspaceFilter, "status", "priority", AssigneeFilter, "created_at")
    list_select_related = ("workspace", "assignee", "team")
    search_fields = ("subject", "=number")
    search_help_text = "Subject or number"
    ordering = ("-updated_at", "-pk")
    sortable_by = ("number", "sla_due_at", "updated_at")  # what indexes hold
    autocomplete_fields = ("assignee", "team")
    actions = ("resolve", "reopen")
    readonly_fields = (
        "number", "channel", "message_count", "last_message_at", "unread_team_count", "ai_resolved", "resolved_at",
        "created_at", "updated_at", "public_id",
    )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: Ticket | None = None) -> Any:
        editable = TicketForm.Meta.fields
        if obj is None:
            return ((None, {"fields": [name for name in editable if name != "snoozed_until"]}),)
        return (
            (None, {"fields": ("number", *editable)}),
            ("System fields", {"fields": self.readonly_fields[1:], "classes": ("collapse",)}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Ticket | None = None) -> Any:
        return ("workspace", *self.readonly_fields) if obj else ()

    @admin.display(description="subject", ordering="subject")
    def title(self, ticket: Ticket) -> str:
        return ticket.subject[:80] or "(none)"

    @admin.display(description="tags")
    def tag_list(self, ticket: Ticket) -> str:
        return ", ".join(ticket.tags)

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        return actions.open_ticket(
            workspace=data["workspace"],
            subject=data["subject"],
            status=data["status"],
            priority=data["priority"],
            assignee=data["assignee"],
            team=data["team"],
            tag_names=data["tags"],
            escalation_reason=data["escalation_reason"] or None,
            sla_due_at=data["sla_due_at"],
            by=self.actor(request, form.instance),
            at=clock.now(),
        )

    def change(self, request: HttpRequest, obj: Ticket, form: forms.ModelForm[Any]) -> None:
        data, changed = form.cleaned_data, set(form.changed_data)
        act: dict[str, Any] = {"by": self.actor(request, obj), "at": clock.now()}
        if words := changed & {"subject", "escalation_reason", "sla_due_at"}:
            values = {name: data[name] for name in words}
            if values.get("escalation_reason") == "":
                values["escalation_reason"] = None
            actions.update(ticket=obj, **values, **act)
        if "status" in changed:
            actions.set_status(ticket=obj, status=data["status"], **act)
        if "snoozed_until" in changed:
            actions.snooze(ticket=obj, until=data["snoozed_until"], **act)
        if "priority" in changed:
            actions.set_priority(ticket=obj, priority=data["priority"], **act)
        if changed & {"assignee", "team"}:
            actions.assign(ticket=obj, to=data["assignee"], team=data["team"], **act)
        if "tags" in changed:
            actions.set_tags(ticket=obj, names=data["tags"], **act)

    def remove(self, request: HttpRequest, obj: Ticket) -> None:
        actions.delete(ticket=obj, by=self.actor(request, obj), at=clock.now())

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """What is listed below a ticket is read only."""

    @admin.action(description="Resolve the selected tickets", permissions=["change"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        self._set(request, queryset, TicketStatus.RESOLVED)

    @admin.action(description="Reopen the selected tickets", permissions=["change"])
    def reopen(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        self._set(request, queryset, TicketStatus.OPEN)

    def _set(self, request: HttpRequest, tickets: QuerySet[Ticket], status: TicketStatus) -> None:
        done = 0
        for ticket in tickets:
            try:
                actions.set_status(ticket=ticket, status=status, by=self.actor(request, ticket), at=clock.now())
                done += 1
            except DomainError as error:
                self.message_user(request, f"{ticket}: {sentence(error)}", messages.ERROR)
        self.message_user(request, f"{done} now {status.label.lower()}.", messages.SUCCESS)


@admin.register(Tag)
class TagAdmin(ReadOnlyAdmin):
    """Tags are created when they are first used."""

    list_display = ("name", "colour", "workspace", "created_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace",)
    search_fields = ("name",)
    ordering = ("workspace", "name")

    @admin.display(description="colour", ordering="hue")
    def colour(self, tag: Tag) -> str:
        return format_html('<span class="hue hue-{}"></span> {}°', tag.hue // 10 * 10, tag.hue)


@admin.register(Attribute)
class AttributeAdmin(ReadOnlyAdmin):
    """Custom attributes; the settings change them."""

    list_display = ("name", "key", "subject", "kind", "workspace", "archived_at")
    list_filter = (WorkspaceFilter, "subject", "kind")
    list_select_related = ("workspace",)
    search_fields = ("name", "=key")
    ordering = ("workspace", "subject", "position", "pk")


@admin.register(TicketNoteVersion)
class TicketNoteVersionAdmin(ReadOnlyAdmin):
    """The texts of notes before they were changed."""

    list_display = ("note", "replaced_by", "workspace", "replaced_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "note", "replaced_by")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(TicketNote)
class TicketNoteAdmin(ReadOnlyAdmin):
    """Notes about tickets themselves."""

    list_display = ("__str__", "ticket", "author_name", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "ticket")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(TicketNumbers)
class TicketNumbersAdmin(ReadOnlyAdmin):
    """The exact counts of each workspace."""

    list_display = ("workspace", "last", "new", "open", "pending", "on_hold", "resolved")
    list_select_related = ("workspace",)


@admin.register(BusinessHours)
class BusinessHoursAdmin(ReadOnlyAdmin):
    """When each workspace answers; the settings and `set_hours` change it."""

    list_display = ("workspace", "time_zone", "updated_at")
    list_filter = (WorkspaceFilter,)
    list_select_related = ("workspace",)
    ordering = ("-pk",)
