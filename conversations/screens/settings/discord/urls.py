"""The paths of the Discord bot."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.discord import views

urlpatterns = [
    path("", views.discord, name="discord"),
    path("/test", views.test, name="test-discord"),
    path("/tests/<str:name>", views.findings, name="discord-test"),
    path("/connect", views.connect, name="connect-discord"),
    path("/pause", views.pause, name="pause-discord"),
    path("/resume", views.resume, name="resume-discord"),
    path("/remove", views.remove, name="remove-discord"),
]
