"""Business hours: shown to everyone in the workspace, changed by those who may."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import clock
from accounts.errors import DomainError
from accounts.permissions import may, permit
from conversations.screens import dates
from conversations.screens.settings import frame
from conversations.screens.settings.hours import inputs
from conversations.screens.shell import DeskRequest, remember, screen
from tickets import actions, queries
from tickets.hours import Hours


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def hours(request: DeskRequest) -> HttpResponse:
    """Show the hours of the week and whether it is open now, and change them."""
    permit(request.actor, "hours.read")
    kept = queries.business_hours()
    form = inputs.HoursForm(kept, request.workspace.time_zone, request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        permit(request.actor, "hours.write")
        if form.edit(request.POST):
            form.is_bound = False  # what is typed is shown, and not judged yet
            form.initial.update({name: request.POST.get(name, "") for name in form.fields})
        elif form.is_valid():
            try:
                actions.set_hours(workspace=request.workspace, hours=form.document, by=request.actor, at=clock.now())
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("Saved."))
                return redirect("hours", request.workspace.slug)
        status = 422 if form.errors else 200
    remember(request)
    facts = {
        **frame.facts(request, "hours"),
        "form": form,
        "kept": kept,
        "state": _state(kept, clock.now()),
        "is_open": kept is None or kept.is_open(clock.now()),
        "may_change": may(request.actor, "hours.write"),
    }
    return render(request, "settings/hours/page.html", facts, status=status)


def _state(kept: Hours | None, at: datetime) -> str:
    """Whether it is open now, and until when."""
    if kept is None:
        return _("Always open")
    is_open = kept.is_open(at)
    change = kept.next_closing(at) if is_open else kept.next_opening(at)
    with timezone.override(kept.time_zone):
        when = dates.clock(change) if change else ""
    if is_open:
        return _("Open now · closes %(when)s") % {"when": when} if when else _("Open now, around the clock")
    return _("Closed now · opens %(when)s") % {"when": when} if when else _("Closed all week")
