"""The list of mailboxes, with what is known of each."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts import clock
from accounts.permissions import permit
from conversations.channels.email import health
from conversations.screens.settings.mailboxes import place
from conversations.screens.shell import DeskRequest, remember, screen


@require_safe
@screen
def mailboxes(request: DeskRequest) -> HttpResponse:
    """Every mailbox with its state, how far it is behind, and what is wrong."""
    permit(request.actor, "mailbox.read")
    remember(request)
    found = health.of_workspace(clock.now())
    return render(request, "settings/mailboxes/list.html", {**place.facts(request), "found": found})
