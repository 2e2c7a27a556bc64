"""The agents' screens, under `/w/<workspace>/`, one line a section. No trailing slashes: nothing redirects to one."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="inbox"), name="workspace"),
    path("", include("conversations.screens.inbox.urls")),
    path("", include("conversations.screens.knowledge.urls")),
    path("", include("conversations.screens.assistant.urls")),
    path("", include("conversations.screens.people.urls")),
    path("", include("conversations.screens.start.urls")),
    path("", include("conversations.screens.home.urls")),
]
