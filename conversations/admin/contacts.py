"""Customers in admin."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from accounts import clock
from accounts.admin.base import DeskForm, OneWorkspaceFilter, TenantAdmin
from conversations import actions
from conversations.models import Contact
from conversations.models.searched import holding

_EDITABLE = ("external_id", "email", "name", "first_name", "last_name", "company")


class ContactForm(DeskForm):
    """A customer's details."""

    external_id = forms.CharField(
        max_length=400, required=False, help_text="The ID of this customer in your own systems."
    )
    email = forms.EmailField(max_length=254, required=False)

    class Meta:
        model = Contact
        fields = ("workspace", *_EDITABLE)


@admin.register(Contact)
class ContactAdmin(TenantAdmin):
    """The people who write to the desk."""

    may_add = may_change = True
    form = ContactForm
    list_display = ("display_name", "email", "company", "external_id", "is_verified", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter, "is_verified", "created_at")
    list_select_related = ("workspace",)
    search_fields = ("name",)
    search_help_text = "Words from a name, an email address, a company or an external ID"
    ordering = ("-pk",)
    sortable_by = ("external_id",)  # what an index holds
    readonly_fields = (
        "conversations_link", "is_verified", "identity_source", "traits", "public_id", "created_at", "updated_at",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", *_EDITABLE, *(self.readonly_fields if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("workspace", *self.readonly_fields) if obj else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """By the stored tokens: `icontains` would read every row."""
        return queryset.filter(holding(search_term)), False

    @admin.display(description="conversations")
    def conversations_link(self, contact: Contact) -> str:
        url = reverse("admin:conversations_conversation_changelist")
        where = {"in": contact.workspace.slug, "contact__id__exact": contact.pk}
        return format_html('<a href="{}?{}">Show them</a>', url, urlencode(where))

    def add(self, request: HttpRequest, form: forms.ModelForm[Any]) -> Model:
        data = form.cleaned_data
        return actions.identify(
            workspace=data["workspace"],
            external_id=data["external_id"] or None,
            email=data["email"] or None,
            name=data["name"] or None,
            first_name=data["first_name"] or None,
            last_name=data["last_name"] or None,
            company=data["company"] or None,
            identity_source="admin",
            by=self.actor(request, form.instance),
            at=clock.now(),
        )

    def change(self, request: HttpRequest, obj: Contact, form: forms.ModelForm[Any]) -> None:
        values = {name: form.cleaned_data[name] for name in _EDITABLE if name in form.changed_data}
        actions.update_contact(contact=obj, by=self.actor(request, obj), at=clock.now(), **values)
