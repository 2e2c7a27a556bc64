"""The assistant's page: its report and its settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import actions as account_actions
from accounts import clock, replica
from accounts.permissions import may, permit
from conversations.assistant import choice as choices
from conversations.assistant.report import report
from conversations.screens.assistant import forms
from conversations.screens.shell import DeskRequest, screen, shell

PERIODS = (7, 30, 90)
"""Days that the page can look back."""


@require_http_methods(["GET", "POST"])
@screen
def assistant(request: DeskRequest) -> HttpResponse:
    """The report for everyone; the settings for those who may change the workspace."""
    permit(request.actor, "conversation.read")
    chosen = choices.choice(request.workspace)
    form = forms.AssistantForm.of(chosen)
    status = 200
    if request.method == "POST":
        permit(request.actor, "workspace.update")
        form = forms.AssistantForm(request.POST)
        if form.is_valid():
            values = replace(chosen, **form.cleaned_data)
            account_actions.update_workspace(
                workspace=request.workspace, settings=values.settings, by=request.actor, at=clock.now()
            )
            messages.success(request, _("Saved."))
            return redirect("assistant", request.workspace.slug)
        status = 422
    return render(request, "assistant/page.html", _facts(request, form, chosen), status=status)


def _facts(request: DeskRequest, form: forms.AssistantForm, chosen: choices.Choice) -> dict[str, Any]:
    given = request.GET.get("days", "")
    days = int(given) if given in map(str, PERIODS) else 30
    return {
        **shell(request, "assistant"),
        "days": days,
        "periods": PERIODS,
        "report": replica.read(lambda: report(request.workspace, days, clock.now())),
        "form": form,
        "chosen": chosen,
        "model": settings.ASSISTANT_MODEL,
        "has_service": bool(settings.ASSISTANT_BASE_URL),
        "may_configure": may(request.actor, "workspace.update"),
    }
