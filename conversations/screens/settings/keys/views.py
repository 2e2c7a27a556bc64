"""API keys, for owners and admins."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods

from accounts import actions, clock, permissions
from accounts.errors import DomainError
from accounts.models import ApiKey, KeyKind
from accounts.permissions import permit
from conversations.screens.sentences import sentence
from conversations.screens.settings import frame
from conversations.screens.settings.keys.forms import KeyForm
from conversations.screens.shell import DeskRequest, remember, screen

SHOWN = 200
"""Of each kind, working and ended, the newest."""


@require_GET
@screen
def keys(request: DeskRequest) -> HttpResponse:
    """The keys that work, and those that are revoked or expired."""
    permit(request.actor, "api_key.create")
    rows = ApiKey.objects.select_related("created_by").order_by("-created_at", "-pk")
    at = clock.now()
    found = list(rows[: 2 * SHOWN])
    working = [key for key in found if key.revoked_at is None and not key.is_expired(at)]
    remember(request)
    facts = {
        **frame.facts(request, "api-keys"),
        "working": working[:SHOWN],
        "ended": [key for key in found if key not in working][:SHOWN],
        "now": at,
    }
    return render(request, "settings/keys/list.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
@sensitive_variables("secret")
def add(request: DeskRequest) -> HttpResponse:
    """Create a key; its secret is on the page that answers, and nowhere else."""
    permit(request.actor, "api_key.create")
    form, status = KeyForm(request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        if form.is_valid():
            given = form.cleaned_data
            try:
                key, secret = actions.create_key(
                    workspace=request.workspace,
                    public_id=given["form_id"],
                    name=given["name"],
                    kind=KeyKind(given["kind"]),
                    scopes=given["scopes"],
                    expires_at=form.expires_at,
                    allowed_origins=form.lines("allowed_origins"),
                    allowed_bundle_ids=form.lines("allowed_bundle_ids"),
                    unverified_identity=given["unverified_identity"],
                    by=request.actor,
                    at=clock.now(),
                )
            except DomainError as error:
                field = "expires_on" if error.field == "expires_at" else error.field
                form.add_error(field if field in form.fields else None, sentence(error))
            else:
                facts = {**frame.facts(request, "api-keys"), "key": key, "secret": secret}
                return render(request, "settings/keys/created.html", facts)
        status = 422
    facts = {
        **frame.facts(request, "api-keys"),
        "form": form,
        "scopes": [(scope, _(about)) for scope, about in permissions.scopes().items()],
        "client_scopes": permissions.client_scopes(),
        "chosen": set(form["scopes"].value() or ()),
    }
    return render(request, "settings/keys/add.html", facts, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def revoke(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Ask, and stop a key from working for good."""
    permit(request.actor, "api_key.revoke")
    key = ApiKey.objects.filter(public_id=public_id).first()
    if key is None:
        raise Http404("no such key")
    if request.method != "POST":
        return render(request, "settings/keys/revoke.html", {**frame.facts(request, "api-keys"), "key": key})
    try:
        actions.revoke_key(key=key, by=request.actor, at=clock.now())
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, _("The key %(name)s was revoked.") % {"name": key.name})
    return redirect("api-keys", request.workspace.slug)
