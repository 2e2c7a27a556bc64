"""Signing in for a mailbox at its provider (OAuth 2 with PKCE): the person goes there, comes back, and a job gets the tokens.

The provider knows one address of this desk to come back to, whatever the workspace: `returned`. It hands on to the workspace
that the session remembers, where a page shows whether the login works before anything is saved.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import clock
from accounts.errors import Invalid
from accounts.permissions import permit
from conversations.channels.email import trials
from conversations.channels.email.actions import checking
from conversations.channels.email.trials import Trial
from conversations.channels.email.wire import oauth
from conversations.models import Inbound, Mailbox
from conversations.screens.settings.mailboxes import forms, place
from conversations.screens.shell import DeskRequest, screen

SESSION = "mailbox_sign_in"
"""What a sign-in that has begun needs when the person comes back."""


@require_POST
@screen
def begin_new(request: DeskRequest, provider: str) -> HttpResponse:
    """Go to the provider, for a mailbox that is being added."""
    permit(request.actor, "mailbox.manage")
    try:
        address = checking.address(request.POST.get("address", ""))
    except Invalid:
        messages.error(request, _("Enter the address first."))
        return redirect("add-mailbox", request.workspace.slug)
    fields = {"address": address, "name": request.POST.get("name", "")[:200], "inbound": Inbound.IMAP}
    return _begin(request, provider, address, fields, None)


@require_POST
@screen
def begin(request: DeskRequest, public_id: UUID, provider: str) -> HttpResponse:
    """Go to the provider, for a mailbox that exists."""
    permit(request.actor, "mailbox.manage")
    mailbox = place.found(public_id)
    return _begin(request, provider, mailbox.address, {}, mailbox)


@never_cache
@require_GET
def returned(request: HttpRequest) -> HttpResponse:
    """Where providers send people back to: on to the workspace in which they began."""
    kept = request.session.get(SESSION)
    if not kept:
        raise Http404("no sign-in has begun here")
    target = reverse("mailbox-signed-in", args=[kept["workspace"]])
    return HttpResponseRedirect(f"{target}?{request.GET.urlencode()}")


@require_GET
@screen
def signed_in(request: DeskRequest) -> HttpResponse:
    """Have the provider's code exchanged for tokens, and show whether the login works."""
    permit(request.actor, "mailbox.manage")
    kept: dict[str, Any] = request.session.pop(SESSION, None) or {}
    is_ours = kept.get("workspace") == request.workspace.slug
    if not is_ours or not oauth.is_state(kept.get("state", ""), request.GET.get("state", "")):
        messages.error(request, _("This sign-in is not valid any more. Begin again."))
        return redirect("mailboxes", request.workspace.slug)
    mailbox = place.found(UUID(kept["mailbox"])) if kept["mailbox"] else None
    back = _page(request, mailbox)
    code = request.GET.get("code", "")
    if not code:
        messages.error(request, _("The provider did not let you sign in."))
        return redirect(back)
    address = mailbox.address if mailbox else kept["fields"]["address"]
    fields = {**_servers(kept["provider"], address, mailbox), **kept["fields"]}
    form = forms.AddForm({**fields, "address": address, "inbound": Inbound.IMAP})
    form.is_signed_in = True
    if not form.is_valid():
        messages.error(request, _("The servers of this provider are not known."))
        return redirect(back)
    trial = Trial(
        workspace_id=request.workspace.pk,
        user_id=request.user.pk,
        begun_at=clock.now().timestamp(),
        fields={**fields, "address": address},
        mailbox_id=mailbox.pk if mailbox else None,
        login=kept["provider"],
        sign_in={"code": code, "verifier": kept["verifier"], "redirect_uri": redirect_uri()},
        access=trials.described(form.imap_access(), form.smtp_access()),
    )
    return redirect(f"{back}?trial={trials.begin(trial)}#check")


def redirect_uri() -> str:
    """The address that has to be registered at the provider."""
    return f"{settings.PUBLIC_URL}{reverse('mailbox-sign-in-returned')}"


def _begin(
    request: DeskRequest, name: str, address: str, fields: dict[str, Any], mailbox: Mailbox | None
) -> HttpResponse:
    try:
        provider = oauth.provider(name)
    except Invalid as error:
        raise Http404("no such provider") from error
    begun = oauth.begin(provider, redirect_uri=redirect_uri(), address=address)
    request.session[SESSION] = {
        "workspace": request.workspace.slug,
        "provider": provider.name,
        "state": begun.state,
        "verifier": begun.verifier,
        "fields": fields,
        "mailbox": str(mailbox.public_id) if mailbox else "",
    }
    return HttpResponseRedirect(begun.url)


def _servers(provider: str, address: str, mailbox: Mailbox | None) -> dict[str, Any]:
    """The provider's own servers; the folder stays as it was chosen."""
    values = forms.of_provider(provider, address)
    if mailbox is not None and mailbox.imap:
        values["imap_folder"] = mailbox.imap.get("folder") or "INBOX"
    return values


def _page(request: DeskRequest, mailbox: Mailbox | None) -> str:
    if mailbox is None:
        return reverse("add-mailbox", args=[request.workspace.slug])
    return reverse("mailbox", args=[request.workspace.slug, mailbox.public_id])
