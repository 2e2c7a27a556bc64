"""What belongs to customers beside their own row, read only: companies, other addresses, notes, and erasing."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import OneWorkspaceFilter, ReadOnlyAdmin
from conversations.models import Company, ContactAddress, ContactNote, DistinctContacts, Erasure


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    """Companies that customers belong to."""

    list_display = ("name", "domains", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace",)
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(ContactAddress)
class ContactAddressAdmin(ReadOnlyAdmin):
    """Other addresses of customers."""

    list_display = ("value", "kind", "is_verified", "contact", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter, "kind", "is_verified")
    list_select_related = ("workspace", "contact")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(ContactNote)
class ContactNoteAdmin(ReadOnlyAdmin):
    """Notes about customers."""

    list_display = ("__str__", "contact", "author", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "contact", "author")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(DistinctContacts)
class DistinctContactsAdmin(ReadOnlyAdmin):
    """Customers of whom a member said that they are not one person."""

    list_display = ("__str__", "first", "second", "workspace", "created_at")
    list_filter = (OneWorkspaceFilter,)
    list_select_related = ("workspace", "first", "second")
    ordering = ("-pk",)
    sortable_by = ()


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Customers whose data was erased, or is being erased."""

    list_display = ("contact", "state", "requested_by", "workspace", "created_at", "finished_at")
    list_filter = (OneWorkspaceFilter, "state")
    list_select_related = ("workspace", "contact", "requested_by")
    ordering = ("-pk",)
    sortable_by = ()
