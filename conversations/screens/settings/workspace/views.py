"""The workspace's own settings: read by everyone, changed by owners and admins."""

from __future__ import annotations

from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions, clock, queries
from accounts.errors import DomainError
from accounts.models import Workspace
from accounts.permissions import may, permit
from conversations.screens.errors import refuse
from conversations.screens.sentences import sentence
from conversations.screens.settings import frame
from conversations.screens.shell import DeskRequest, remember, screen

SETTINGS = {
    "assigns_writer": True,
    "assigns_on_typing": False,
    "releases_resolved": False,
    "returns_to_last": True,
    "push_shows_text": True,
}
"""The switches that are kept in `Workspace.settings` under the name of their field, with what holds until one is set."""


class WorkspaceForm(forms.Form):
    """Name, time zone and switches."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"))
    assigns_writer = forms.BooleanField(
        label=gettext_lazy("A reply assigns an unassigned conversation to its writer"), required=False
    )
    assigns_on_typing = forms.BooleanField(label=gettext_lazy("Beginning to write does so already"), required=False)
    releases_resolved = forms.BooleanField(
        label=gettext_lazy("Resolving or closing unassigns the conversation"), required=False
    )
    returns_to_last = forms.BooleanField(
        label=gettext_lazy("One that is reopened goes back to who had it"), required=False
    )
    push_shows_text = forms.BooleanField(
        label=gettext_lazy("Notifications of the browser quote what customers write"), required=False
    )

    def __init__(self, workspace: Workspace, data: QueryDict | None = None) -> None:
        kept = {name: bool(workspace.settings.get(name, default)) for name, default in SETTINGS.items()}
        initial = {"name": workspace.name, "time_zone": workspace.time_zone, **kept}
        super().__init__(data, initial=initial)
        self.zones = [(zone, zone.replace("_", " ")) for zone in sorted({*available_timezones(), workspace.time_zone})]
        self.fields["time_zone"].choices = self.zones  # type: ignore[attr-defined]


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def workspace(request: DeskRequest) -> HttpResponse:
    """Show and change the settings."""
    permit(request.actor, "workspace.read")
    form = WorkspaceForm(request.workspace, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        permit(request.actor, "workspace.update")
        if form.is_valid():
            given = form.cleaned_data
            try:
                actions.update_workspace(
                    workspace=request.workspace,
                    name=given["name"].strip(),
                    time_zone=given["time_zone"],
                    settings={name: given[name] for name in SETTINGS if given[name] != form.initial[name]} or None,
                    by=request.actor,
                    at=clock.now(),
                )
            except DomainError as error:
                refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("workspace-settings", request.workspace.slug)
        status = 422
    remember(request)
    may_change = may(request.actor, "workspace.update")
    people = [row.user_id for row in queries.members() if row.user.is_active] if may_change else []
    facts = {
        **frame.facts(request, "workspace-settings"),
        "form": form,
        "may_change": may_change,
        "switches": SETTINGS,
        "without": len(people) - len(queries.with_second_factor(people)),
        "has_own": queries.has_second_factor(request.user.pk),
    }
    return render(request, "settings/workspace/page.html", facts, status=status)


@require_POST
@screen
def second_factor(request: DeskRequest) -> HttpResponse:
    """Require a second factor of every member, or no longer."""
    permit(request.actor, "workspace.update")
    is_required = request.POST.get("required") == "yes"
    try:
        actions.require_second_factor(
            workspace=request.workspace, is_required=is_required, by=request.actor, at=clock.now()
        )
    except DomainError as error:
        messages.error(request, sentence(error))
    else:
        messages.success(
            request, _("A second factor is required now.") if is_required else _("A second factor is optional now.")
        )
    return redirect("workspace-settings", request.workspace.slug)
