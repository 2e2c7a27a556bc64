"""The workspace itself."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.workspace import views

urlpatterns = [
    path("", views.workspace, name="workspace-settings"),
    path("/second-factor", views.second_factor, name="require-second-factor"),
]
