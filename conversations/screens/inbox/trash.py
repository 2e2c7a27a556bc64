"""The Trash: what is in it, reading one of it, and bringing it back or deleting it for good."""

from __future__ import annotations

import math
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import clock
from accounts.errors import Conflict, Invalid
from accounts.permissions import may, permit
from conversations import actions
from conversations.actions.trashing import KEPT
from conversations.models import Conversation
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from conversations.queries.paging import keyset
from conversations.screens import errors
from conversations.screens.inbox import timeline
from conversations.screens.inbox.changes import noted
from conversations.screens.inbox.place import Place
from conversations.screens.shell import DeskRequest, remember, screen, shell

PAGE = 50


@require_safe
@screen
def trash_page(request: DeskRequest) -> HttpResponse:
    """What is in the Trash, what was put there last first."""
    permit(request.actor, "conversation.trash")
    remember(request)
    rows = Conversation.trash.select_related("contact", "trashed_by")
    try:
        page = keyset(rows, by="-trashed_at", after=request.GET.get("after"), limit=PAGE)
    except Invalid as error:
        raise Http404("no such page") from error
    facts = {
        **shell(request, "inbox"),
        "rows": [(row, _days_left(row)) for row in page.rows],
        "next": page.next,
        "days": KEPT.days,
    }
    return render(request, "inbox/trash/page.html", facts)


@require_safe
@screen
def trashed(request: DeskRequest, number: int) -> HttpResponse:
    """One conversation of the Trash, to read."""
    permit(request.actor, "conversation.trash")
    row = _found(number)
    part = thread_queries.thread(row, limit=100)
    facts = {
        **shell(request, "inbox"),
        "conversation": row,
        "left": _days_left(row),
        "entries": [entry for entry in timeline.entries(part.items) if not entry.is_line],
        "has_older": part.has_older,
        "is_asked": "delete" in request.GET,
    }
    return render(request, "inbox/trash/conversation.html", facts)


@require_POST
@screen
def move_to_trash(request: DeskRequest, number: int) -> HttpResponse:
    """Put a conversation into the Trash; to those who may bring it back, the list then offers to undo it."""
    place = Place.of(request)
    try:
        actions.trash(conversation=queries.by_number(number), by=request.actor, at=clock.now())
    except Conflict as error:
        noted(request, number, fault=errors.of_error(error))
        return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{place.query}")
    if may(request.actor, "conversation.trash"):
        messages.success(request, _("Moved to the Trash."), extra_tags=f"{number} trash")
    else:
        messages.success(request, _("Deleted."))
    return redirect(f"{reverse('inbox', args=[request.workspace.slug])}?{place.query}")


@require_POST
@screen
def restore(request: DeskRequest, number: int) -> HttpResponse:
    """Bring a conversation back from the Trash, and show it."""
    permit(request.actor, "conversation.trash")
    actions.restore(conversation=_found(number), by=request.actor, at=clock.now())
    noted(request, number, text=_("Restored from the Trash."))
    return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{Place.of(request).query}")


@require_POST
@screen
def purge(request: DeskRequest, number: int) -> HttpResponse:
    """Delete a conversation of the Trash for good."""
    permit(request.actor, "conversation.trash")
    actions.purge(conversation=_found(number), by=request.actor, at=clock.now())
    messages.success(request, _("#%(number)s was deleted for good.") % {"number": number})
    return redirect("trash", request.workspace.slug)


def _found(number: int) -> Conversation:
    row = Conversation.trash.select_related("contact", "trashed_by", "ticket").filter(number=number).first()
    if row is None:
        raise Http404("there is no such conversation in the Trash")
    return row


def _days_left(row: Conversation) -> int:
    assert row.trashed_at is not None
    return max(0, math.ceil((row.trashed_at + KEPT - clock.now()) / timedelta(days=1)))
