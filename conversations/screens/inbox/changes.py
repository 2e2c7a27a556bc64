"""Changing a conversation: each view reads a form and calls one verb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial, wraps
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts import clock
from accounts.errors import NotFound
from accounts.models import Event
from accounts.permissions import may
from conversations import actions, events
from conversations.assistant import actions as assistant_actions
from conversations.assistant import queries as assistant_queries
from conversations.models import Conversation, Status
from conversations.queries import conversations as queries
from conversations.queries import thread as thread_queries
from conversations.screens import choices, dates, errors, formatting
from conversations.screens.inbox import forms
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.card import with_ticket_card
from conversations.screens.inbox.lists import list_update
from conversations.screens.inbox.place import Place, frame
from conversations.screens.inbox.threads import pane_update
from conversations.screens.shell import DeskRequest, is_fragment, screen
from tickets import tags

Change = Callable[[DeskRequest, Conversation, dict[str, Any]], str]


class Back(NamedTuple):
    """How a change is undone by another: the name of its URL, and the values to post."""

    url_name: str
    given: tuple[tuple[str, str], ...] = ()


def changes(
    form_class: type[Form], *, undoes: Sequence[str] = ()
) -> Callable[[Change], Callable[..., HttpResponseBase]]:
    """Make a view of a function that calls one verb with a form's values and returns the text of a message.

    A fragment is answered with all that has changed on the page and a toast, which offers to undo a change of the types
    that it `undoes`; without script the answer redirects to the thread.
    """

    def decorate(change: Change) -> Callable[..., HttpResponseBase]:
        @require_POST
        @screen
        @wraps(change)
        def view(request: DeskRequest, number: int) -> HttpResponse:
            conversation, began = queries.by_number(number), clock.now()
            form = form_class(request.POST)
            text, fault = errors.tried(form, partial(change, request, conversation), "")
            undo = None if fault else _change_to_undo(request, conversation, undoes, began)
            return answered(request, number, text=text, fault=fault, undo=undo)

        return view

    return decorate


def _change_to_undo(
    request: DeskRequest, conversation: Conversation, types: Sequence[str], began: datetime
) -> Event | None:
    # The journal does not know how an API caller has named whom the conversation was assigned to.
    if not types or (events.CONVERSATION_ASSIGNED.name in types and conversation.assignee_reference):
        return None
    return thread_queries.change_to_undo(conversation, by=request.actor, since=began, of=types)


def answered(
    request: DeskRequest,
    number: int,
    *,
    text: str,
    fault: str = "",
    undo: Event | None = None,
    taken_back: UUID | None = None,
    back: Back | None = None,
) -> HttpResponse:
    """The answer after a change: fragments, or a redirect to the thread with a message.

    `taken_back` is a reply that was cancelled, whose text can be put into the composer, and `back` another change that undoes this one.
    """
    place = Place.of(request)
    if not inbox_queries.is_seen(number):
        return left(request, place, number, text=text, fault=fault)
    if not is_fragment(request):
        noted(request, number, text=text, fault=fault, undo=undo)
        return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{place.query}")
    conversation = with_ticket_card(number)
    context = {
        **after_change(request, place, conversation),
        "toast": fault or text,
        "is_fault": bool(fault),
        "undo": undo,
        "taken_back": taken_back,
        "back": back,
    }
    return render(request, "inbox/update.html", context, status=422 if fault else 200)


def left(request: DeskRequest, place: Place, number: int, *, text: str, fault: str = "") -> HttpResponse:
    """The answer after a change by which the member has lost sight of the conversation: the list, with the message."""
    noted(request, number, text=text, fault=fault)
    url = f"{reverse('inbox', args=[request.workspace.slug])}?{place.query}"
    return HttpResponseClientRedirect(url) if is_fragment(request) else redirect(url)


def noted(request: DeskRequest, number: int, *, text: str = "", fault: str = "", undo: Event | None = None) -> None:
    """Say on the next page what was changed, or why not, and offer to undo it."""
    if text or fault:
        level = messages.ERROR if fault else messages.SUCCESS
        messages.add_message(request, level, fault or text, extra_tags=f"{number} {undo.pk}" if undo else "")


def after_change(request: DeskRequest, place: Place, conversation: Conversation) -> dict[str, Any]:
    """The context of all that a change may affect on the page: the thread, its header and panel, and the list."""
    return {**pane_update(request, place, conversation), **list_update(request, place, conversation)}


def _by(request: DeskRequest, conversation: Conversation) -> dict[str, Any]:
    return {"conversation": conversation, "by": request.actor, "at": clock.now()}


@changes(forms.AssignForm, undoes=[events.CONVERSATION_ASSIGNED.name])
def assign(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    to, team = given["to"], given["team"]
    actions.assign(to=to, team=team, keeps_team=True, **_by(request, conversation))
    if team is not None:
        return _("Assigned to %(name)s.") % {"name": team}
    if to is None:
        return _("Unassigned.")
    return _("Assigned to you.") if to == request.user else _("Assigned to %(name)s.") % {"name": to}


@changes(forms.StatusForm, undoes=thread_queries.UNDOABLE)
def set_status(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.set_status(status=given["status"], **_by(request, conversation))
    return {
        Status.OPEN: _("Reopened."),
        Status.PENDING: _("Waiting on customer."),
        Status.RESOLVED: _("Resolved."),
        Status.CLOSED: _("Closed."),
    }[given["status"]]


@changes(forms.PriorityForm, undoes=[events.CONVERSATION_PRIORITY_CHANGED.name])
def set_priority(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.set_priority(priority=given["priority"], **_by(request, conversation))
    return _("Priority set to %(priority)s.") % {"priority": formatting.priority_in_sentence(given["priority"])}


@changes(forms.TagsForm, undoes=[events.CONVERSATION_TAGGED.name])
def set_tags(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.set_tags(names=tags.parsed(given["tags"], conversation.tags), **_by(request, conversation))
    return _("Tags saved.")


@changes(forms.SubjectForm)
def edit_subject(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.edit_subject(subject=given["subject"], **_by(request, conversation))
    return _("Subject saved.")


@changes(forms.SnoozeForm, undoes=thread_queries.UNDOABLE)
def snooze(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    at = clock.now()
    if given["choice"] == choices.UNTIL_REPLY and not given["until"]:
        actions.snooze(conversation=conversation, until=None, by=request.actor, at=at)
        return _("Snoozed until the customer replies.")
    chosen = {choice.key: choice.until for choice in choices.snooze_choices(at)}
    until = given["until"] or chosen.get(given["choice"]) or forms.shown_moment(given["choice"]) or at
    actions.snooze(conversation=conversation, until=until, by=request.actor, at=at)
    return _("Snoozed until %(when)s.") % {"when": dates.moment(until)}


@changes(forms.FollowForm)
def follow(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    verb = actions.follow if given["follow"] else actions.unfollow
    verb(user=request.user, **_by(request, conversation))
    return _("Following.") if given["follow"] else _("No longer following.")


@changes(forms.NothingForm)
def mark_unread(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.mark_unread(**_by(request, conversation))
    return _("Marked as unread.")


@changes(forms.NothingForm, undoes=thread_queries.UNDOABLE)
def unsnooze(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.unsnooze(**_by(request, conversation))
    return _("Unsnoozed.")


@changes(forms.UndoForm)
def undo(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    actions.undo(event_id=given["event"], **_by(request, conversation))
    return _("Undone.")


@changes(forms.EscalateForm)
def escalate(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    ticket = actions.escalate(reason=given["reason"] or None, **_by(request, conversation))
    return _("Ticket %(number)s opened.") % {"number": ticket.number}


@changes(forms.NothingForm)
def take_over(request: DeskRequest, conversation: Conversation, given: dict[str, Any]) -> str:
    thread = assistant_queries.thread_of(conversation)
    if thread is None:
        raise NotFound("the assistant does not take part in this conversation")
    assistant_actions.take_over(thread=thread, to=request.user, by=request.actor, at=clock.now())
    return _("Assigned to you. The assistant has stopped replying.")


@require_POST
@screen
def mark_read(request: DeskRequest, number: int) -> HttpResponse:
    """Mark the conversation as read, and that one is mentioned in it as seen. A fragment is answered with its row in the list and the counts."""
    conversation = queries.by_number(number)
    was_mentioned = actions.see_mentions(**_by(request, conversation))
    if not was_mentioned or may(request.actor, "conversation.mark_read"):
        actions.mark_read(**_by(request, conversation))
    if not is_fragment(request):
        return HttpResponse(status=204)
    place = Place.of(request)
    facts = {**frame(request, place), **list_update(request, place, conversation), "conversation": conversation}
    return render(request, "inbox/list_update.html", facts)
