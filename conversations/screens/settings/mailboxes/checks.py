"""Testing a connection: a job asks the servers, and the page asks for its findings until they are there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts import clock, sealed
from accounts.errors import Invalid
from accounts.permissions import permit
from conversations.channels.email import servers, trials
from conversations.channels.email.actions import checking
from conversations.channels.email.trials import Trial
from conversations.models import Mailbox
from conversations.screens.settings.mailboxes import adding, editing, forms, place
from conversations.screens.shell import DeskRequest, is_fragment, screen


@require_POST
@screen
def test_new(request: DeskRequest) -> HttpResponse:
    """Test the servers of a mailbox that is being added."""
    permit(request.actor, "mailbox.manage")
    name, before = place.trial(request)
    form = forms.AddForm(request.POST)
    form.is_signed_in = before is not None and before.oauth is not None
    if not _is_valid(form):
        return _refused(request, form) if is_fragment(request) else adding.page(request, form, name, before, status=422)
    trial = _trial(request, form, before)
    return _begun(request, trial, reverse("add-mailbox", args=[request.workspace.slug]))


@require_POST
@screen
def test_mailbox(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Test the servers of a mailbox as its form has them; a password that is left empty is the stored one."""
    permit(request.actor, "mailbox.manage")
    mailbox = place.found(public_id)
    _, before = place.trial(request)
    form = editing.servers_form(mailbox, before, request.POST)
    if not _is_valid(form):
        return (
            _refused(request, form)
            if is_fragment(request)
            else editing.page(request, mailbox, servers=form, status=422)
        )
    trial = _trial(request, form, before, mailbox)
    return _begun(request, trial, reverse("mailbox", args=[request.workspace.slug, public_id]))


@require_GET
@screen
def findings(request: DeskRequest, name: str) -> HttpResponse:
    """What a test has found so far."""
    permit(request.actor, "mailbox.manage")
    trial = trials.read(name, workspace_id=request.workspace.pk, user_id=request.user.pk)
    if trial is None:
        raise Http404("no such test")
    return _fragment(request, name, trial)


def _is_valid(form: forms.ServersForm) -> bool:
    """Whether the form is complete, and its servers could be saved."""
    if not form.is_valid():
        return False
    try:
        checking.imap(form.imap_access())
        checking.smtp(form.smtp_access())
    except Invalid as error:
        forms.add_error(form, error)
        return False
    return True


def _trial(
    request: DeskRequest, form: forms.ServersForm, before: Trial | None, mailbox: Mailbox | None = None
) -> Trial:
    access = trials.described(form.imap_access(), form.smtp_access())
    trials.keep_passwords(access, (before.access if before else None) or {})
    if mailbox is not None:
        trials.keep_passwords(access, _stored(mailbox))
    return Trial(
        workspace_id=request.workspace.pk,
        user_id=request.user.pk,
        begun_at=clock.now().timestamp(),
        fields={**form.kept(), "address": form.cleaned_data.get("address") or (mailbox.address if mailbox else "")},
        mailbox_id=mailbox.pk if mailbox else None,
        login="password" if not form.is_signed_in else before.login if before else mailbox.login if mailbox else "",
        oauth=before.oauth if before and form.is_signed_in else None,
        access=access,
    )


def _stored(mailbox: Mailbox) -> dict[str, Any]:
    try:
        return trials.described(servers.imap_access(mailbox), servers.smtp_access(mailbox))
    except sealed.Unreadable:
        return {}


def _begun(request: DeskRequest, trial: Trial, page: str) -> HttpResponse:
    name = trials.begin(trial)
    return _fragment(request, name, trial) if is_fragment(request) else redirect(f"{page}?trial={name}#check")


def _fragment(request: DeskRequest, name: str, trial: Trial) -> HttpResponse:
    return render(
        request,
        "settings/mailboxes/check.html",
        {**place.facts(request, "mailbox.manage"), **place.findings(name, trial)},
    )


def _refused(request: DeskRequest, form: forms.ServersForm) -> HttpResponse:
    faults = [
        f"{form.fields[name].label}: {errors[0]}" if name in form.fields else str(errors[0])
        for name, errors in form.errors.items()
    ]
    return render(
        request,
        "settings/mailboxes/check.html",
        {**place.facts(request, "mailbox.manage"), "faults": faults},
        status=422,
    )
