"""The assistant's page."""

from __future__ import annotations

from django.urls import path

from conversations.screens.assistant import views

urlpatterns = [
    path("assistant", views.assistant, name="assistant"),
]
