"""Changing one message of a thread: editing and deleting a note, and redacting; with a page that works without script."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import may, permit
from conversations import actions
from conversations.models import Attachment, Message, MessageKind, MessageVersion
from conversations.queries import conversations as queries
from conversations.screens import errors
from conversations.screens.inbox.card import with_ticket_card
from conversations.screens.inbox.changes import noted
from conversations.screens.inbox.forms import UUIDsField
from conversations.screens.inbox.lists import listing
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, is_fragment, screen


class RedactForm(forms.Form):
    """A passage, files, or all of a message."""

    passage = forms.CharField(required=False, max_length=1_000_000, strip=False)
    chosen = UUIDsField(required=False, widget=forms.MultipleHiddenInput)
    whole = forms.BooleanField(required=False)


@require_GET
@screen
def change(request: DeskRequest, number: int, message: int) -> HttpResponse:
    """What the member may do with a message: change or delete their note, or redact it. As a fragment: the pane."""
    permit(request.actor, "conversation.note")
    entry = queries.message(queries.by_number(number), message)
    return _page(request, number, entry)


@require_POST
@screen
def edit(request: DeskRequest, number: int, message: int) -> HttpResponse:
    """Change the text of a note."""
    entry = queries.message(queries.by_number(number), message)
    if entry.kind != MessageKind.NOTE:
        raise NotFound("there is no such note")
    body = request.POST.get("body", "").replace("\r\n", "\n")
    try:
        actions.edit_note(message=entry, body=body, by=request.actor, at=clock.now())
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return _page(request, number, entry, typed=body, fault=errors.of_error(error))
    return _back(request, number, _("Note saved."))


@require_POST
@screen
def delete(request: DeskRequest, number: int, message: int) -> HttpResponse:
    """Delete a note."""
    entry = queries.message(queries.by_number(number), message)
    if entry.kind != MessageKind.NOTE:
        raise NotFound("there is no such note")
    actions.delete_note(message=entry, by=request.actor, at=clock.now())
    return _back(request, number, _("Note deleted."))


@require_POST
@screen
def redact(request: DeskRequest, number: int, message: int) -> HttpResponse:
    """Redact a passage or files of a message, or all of it."""
    permit(request.actor, "message.redact")
    entry = queries.message(queries.by_number(number), message)
    form = RedactForm(request.POST)
    try:
        given: dict[str, Any] = form.cleaned_data if form.is_valid() else {}
        actions.redact(
            message=entry,
            passage=given.get("passage", ""),
            files=given.get("chosen", []),
            is_whole=given.get("whole", False),
            by=request.actor,
            at=clock.now(),
        )
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return _page(request, number, entry, passage=request.POST.get("passage", ""), fault=errors.of_error(error))
    return _back(request, number, _("Redacted."))


def _page(
    request: DeskRequest, number: int, entry: Message, *, typed: str | None = None, passage: str = "", fault: str = ""
) -> HttpResponse:
    place, row = Place.of(request), with_ticket_card(number)
    is_note, may_redact = entry.kind == MessageKind.NOTE, may(request.actor, "message.redact")
    is_own = is_note and entry.sender_user_id == request.user.pk
    if entry.kind not in (MessageKind.MESSAGE, MessageKind.NOTE) or not (is_own or may_redact):
        raise NotFound("there is nothing to change")
    versions = MessageVersion.objects.filter(message=entry).select_related("replaced_by").order_by("-id")
    facts = {
        **frame(request, place),
        "conversation": row,
        "m": entry,
        "files": list(Attachment.objects.filter(message=entry).order_by("pk")),
        "is_own": is_own,
        "is_note": is_note,
        "may_redact": may_redact,
        "versions": list(versions[:50]) if may_redact else [],
        "typed": entry.body or "" if typed is None else typed,
        "passage": passage,
        "fault": fault,
        "pane": "inbox/messages/pane.html",
    }
    status = 422 if fault else 200
    if is_fragment(request) and request.htmx.target == "open":
        return render(request, "inbox/messages/pane.html", facts, status=status)
    return render(request, "inbox/page.html", {**listing(request, place), **facts}, status=status)


def _back(request: DeskRequest, number: int, text: str) -> HttpResponse:
    noted(request, number, text=text)
    return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{Place.of(request).query}")
