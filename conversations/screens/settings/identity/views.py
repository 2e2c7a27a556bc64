"""The identity secret: what it is for, the secret itself on request, and a new one. For admins alone."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import actions, clock
from accounts.permissions import permit
from conversations.screens.settings import frame
from conversations.screens.settings.identity import samples
from conversations.screens.shell import DeskRequest, remember, screen


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def identity(request: DeskRequest) -> HttpResponse:
    """How a website proves who its customers are; a button shows the secret."""
    permit(request.actor, "workspace.rotate_identity_secret")
    remember(request)
    facts = {
        **frame.facts(request, "identity"),
        "secrets": request.workspace.identity_secrets if request.method == "POST" else (),
        "has_previous": bool(request.workspace.previous_identity_secret),
        "samples": samples.samples(request.workspace),
        "page_code": samples.PAGE,
    }
    return render(request, "settings/identity/page.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def rotate(request: DeskRequest) -> HttpResponse:
    """Ask, then make a new secret."""
    permit(request.actor, "workspace.rotate_identity_secret")
    if request.method != "POST":
        facts = {
            **frame.facts(request, "identity"),
            "has_previous": bool(request.workspace.previous_identity_secret),
        }
        return render(request, "settings/identity/rotate.html", facts)
    actions.rotate_identity_secret(workspace=request.workspace, by=request.actor, at=clock.now())
    messages.success(request, _("New secret created. The previous one stays valid until the next rotation."))
    return redirect("identity", request.workspace.slug)
