"""The agents' screens, under `/w/<workspace>/`: the paths of each section. No trailing slashes: nothing redirects to one."""

from __future__ import annotations

from django.urls import include, path
from django.views.generic import RedirectView

from conversations.screens.sections import NAMES

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="inbox"), name="workspace"),
    *(path("", include(f"{__package__}.{name}.urls")) for name in NAMES),
]
