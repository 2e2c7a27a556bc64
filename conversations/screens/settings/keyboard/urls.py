"""A person's own keys: one page."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.keyboard import views

urlpatterns = [path("", views.keyboard, name="keyboard")]
