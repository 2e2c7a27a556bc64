"""One mailbox: what can be changed of it, its servers, and whether it is in use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import clock, sealed
from accounts.errors import DomainError
from accounts.permissions import permit
from conversations.channels.email import actions, health, trials, webhook_keys
from conversations.channels.email import servers as stored
from conversations.channels.email.trials import Trial
from conversations.channels.email.wire.providers import known_host
from conversations.models import Inbound, Login, Mailbox, MailboxAddress
from conversations.screens.sentences import sentence
from conversations.screens.settings.mailboxes import forms, place, webhooks
from conversations.screens.shell import DeskRequest, remember, screen


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def mailbox(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Show a mailbox, and change what is not about its servers."""
    permit(request.actor, "mailbox.manage")
    row = place.found(public_id)
    if request.method != "POST":
        remember(request)
        return page(request, row)
    form = forms.MailboxForm(request.POST)
    if not form.is_valid():
        return page(request, row, general=form, status=422)
    try:
        actions.update_mailbox(mailbox=row, by=request.actor, at=clock.now(), **form.values)
    except DomainError as error:
        forms.add_error(form, error)
        return page(request, row, general=form, status=422)
    messages.success(request, _("Saved."))
    return redirect("mailbox", request.workspace.slug, public_id)


@require_POST
@screen
def login(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Change the servers and their logins. A password that is left empty stays."""
    permit(request.actor, "mailbox.manage")
    row = place.found(public_id)
    _name, trial = place.trial(request)
    form = servers_form(row, trial, request.POST)
    if not form.is_valid():
        return page(request, row, servers=form, status=422)
    access = trials.described(form.imap_access(), form.smtp_access())
    trials.keep_passwords(access, (trial.access if trial else None) or {})
    imap, smtp = trials.accesses(access)
    given: dict[str, Any] = {"smtp": smtp} | ({"imap": imap} if imap else {})
    if form.is_signed_in and trial is not None and trial.oauth is not None:
        given |= {"login": trial.login, "oauth": trial.oauth}
    elif row.login != Login.PASSWORD and form.cleaned_data["password"]:
        given |= {"login": Login.PASSWORD}
    try:
        actions.set_login(mailbox=row, by=request.actor, at=clock.now(), **given)
    except DomainError as error:
        forms.add_error(form, error)
        return page(request, row, servers=form, status=422)
    messages.success(request, _("Saved."))
    return redirect("mailbox", request.workspace.slug, public_id)


@require_POST
@screen
def pause(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Stop receiving."""
    return _changed(request, public_id, actions.pause_mailbox, _("Paused. Mail waits on its server until you resume."))


@require_POST
@screen
def resume(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Receive again."""
    return _changed(request, public_id, actions.resume_mailbox, _("Resumed."))


@require_POST
@screen
def make_default(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Send from this mailbox where no other is named."""
    return _changed(request, public_id, actions.make_default, _("This is the default mailbox now."))


@require_POST
@screen
def change_webhook(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Give the provider another address to post mails to."""
    done = _("The webhook has a new address. Enter it at your provider; the one before takes nothing more.")
    return _changed(request, public_id, actions.change_ingress, done)


@require_POST
@screen
def provider_keys(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Set the keys of the webhook's provider. One that is left empty stays, unless it is to be removed."""
    permit(request.actor, "mailbox.manage")
    row = place.found(public_id)
    given = {name: request.POST.get(name, "") for name in webhook_keys.KEYS}
    removed = {name: "" for name in request.POST.getlist("remove") if name in webhook_keys.KEYS}
    keys = {**removed, **{name: value for name, value in given.items() if value.strip()}}
    try:
        actions.set_provider_keys(mailbox=row, keys=keys, by=request.actor, at=clock.now())
    except DomainError as error:
        messages.error(request, f"{webhooks.KEY_TITLES.get(error.field or '', _('Key'))}: {sentence(error)}")
    else:
        messages.success(request, _("Saved."))
    return redirect(f"{reverse('mailbox', args=[request.workspace.slug, public_id])}#webhook")


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def delete(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Ask, then delete a mailbox."""
    permit(request.actor, "mailbox.manage")
    row = place.found(public_id)
    if request.method != "POST":
        return render(
            request, "settings/mailboxes/delete.html", {**place.facts(request, "mailbox.manage"), "mailbox": row}
        )
    actions.delete_mailbox(mailbox=row, by=request.actor, at=clock.now())
    messages.success(request, _("%(name)s was deleted. Its conversations are still here.") % {"name": row.address})
    return redirect("mailboxes", request.workspace.slug)


def servers_form(row: Mailbox, trial: Trial | None, data: QueryDict | None = None) -> forms.ServersForm:
    """The servers of a mailbox: as they were tested last, or as they are stored."""
    initial = {**forms.filled(row), **(trial.fields if trial else {})}
    form = forms.ServersForm(data, initial=initial, address=row.address, inbound=row.inbound)
    has_tokens = row.login != Login.PASSWORD or (trial is not None and trial.oauth is not None)
    form.is_signed_in = has_tokens and not (data and data.get("password"))
    return form


def page(
    request: DeskRequest,
    row: Mailbox,
    *,
    general: forms.MailboxForm | None = None,
    servers: forms.ServersForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a mailbox."""
    name, trial = place.trial(request)
    if trial is not None and trial.mailbox_id != row.pk:
        name, trial = "", None
    aliases = MailboxAddress.objects.filter(mailbox=row).exclude(address=row.address).order_by("address")
    listed = list(aliases.values_list("address", flat=True))
    facts: dict[str, Any] = {
        **place.facts(request, "mailbox.manage"),
        **place.findings(name, trial),
        "mailbox": row,
        "health": health.of_mailbox(row, clock.now()),
        "general": general or forms.MailboxForm(initial=forms.of_mailbox(row, listed)),
        "form": servers or servers_form(row, trial),
        "signed_in_with": trial.login if trial and trial.oauth else row.login if row.login != Login.PASSWORD else "",
        "known": known_host((row.imap or {}).get("host", "")),
        "is_kept": True,
        **_webhook(row),
    }
    return place.page(request, "settings/mailboxes/mailbox.html", facts, status=status)


def _webhook(row: Mailbox) -> dict[str, Any]:
    if row.inbound != Inbound.INGRESS:
        return {}
    facts: dict[str, Any] = {"instructions": webhooks.INSTRUCTIONS, "key_titles": webhooks.KEY_TITLES}
    try:
        held = {name for name in webhook_keys.KEYS if row.secrets.get(name)}
        return {**facts, "webhook": stored.ingress_url(row), "held": held}
    except sealed.Unreadable:
        return {**facts, "webhook": None, "held": set()}


def _changed(request: DeskRequest, public_id: UUID, verb: Callable[..., Mailbox], done: str) -> HttpResponse:
    permit(request.actor, "mailbox.manage")
    row = place.found(public_id)
    try:
        verb(mailbox=row, by=request.actor, at=clock.now())
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(request, done)
    return redirect("mailbox", request.workspace.slug, public_id)
