"""The workspace's settings. The paths of each part are in the package of its name."""

from __future__ import annotations

from django.urls import include, path

from conversations.screens.settings import views

urlpatterns = [
    path("settings", views.settings, name="settings"),
    path("settings/attributes", include("conversations.screens.settings.attributes.urls")),
    path("settings/chat", include("conversations.screens.settings.chat.urls")),
    path("settings/discord", include("conversations.screens.settings.discord.urls")),
    path("settings/forms", include("conversations.screens.settings.forms.urls")),
    path("settings/hours", include("conversations.screens.settings.hours.urls")),
    path("settings/identity", include("conversations.screens.settings.identity.urls")),
    path("settings/keyboard", include("conversations.screens.settings.keyboard.urls")),
    path("settings/views", include("conversations.screens.settings.saved_views.urls")),
    path("settings/mailboxes", include("conversations.screens.settings.mailboxes.urls")),
]
