"""Viewing the workspace as a member."""

from __future__ import annotations

from django.urls import path

from conversations.screens.preview import views

urlpatterns = [
    path("view-as/leave", views.leave, name="leave-preview"),
    path("view-as/<int:membership>", views.view_as, name="view-as"),
]
