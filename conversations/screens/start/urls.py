"""From an empty workspace to the first reply."""

from __future__ import annotations

from django.urls import path

from conversations.screens.start import views

urlpatterns = [
    path("start", views.start, name="start"),
    path("start/state", views.state, name="start-state"),
    path("start/key", views.create_first_key, name="start-key"),
    path("start/message", views.send_test_message, name="start-message"),
]
