"""Customers and companies. A customer and a company are named by their public ids."""

from __future__ import annotations

from django.urls import path

from conversations.screens.contacts import changes, companies, duplicates, merging, privacy, views

urlpatterns = [
    path("customers", views.customers, name="customers"),
    path("customers/new", changes.new_customer, name="new-customer"),
    path("customers/duplicates", duplicates.listing, name="duplicates"),
    path("customers/<uuid:public_id>", views.customer, name="customer"),
    path("customers/<uuid:public_id>/edit", changes.edit_customer, name="edit-customer"),
    path("customers/<uuid:public_id>/attributes", changes.set_attributes, name="customer-attributes"),
    path("customers/<uuid:public_id>/addresses", changes.add_address, name="add-address"),
    path("customers/<uuid:public_id>/addresses/<int:pk>/remove", changes.remove_address, name="remove-address"),
    path("customers/<uuid:public_id>/ids/remove", changes.remove_id, name="remove-customer-id"),
    path("customers/<uuid:public_id>/notes", changes.add_note, name="add-contact-note"),
    path("customers/<uuid:public_id>/notes/<int:pk>", changes.edit_note, name="edit-contact-note"),
    path("customers/<uuid:public_id>/notes/<int:pk>/delete", changes.delete_note, name="delete-contact-note"),
    path("customers/<uuid:public_id>/block", changes.block, name="block-customer"),
    path("customers/<uuid:public_id>/merge", merging.merge, name="merge-customer"),
    path("customers/<uuid:public_id>/unmerge", merging.undo, name="unmerge-customer"),
    path("customers/<uuid:public_id>/apart", duplicates.mark_distinct, name="mark-distinct"),
    path("customers/<uuid:public_id>/erase", privacy.erase, name="erase-customer"),
    path("customers/<uuid:public_id>/erasure", privacy.state, name="customer-erasure"),
    path("customers/<uuid:public_id>/export", privacy.export_, name="export-customer"),
    path("companies", companies.companies, name="companies"),
    path("companies/new", companies.new_company, name="new-company"),
    path("companies/<uuid:public_id>", companies.company, name="company"),
    path("companies/<uuid:public_id>/edit", companies.edit_company, name="edit-company"),
    path("companies/<uuid:public_id>/attributes", companies.set_attributes, name="company-attributes"),
    path("companies/<uuid:public_id>/merge", companies.merge_company, name="merge-company"),
    path("companies/<uuid:public_id>/unmerge", companies.undo_merge, name="unmerge-company"),
]
