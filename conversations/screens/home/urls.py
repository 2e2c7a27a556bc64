"""A person's preferences."""

from __future__ import annotations

from django.urls import path

from conversations.screens.home import views

urlpatterns = [
    path("preferences", views.preferences, name="preferences"),
]
