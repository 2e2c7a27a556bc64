"""API keys."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.keys import views

urlpatterns = [
    path("", views.keys, name="api-keys"),
    path("/new", views.add, name="add-api-key"),
    path("/<uuid:public_id>/revoke", views.revoke, name="revoke-api-key"),
]
