"""Widgets of live chat: listed with their health, made, changed and deleted. Everyone in the workspace can look at them."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.errors import DomainError
from accounts.permissions import may, permit
from conversations.chat import actions
from conversations.chat.health import health
from conversations.models import Widget
from conversations.screens.errors import refuse
from conversations.screens.settings import frame
from conversations.screens.settings.chat import inputs, snippets
from conversations.screens.shell import DeskRequest, remember, screen


@require_safe
@screen
def listing(request: DeskRequest) -> HttpResponse:
    """Every widget, with who reached it today."""
    permit(request.actor, "widget.read")
    remember(request)
    facts = {
        **frame.facts(request, "widgets"),
        "add_url": reverse("add-widget", args=[request.workspace.slug]),
        "found": health(Widget.objects.order_by("name", "pk"), _today()),
        "may_change": may(request.actor, "widget.write"),
    }
    return render(request, "settings/chat/list.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def add(request: DeskRequest) -> HttpResponse:
    """Make a widget."""
    permit(request.actor, "widget.write")
    form = inputs.AddForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_widget(
                workspace=request.workspace,
                name=form.cleaned_data["name"],
                allowed_origins=form.cleaned_data["allowed_origins"].split(),
                by=request.actor,
                at=clock.now(),
            )
        except DomainError as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(name)s is ready.") % {"name": made.name})
            return redirect("change-widget", request.workspace.slug, made.public_id)
    remember(request)
    facts = {**frame.facts(request, "widgets", "widget.write"), "form": form}
    return render(request, "settings/chat/add.html", facts, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def change(request: DeskRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show a widget, and change it."""
    permit(request.actor, "widget.read")
    widget = found(public_id)
    form = inputs.ChangeForm(widget, request.POST if request.method == "POST" else None)
    if request.method == "POST":
        permit(request.actor, "widget.write", widget)
        if form.is_valid():
            try:
                actions.update_widget(widget=widget, by=request.actor, at=clock.now(), **form.values)
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Saved."))
                return redirect("change-widget", request.workspace.slug, widget.public_id)
    remember(request)
    [of_widget] = health(Widget.objects.filter(pk=widget.pk).order_by("pk"), _today())
    facts: dict[str, Any] = {
        **frame.facts(request, "widgets"),
        "widget": widget,
        "form": form,
        "health": of_widget,
        "snippets": snippets.snippets(widget),
        "asked": [f"standard_{name}" for name in inputs.TITLES],
        "presence": inputs.PRESENCE,
        "desk": settings.PUBLIC_URL,
        "may_change": may(request.actor, "widget.write"),
        "may_see_secret": may(request.actor, "workspace.rotate_identity_secret"),
    }
    return render(request, "settings/chat/widget.html", facts, status=422 if form.errors else 200)


@require_POST
@screen
def keys(request: DeskRequest, public_id: uuid.UUID) -> HttpResponse:
    """Add a key in the form of another client."""
    permit(request.actor, "widget.write")
    widget = found(public_id)
    wanted = {name: request.POST.get("add") == name for name in ("woes_key", "posthog_token")}
    actions.add_keys(widget=widget, by=request.actor, at=clock.now(), **wanted)
    return redirect("change-widget", request.workspace.slug, widget.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def delete(request: DeskRequest, public_id: uuid.UUID) -> HttpResponse:
    """Ask, then delete a widget."""
    permit(request.actor, "widget.write")
    widget = found(public_id)
    if request.method != "POST":
        facts = {**frame.facts(request, "widgets", "widget.write"), "widget": widget}
        return render(request, "settings/chat/delete.html", facts)
    actions.delete_widget(widget=widget, by=request.actor, at=clock.now())
    messages.success(request, _("%(name)s was deleted. Its conversations are still here.") % {"name": widget.name})
    return redirect("widgets", request.workspace.slug)


def found(public_id: uuid.UUID) -> Widget:
    """A widget of the workspace. Raises Http404."""
    widget = Widget.objects.select_related("workspace").filter(public_id=public_id).first()
    if widget is None:
        raise Http404("no such widget")
    return widget


def _today() -> datetime:
    """When the day of the workspace began."""
    return timezone.localtime(clock.now()).replace(hour=0, minute=0, second=0, microsecond=0)
