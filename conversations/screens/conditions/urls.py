"""The editor of conditions."""

from __future__ import annotations

from django.urls import path

from conversations.screens.conditions import views

urlpatterns = [path("conditions/<str:subject>", views.edit, name="edit-condition")]
