"""The bell: what a member has not read, the page of all, and marking as read."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts import clock, notices
from accounts.errors import Invalid
from accounts.permissions import permit
from accounts.text import whole_number
from conversations.models import Notification
from conversations.notifications import reading, sentences
from conversations.screens.bell import Bell
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen, shell

PAGE = 50


@require_safe
@screen
def notifications(request: DeskRequest) -> HttpResponse:
    """Everything that the member was notified of, newest first."""
    permit(request.actor, "conversation.read")
    remember(request)
    try:
        page = reading.page(request.user.pk, after=request.GET.get("after"), limit=PAGE)
    except Invalid as error:
        raise Http404("no such page") from error
    facts = {
        **shell(request, "notifications"),
        "entries": [_entry(row) for row in page.rows],
        "next": page.next,
        "is_first_page": "after" not in request.GET,
        "has_sound": notices.has_sound(request.user),
    }
    return render(request, "notifications/page.html", facts)


def _entry(row: Notification) -> dict[str, Any]:
    return {
        "row": row,
        "title": sentences.title(row),
        "more": sentences.more(row),
        "icon": sentences.ICONS[row.kind],  # type: ignore[index]  # a choice is its value
        "about": sentences.subject(row),
    }


@require_POST
@screen
def here(request: DeskRequest) -> HttpResponse:
    """A page of the workspace is looked at; answered with the bell."""
    permit(request.actor, "conversation.read")
    reading.note_seen(request.membership, clock.now())
    return _bell(request)


@require_POST
@screen
def mark_read(request: DeskRequest) -> HttpResponse:
    """Mark all as read, or those of one conversation or ticket; those that came after the page was made stay."""
    permit(request.actor, "conversation.read")
    rows = Notification.objects.all()
    if "conversation" in request.POST:
        rows = rows.filter(conversation=whole_number(request.POST["conversation"]) or 0)
    elif "ticket" in request.POST:
        rows = rows.filter(ticket=whole_number(request.POST["ticket"]) or 0)
    elif (newest := whole_number(request.POST.get("newest", ""))) is not None:
        rows = rows.filter(event_id__lte=newest)
    reading.mark(rows, request.user.pk, clock.now())
    return _bell(request) if is_fragment(request) else redirect("notifications", request.workspace.slug)


@require_POST
@screen
def open_one(request: DeskRequest, notification: int) -> HttpResponse:
    """Mark one as read, and go to what it is about."""
    permit(request.actor, "conversation.read")
    rows = reading.notifications(request.user.pk).filter(pk=notification)
    row = rows.first()
    if row is None:
        raise Http404("no such notification")
    reading.mark(Notification.objects.filter(pk=row.pk), request.user.pk, clock.now())
    return redirect(sentences.path(row))


def _bell(request: DeskRequest) -> HttpResponse:
    return render(request, "notifications/bell.html", {"bell": Bell(request), "workspace": request.workspace})
