"""What the screens of mailboxes share: which mailbox is meant, and the context of a page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts import clock
from accounts.permissions import may
from conversations.channels.email import trials
from conversations.channels.email.trials import Trial
from conversations.channels.email.wire import oauth
from conversations.models import Mailbox
from conversations.queries import mailboxes
from conversations.screens.settings import frame
from conversations.screens.shell import DeskRequest

PATIENCE = 45  # seconds until a page stops asking: the job has not been run


def found(public_id: UUID) -> Mailbox:
    """The mailbox of that id. Raises Http404."""
    mailbox = mailboxes.with_public_id(public_id)
    if mailbox is None:
        raise Http404("no such mailbox")
    return mailbox


def facts(request: DeskRequest, permission: str = "") -> dict[str, object]:
    """The context of every page about mailboxes; `permission` is what it needs beside reading them."""
    return {
        **frame.facts(request, "mailboxes", permission),
        "may_manage": may(request.actor, "mailbox.manage"),
        "now": clock.now(),
        "providers": oauth.providers(),
    }


def page(request: DeskRequest, template: str, facts: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page with a form that leads to a provider's own: browsers let a form lead where its page says alone."""
    response = render(request, template, facts, status=status)
    origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(one.authorize_url)) for one in oauth.providers()})
    response._csp_config = {**settings.SECURE_CSP, "form-action": ["'self'", *origins]}  # type: ignore[attr-defined]
    return response


def trial(request: DeskRequest) -> tuple[str, Trial | None]:
    """The form that the member has had tested, by its name in the request."""
    name = request.POST.get("trial") or request.GET.get("trial") or ""
    if not name or len(name) > 100:
        return "", None
    return name, trials.read(name, workspace_id=request.workspace.pk, user_id=request.user.pk)


def findings(name: str, trial: Trial | None) -> dict[str, Any]:
    """What a page shows of a test: its findings, that it is going on, or that nobody has run it."""
    if trial is None:
        return {"trial": "", "findings": None, "is_testing": False, "is_overdue": False}
    found = trials.findings(name)
    is_overdue = found is None and clock.now().timestamp() - trial.begun_at > PATIENCE
    return {"trial": name, "findings": found, "is_testing": found is None and not is_overdue, "is_overdue": is_overdue}
