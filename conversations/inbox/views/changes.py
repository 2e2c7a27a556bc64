"""Changing a conversation: each view reads a form and calls one verb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

import orjson
from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from conversations import actions, queries
from conversations.inbox import forms, words
from conversations.inbox.desk import DeskRequest, Place, is_fragment, screen
from conversations.inbox.views.threads import around
from conversations.models import Conversation
from tickets import tags

Change = Callable[[DeskRequest, Conversation, dict[str, Any]], str]


def changes(form_class: type[Form]) -> Callable[[Change], Callable[..., HttpResponseBase]]:
    """Make a view of a function that calls one verb with a form's values and returns what to say afterwards.

    As a fragment the answer is the header, with the panel and a toast beside it; otherwise it leads back to the thread.
    """

    def decorate(change: Change) -> Callable[..., HttpResponseBase]:
        @require_POST
        @screen
        @wraps(change)
        def view(request: DeskRequest, number: int) -> HttpResponse:
            conversation = queries.by_number(number)
            form = form_class(request.POST)
            said, fault = "", ""
            if form.is_valid():
                try:
                    said = change(request, conversation, form.cleaned_data)
                except (NotFound, Forbidden):
                    raise
                except DomainError as error:
                    fault = words.of_error(error)
            else:
                fault = " ".join(str(error) for errors in form.errors.values() for error in errors)
            undo = None
            if said and change.__name__ == "set_status" and form.cleaned_data["status"] != conversation.status:
                undo = {"url": reverse("status", args=[request.workspace.slug, number]), "status": conversation.status}
            return answered(request, number, said=said, fault=fault, undo=undo)

        return view

    return decorate


def answered(
    request: DeskRequest, number: int, *, said: str, fault: str = "", undo: Mapping[str, str] | None = None
) -> HttpResponse:
    """The answer after a change: fragments, or a redirect to the thread with a message."""
    place = Place.of(request)
    if not is_fragment(request):
        if said or fault:
            messages.add_message(request, messages.ERROR if fault else messages.SUCCESS, fault or said)
        return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{place.query}")
    conversation = queries.with_ticket_card(number)
    context = {**around(request, place, conversation), "said": fault or said, "is_fault": bool(fault), "undo": undo}
    response = render(request, "inbox/changed.html", context, status=422 if fault else 200)
    return moved(response, conversation)


def moved(response: HttpResponse, conversation: Conversation) -> HttpResponse:
    """Tell the page which conversation changed, so that its row, its thread and the counts are fetched again."""
    told = {"desk:moved": {"id": conversation.pk, "number": conversation.number}}
    response["HX-Trigger-After-Swap"] = orjson.dumps(told).decode()
    return response


def _by(request: DeskRequest, conversation: Conversation) -> dict[str, Any]:
    return {"conversation": conversation, "by": request.actor, "at": clock.now()}


@changes(forms.AssignForm)
def assign(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    to, team = given["to"], given["team"]
    actions.assign(to=to, team=team, **_by(request, conversation))
    if team is not None:
        return f"Assigned to {team}."
    if to is None:
        return "Nobody has it now."
    return "It is yours." if to == request.user else f"Assigned to {to}."


@changes(forms.StatusForm)
def set_status(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.set_status(status=given["status"], **_by(request, conversation))
    return {"open": "Reopened.", "pending": "Waiting for the customer.", "resolved": "Resolved.", "closed": "Closed."}[
        given["status"]
    ]


@changes(forms.PriorityForm)
def set_priority(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.set_priority(priority=given["priority"], **_by(request, conversation))
    return f"Priority is {given['priority']}."


@changes(forms.TagsForm)
def set_tags(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.set_tags(names=tags.parsed(given["tags"], conversation.tags), **_by(request, conversation))
    return "Tags saved."


@changes(forms.SubjectForm)
def edit_subject(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.edit_subject(subject=given["subject"], **_by(request, conversation))
    return "Subject saved."


@changes(forms.SnoozeForm)
def snooze(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    at = clock.now()
    chosen = {choice.key: choice.until for choice in words.sleeps(at)}
    until = given["until"] or chosen.get(given["choice"]) or _shown(given["choice"]) or at
    actions.snooze(conversation=conversation, until=until, by=request.actor, at=at)
    return f"Snoozed until {words.moment(until)}."


def _shown(choice: str) -> datetime | None:
    """The moment that a choice of the menu showed: it may have been opened yesterday."""
    try:
        shown = parse_datetime(choice)
    except ValueError:
        return None
    return shown if shown is not None and timezone.is_aware(shown) else None


@changes(forms.NothingForm)
def wake(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.wake(**_by(request, conversation))
    return "Awake again."


@changes(forms.EscalateForm)
def escalate(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    ticket = actions.escalate(reason=given["reason"] or None, **_by(request, conversation))
    return f"Ticket {ticket.number} is open."


@changes(forms.NothingForm)
def unlink(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.unlink(**_by(request, conversation))
    return "Taken off its ticket."


@changes(forms.NothingForm)
def take_over(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    thread = queries.thread_of(conversation)
    if thread is None:
        raise NotFound("the assistant has no part in this conversation")
    actions.take_over(thread=thread, to=request.user, by=request.actor, at=clock.now())
    return "It is yours. The assistant keeps silent now."


@require_POST
@screen
def mark_read(request: DeskRequest, number: int) -> HttpResponse:
    """The page says that the thread has been looked at."""
    conversation = queries.by_number(number)
    actions.mark_read(**_by(request, conversation))
    return HttpResponse(status=204)
