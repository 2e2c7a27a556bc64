"""The identity secret: shown, and replaced after a question."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.identity import views

urlpatterns = [
    path("", views.identity, name="identity"),
    path("/rotate", views.rotate, name="rotate-identity"),
]
