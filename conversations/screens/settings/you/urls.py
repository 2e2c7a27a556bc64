"""A person's own settings."""

from __future__ import annotations

from django.urls import path

from conversations.screens.settings.you import notifications, profile, security

urlpatterns = [
    path("profile", profile.profile, name="profile"),
    path("profile/picture", profile.picture, name="profile-picture"),
    path("security", security.security, name="security"),
    path("security/sessions/end", security.end_sessions, name="end-sessions"),
    path("notifications", notifications.notifications, name="notification-settings"),
]
