"""Repairing threads and spam: choosing where messages go, and the changes themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import permit
from accounts.text import whole_number
from conversations import actions
from conversations.models import Conversation, Message
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from conversations.screens import errors
from conversations.screens.inbox import forms
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.card import with_ticket_card
from conversations.screens.inbox.changes import changes, noted
from conversations.screens.inbox.lists import listing
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, is_fragment, screen


@require_GET
@screen
def choose(request: DeskRequest, number: int) -> HttpResponse:
    """Where a message goes, or into which other conversation this one is merged. As a fragment: the pane, or what was found."""
    permit(request.actor, "conversation.update")
    place, row = Place.of(request), with_ticket_card(number)
    target = request.htmx.target if is_fragment(request) else None
    find = request.GET.get("find", "").strip()[:200]
    try:
        chosen = _message(row, request.GET.get("message", ""))
    except NotFound:
        if target != "choices":
            raise
        return HttpResponse()  # it has been moved while more was typed: the page shows that already
    facts = {
        **frame(request, place),
        "conversation": row,
        "chosen": chosen,
        "find": find,
        "choices": inbox_queries.targets(row, request.user, find),
        "is_choosing": True,
        "now": clock.now(),
    }
    if target == "choices":
        return render(request, "inbox/move/choices.html", facts)
    if target == "open":
        return render(request, "inbox/move/pane.html", facts)
    return render(request, "inbox/page.html", {**listing(request, place), **facts})


def _message(conversation: Conversation, given: str) -> Message | None:
    """Raises NotFound for a message of another conversation."""
    if not given:
        return None
    pk = whole_number(given)
    if pk is None:
        raise NotFound("there is no such message")
    return queries.message(conversation, pk)


Move = Callable[[DeskRequest, Conversation, dict[str, Any], datetime], tuple[str, Conversation]]


def moves(change: Move) -> Callable[..., HttpResponseBase]:
    """Make a view of a function that calls one verb and returns the text of a message and the conversation to show next.

    It redirects there with a message that offers to undo; what goes wrong leads back to the choice.
    """

    @require_POST
    @screen
    @wraps(change)
    def view(request: DeskRequest, number: int) -> HttpResponse:
        permit(request.actor, "conversation.update")
        conversation, began = queries.by_number(number), clock.now()
        form = forms.MoveForm(request.POST)
        place = Place.of(request)
        try:
            if not form.is_valid():
                raise NotFound("there is no such conversation")
            text, shown = change(request, conversation, form.cleaned_data, began)
        except Forbidden:
            raise
        except DomainError as error:
            noted(request, number, fault=errors.of_error(error))
            again = f"{reverse('move', args=[request.workspace.slug, number])}?{place.query}"
            message = whole_number(request.POST.get("message", ""))
            return redirect(f"{again}&message={message}" if message else again)
        undo = thread_queries.change_to_undo(conversation, by=request.actor, since=began)
        noted(request, number, text=text, undo=undo)
        if not inbox_queries.is_seen(shown.number):
            return redirect(f"{reverse('inbox', args=[request.workspace.slug])}?{place.query}")
        return redirect(f"{reverse('conversation', args=[request.workspace.slug, shown.number])}?{place.query}")

    return view


def _target(given: dict[str, Any]) -> Conversation:
    if given["to"] is None:
        raise NotFound("there is no such conversation")
    return queries.by_number(given["to"])


def _chosen(conversation: Conversation, given: dict[str, Any]) -> Message:
    if given["message"] is None:
        raise NotFound("there is no such message")
    return queries.message(conversation, given["message"])


@moves
def move(
    request: DeskRequest, conversation: Conversation, given: dict[str, Any], at: datetime
) -> tuple[str, Conversation]:
    message = _chosen(conversation, given)
    target = actions.move_message(message=message, to=_target(given), by=request.actor, at=at)
    conversation.refresh_from_db(fields=["joined_into"])
    return _("Moved to #%(number)s.") % {
        "number": target.number
    }, target if conversation.joined_into_id else conversation


@moves
def split(
    request: DeskRequest, conversation: Conversation, given: dict[str, Any], at: datetime
) -> tuple[str, Conversation]:
    made = actions.split(
        message=_chosen(conversation, given),
        with_later=given["later"],
        subject=given["subject"] or None,
        by=request.actor,
        at=at,
    )
    return _("Split off as #%(number)s.") % {"number": made.number}, made


@changes(forms.NothingForm)
def keep_apart(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.keep_apart(conversation=conversation, by=request.actor, at=clock.now())
    return _("Kept as a conversation of its own.")


@changes(forms.SpamForm, undoes=thread_queries.UNDOABLE)
def mark_spam(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.mark_spam(conversation=conversation, block=given["block"], by=request.actor, at=clock.now())
    return _("Marked as spam.") if not given["block"] else _("Marked as spam, and the sender is blocked.")


@changes(forms.NothingForm, undoes=thread_queries.UNDOABLE)
def unmark_spam(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.unmark_spam(conversation=conversation, by=request.actor, at=clock.now())
    return _("Marked as not spam.")
