"""A page like a customer's website, which shows the real widget in a frame of the settings, with what is not saved yet."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import permit
from conversations.channels.chat import pages
from conversations.models import Widget
from conversations.screens.settings.chat.inputs import ChangeForm
from conversations.screens.settings.chat.views import found
from conversations.screens.shell import DeskRequest, screen

SHOWN = (
    "title",
    "greeting",
    "offline_message",
    "color",
    "language",
    "accepts_files",
    "assistant_first",
    "follows_hours",
)


@require_safe
@screen
def page(request: DeskRequest, public_id: uuid.UUID) -> HttpResponse:
    """The website with the widget. Only the desk itself can frame it."""
    permit(request.actor, "widget.read")
    widget = found(public_id)
    facts = {
        "widget": widget,
        "script": reverse("chat-loader"),
        "frame_url": reverse("widget-preview-frame", args=[request.workspace.slug, public_id]),
    }
    response = render(request, "settings/chat/preview.html", facts)
    response._csp_config = {**settings.SECURE_CSP, "frame-ancestors": ["'self'"]}  # type: ignore[attr-defined]
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def frame(request: DeskRequest, public_id: uuid.UUID) -> HttpResponse:
    """The page in the widget's frame, with what is typed in the form of the settings. Nothing is saved."""
    permit(request.actor, "widget.read")
    widget = found(public_id)
    if request.method == "POST":
        _show(widget, ChangeForm(widget, request.POST))
    return pages.frame(request, widget)


def _show(widget: Widget, form: ChangeForm) -> None:
    """Give the row what can be kept of what is typed; the rest stays as it is stored."""
    form.full_clean()
    for name in SHOWN:
        if name in form.cleaned_data:
            setattr(widget, name, form.cleaned_data[name])
    asked = {name: form.cleaned_data.get(f"standard_{name}") for name in ("name", "email")}
    widget.standard = {name: mode for name, mode in asked.items() if mode}
