"""The workspace's settings. The paths of each channel are in the package of its name."""

from __future__ import annotations

from django.urls import include, path

from conversations.screens.settings import views

urlpatterns = [
    path("settings", views.settings, name="settings"),
    path("settings/forms", include("conversations.screens.settings.forms.urls")),
    path("settings/mailboxes", include("conversations.screens.settings.mailboxes.urls")),
]
