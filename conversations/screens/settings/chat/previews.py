"""A page like a customer's website, which shows the real widget in a frame of the settings."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import permit
from conversations.screens.settings.chat.views import found
from conversations.screens.shell import DeskRequest, screen


@require_safe
@screen
def page(request: DeskRequest, public_id: uuid.UUID) -> HttpResponse:
    """The website with the widget. Only the desk itself can frame it."""
    permit(request.actor, "widget.read")
    response = render(request, "settings/chat/preview.html", {"widget": found(public_id), "script": "/widget.js"})
    response._csp_config = {**settings.SECURE_CSP, "frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
