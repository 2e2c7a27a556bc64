"""Business hours: one page."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.hours import views

urlpatterns = [path("", views.hours, name="hours")]
