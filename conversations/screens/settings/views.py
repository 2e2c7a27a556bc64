"""The first page of the settings: what can be set up."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.permissions import permit
from conversations.screens.settings import frame
from conversations.screens.shell import DeskRequest, remember, screen


@require_GET
@screen
def settings(request: DeskRequest) -> HttpResponse:
    """Everything that can be set up, with what it is for."""
    permit(request.actor, "workspace.read")
    remember(request)
    return render(request, "settings/overview.html", frame.facts(request))
