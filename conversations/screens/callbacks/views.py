"""The calls that customers asked for: to be made, and made."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts import clock
from accounts.errors import DomainError
from accounts.permissions import permit
from accounts.text import whole_number
from conversations import actions
from conversations.models import CallbackRequest
from conversations.queries import callbacks as queries
from conversations.screens.calls import Call
from conversations.screens.sentences import sentence
from conversations.screens.shell import DeskRequest, remember, screen, shell

PAGE = 50
LAST_PAGE = 200


@require_safe
@screen
def callbacks(request: DeskRequest) -> HttpResponse:
    """The calls to be made, the earliest first; or with `?view=called` those that were made."""
    permit(request.actor, "conversation.read")
    remember(request)
    return page(request)


@require_POST
@screen
def mark_called(request: DeskRequest, number: int) -> HttpResponse:
    """Mark a call as made, with a note."""
    permit(request.actor, "conversation.update")
    row = _found(number)
    note, resolve = request.POST.get("note", ""), "resolve" in request.POST
    try:
        actions.mark_called(request=row, note=note, resolve=resolve, by=request.actor, at=clock.now())
    except DomainError as error:
        return page(request, note=note, fault=sentence(error), at_fault=number, status=422)
    return _back(request, number, made=number)


@require_POST
@screen
def undo(request: DeskRequest, number: int) -> HttpResponse:
    """Put a call back among those to be made."""
    permit(request.actor, "conversation.update")
    actions.unmark_called(request=_found(number), by=request.actor, at=clock.now())
    return _back(request, number)


def page(
    request: DeskRequest, *, note: str = "", fault: str = "", at_fault: int | None = None, status: int = 200
) -> HttpResponse:
    """The list, with what was typed where it could not be kept."""
    view = "called" if request.GET.get("view") == "called" else "to-call"
    at, rows = clock.now(), queries.callbacks()
    chosen = rows.called() if view == "called" else rows.to_call()
    number = min(whole_number(request.GET.get("page", "")) or 1, LAST_PAGE)
    start = (number - 1) * PAGE
    found = list(chosen[start : start + PAGE + 1])
    facts = {
        **shell(request, "callbacks"),
        "view": view,
        "calls": [Call(row, at) for row in found[:PAGE]],
        "count": rows.to_call().count(),
        "overdue": rows.overdue(at).count(),
        "page": number,
        "has_more": len(found) > PAGE and number < LAST_PAGE,
        "made": whole_number(request.GET.get("made", "")),
        "note": note,
        "fault": fault,
        "at_fault": at_fault,
        "zone": request.workspace.time_zone.replace("_", " "),
    }
    return render(request, "callbacks/page.html", facts, status=status)


def _found(number: int) -> CallbackRequest:
    if (row := queries.callbacks().filter(conversation__number=number).first()) is None:
        raise Http404("no such callback")
    return row


def _back(request: DeskRequest, number: int, **more: int) -> HttpResponse:
    """Where the member came from: the conversation, or the list."""
    if request.POST.get("from") == "conversation":
        return redirect("conversation", request.workspace.slug, number)
    path = reverse("callbacks", args=[request.workspace.slug])
    return redirect(f"{path}?{urlencode(more)}" if more else path)
