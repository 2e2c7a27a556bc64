"""The workspace's settings. The paths of each part are in the package of its name."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from conversations.screens.settings import views

urlpatterns = [
    path("settings", views.settings, name="settings"),
    path("settings/attributes", include("conversations.screens.settings.attributes.urls")),
    path("settings/", include("conversations.screens.settings.you.urls")),
    path("settings/audit", include("conversations.screens.settings.audit.urls")),
    path("settings/keys", include("conversations.screens.settings.keys.urls")),
    path("settings/members", include("conversations.screens.settings.members.urls")),
    path("settings/tags", include("conversations.screens.settings.tags.urls")),
    path("settings/teams", include("conversations.screens.settings.teams.urls")),
    path("settings/workspace", include("conversations.screens.settings.workspace.urls")),
    # Where the members were before.
    path("people", RedirectView.as_view(pattern_name="people"), name="people-before"),
    path("settings/chat", include("conversations.screens.settings.chat.urls")),
    path("settings/discord", include("conversations.screens.settings.discord.urls")),
    path("settings/forms", include("conversations.screens.settings.forms.urls")),
    path("settings/hours", include("conversations.screens.settings.hours.urls")),
    path("settings/identity", include("conversations.screens.settings.identity.urls")),
    path("settings/keyboard", include("conversations.screens.settings.keyboard.urls")),
    path("settings/views", include("conversations.screens.settings.saved_views.urls")),
    path("settings/mailboxes", include("conversations.screens.settings.mailboxes.urls")),
]
