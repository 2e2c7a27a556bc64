"""Widgets of live chat: their list, and one each."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.chat import previews, views

urlpatterns = [
    path("", views.listing, name="widgets"),
    path("/add", views.add, name="add-widget"),
    path("/<uuid:public_id>", views.change, name="change-widget"),
    path("/<uuid:public_id>/keys", views.keys, name="widget-keys"),
    path("/<uuid:public_id>/delete", views.delete, name="delete-widget"),
    path("/<uuid:public_id>/preview", previews.page, name="widget-preview"),
    path("/<uuid:public_id>/preview/frame", previews.frame, name="widget-preview-frame"),
]
