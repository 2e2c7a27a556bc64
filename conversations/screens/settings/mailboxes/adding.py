"""Adding a mailbox: the address first, then its servers, which are known for many providers."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.errors import DomainError
from accounts.permissions import permit
from conversations.channels.email import actions, trials
from conversations.channels.email.trials import Trial
from conversations.channels.email.wire.providers import known_servers
from conversations.models import Inbound
from conversations.screens.settings.mailboxes import forms, place
from conversations.screens.shell import DeskRequest, screen


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def add(request: DeskRequest) -> HttpResponse:
    """Ask for the address, then for the rest; add the mailbox."""
    permit(request.actor, "mailbox.manage")
    name, trial = place.trial(request)
    if request.method != "POST":
        return page(request, _begun(request, trial), name, trial)
    form = forms.AddForm(request.POST)
    form.is_signed_in = trial is not None and trial.oauth is not None
    if not form.is_valid():
        return page(request, form, name, trial, status=422)
    given = form.cleaned_data
    access = trials.described(form.imap_access(), form.smtp_access())
    trials.keep_passwords(access, (trial.access if trial else None) or {})
    imap, smtp = trials.accesses(access)
    try:
        mailbox = actions.create_mailbox(
            workspace=request.workspace,
            address=given["address"],
            name=given["name"],
            inbound=given["inbound"],
            login=trial.login if trial else "password",
            imap=imap,
            smtp=smtp,
            oauth=trial.oauth if trial else None,
            by=request.actor,
            at=clock.now(),
        )
    except DomainError as error:
        forms.add_error(form, error)
        return page(request, form, name, trial, status=422)
    messages.success(request, _("%(address)s was added.") % {"address": mailbox.address})
    return redirect("mailbox", request.workspace.slug, mailbox.public_id)


def page(
    request: DeskRequest, form: forms.AddForm | None, name: str = "", trial: Trial | None = None, *, status: int = 200
) -> HttpResponse:
    """The page, with the form as far as it has come; without one it asks for the address."""
    address = str(form["address"].value() or "") if form is not None else request.GET.get("address", "")
    facts: dict[str, Any] = {
        **place.facts(request, "mailbox.manage"),
        **place.findings(name, trial),
        "form": form,
        "address": address,
        "known": known_servers(address),
        "signed_in_with": trial.login if trial and trial.oauth else "",
        "is_kept": trial is not None,
        "is_wrong": form is None and bool(address),
    }
    return place.page(request, "settings/mailboxes/add.html", facts, status=status)


def _begun(request: DeskRequest, trial: Trial | None) -> forms.AddForm | None:
    """The form as it was when its connection was tested, or filled with the servers that the address probably has."""
    if trial is not None:
        form = forms.AddForm(initial=trial.fields)
        form.is_signed_in = trial.oauth is not None
        return form
    address = request.GET.get("address", "").strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        return None
    values, _known = forms.guessed(address)
    return forms.AddForm(
        initial={**values, "address": address, "inbound": Inbound.IMAP, "name": request.workspace.name}
    )
