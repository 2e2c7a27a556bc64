"""What a person is notified of: a row for each event, a column for each way, and quiet hours."""

from __future__ import annotations

from datetime import time

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import actions, clock, notices
from accounts.errors import DomainError
from accounts.permissions import Actor, permit
from conversations.screens.errors import refuse
from conversations.screens.settings import frame
from conversations.screens.settings.you.forms import NotificationsForm
from conversations.screens.shell import DeskRequest, remember, screen

EVENTS = (
    ("assigned", gettext_lazy("A conversation is assigned to me")),
    ("mentioned", gettext_lazy("Someone mentions me in a note")),
    ("replied", gettext_lazy("A customer replies in a conversation that is mine or that I follow")),
    ("team_assigned", gettext_lazy("A conversation is assigned to one of my teams")),
    ("unassigned_new", gettext_lazy("A new conversation is unassigned")),
    ("failed_to_send", gettext_lazy("One of my replies was not sent")),
    ("mailbox_disconnected", gettext_lazy("A mailbox is disconnected")),
)
WAYS = (
    (notices.PAGE, gettext_lazy("In the page")),
    (notices.BROWSER, gettext_lazy("Browser")),
    (notices.MAIL, gettext_lazy("Mail")),
)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def notifications(request: DeskRequest) -> HttpResponse:
    """Show and change what the person is notified of."""
    permit(request.actor, "workspace.read")
    form, status = NotificationsForm(request.user, request.POST if request.method == "POST" else None), 200
    if request.method == "POST":
        if form.is_valid():
            try:
                actions.set_notifications(
                    user=request.user,
                    ways=form.ways,
                    quiet=form.quiet,
                    sound=form.cleaned_data["sound"],
                    by=Actor.person(request.user),
                    at=clock.now(),
                )
            except DomainError as error:
                refuse(form, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("notification-settings", request.workspace.slug)
        status = 422
    remember(request)
    facts = {
        **frame.facts(request, "notification-settings"),
        "form": form,
        "events": EVENTS,
        "ways": WAYS,
        "days": [(str(number), str(name)) for number, name in WEEKDAYS.items()],
        "chosen_days": {str(day) for day in form["days"].value() or ()},
        "times": {name: _time(form[name].value()) for name in ("quiet_from", "quiet_to")},
        "zone": request.user.time_zone or request.workspace.time_zone,
    }
    return render(request, "settings/you/notifications.html", facts, status=status)


def _time(value: object) -> str:
    """What a field of a time shows: what was typed, or the time to the minute."""
    return f"{value:%H:%M}" if isinstance(value, time) else str(value or "")
