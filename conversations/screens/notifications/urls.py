"""The bell, and Web Push in this browser."""

from __future__ import annotations

from django.urls import path

from conversations.screens.notifications import browsers, views

urlpatterns = [
    path("notifications", views.notifications, name="notifications"),
    path("notifications/here", views.here, name="notifications-here"),
    path("notifications/read", views.mark_read, name="notifications-read"),
    path("notifications/<int:notification>/open", views.open_one, name="notification-open"),
    path("notifications/browser", browsers.browser, name="push-browser"),
    path("notifications/browser/remove", browsers.remove, name="push-remove"),
]
