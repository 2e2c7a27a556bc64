"""Beginning to view the workspace as a member, and leaving that."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from accounts import actions, clock
from accounts.models import Membership
from accounts.web import previews
from conversations.screens.shell import DeskRequest, screen


@require_POST
@screen
def view_as(request: DeskRequest, membership: int) -> HttpResponse:
    """Show every page as the member sees it from now on."""
    found = Membership.objects.select_related("user").filter(pk=membership).first()
    if found is None:
        raise Http404("no such member")
    actions.view_as(membership=found, by=request.actor, at=clock.now())
    previews.begin(request, found)
    return redirect("inbox", request.workspace.slug)


@require_POST
@screen
def leave(request: DeskRequest) -> HttpResponse:
    """Show the pages as oneself again."""
    previews.leave(request, request.workspace.pk)
    return redirect("inbox", request.workspace.slug)
