"""Writing in a conversation: the reply and the note, also when the thread has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts import clock, transaction
from accounts.errors import Conflict, DomainError, Forbidden, NotFound
from accounts.web.bodies import takes_files
from conversations import actions
from conversations.actions import lifecycle
from conversations.actions.lifecycle import ReplyPolicy
from conversations.assistant import actions as assistant_actions
from conversations.assistant import queries as assistant_queries
from conversations.models import Conversation, Handler, Status
from conversations.queries import conversations as queries
from conversations.screens import errors
from conversations.screens.inbox import forms
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.changes import after_change
from conversations.screens.inbox.lists import listing
from conversations.screens.inbox.place import Place
from conversations.screens.inbox.threads import pane
from conversations.screens.shell import DeskRequest, is_fragment, screen

SEND_AND_RESOLVE = ReplyPolicy(name="send_and_resolve", on_agent=dict.fromkeys(Status.values, Status.RESOLVED))
"""The conversation is resolved, whatever its status was."""


@takes_files
@require_POST
@screen
def reply(request: DeskRequest, number: int) -> HttpResponse:
    """Reply to the customer, unless the thread has messages that the writer has not seen; the assistant is taken over from."""
    conversation, form = queries.by_number(number), forms.ReplyForm(request.POST, request.FILES)

    @transaction.atomic
    def send(given: dict[str, Any]) -> None:
        if conversation.handler == Handler.ASSISTANT:
            thread = assistant_queries.thread_of(conversation)
            if thread is None:
                raise NotFound("the conversation with the assistant was deleted")
            assistant_actions.take_over(thread=thread, to=request.user, by=request.actor, at=clock.now())
        message = actions.reply(
            conversation=conversation,
            body=given["body"],
            uploads=given["uploads"],
            expected_last=given["expected_last"],
            policy=SEND_AND_RESOLVE if given["then"] else lifecycle.DESK,
            public_id=given["send_id"],
            by=request.actor,
            at=clock.now(),
        )
        answered = message.conversation  # as it is now, and locked
        if answered.is_unassigned and request.workspace.assigns_writer:
            actions.assign(conversation=answered, to=request.user, team=answered.team, by=request.actor, at=clock.now())

    return _written(request, conversation, form, send, mode="reply")


@takes_files
@require_POST
@screen
def note(request: DeskRequest, number: int) -> HttpResponse:
    """Write what only the team sees."""
    conversation, form = queries.by_number(number), forms.NoteForm(request.POST, request.FILES)

    def add(given: dict[str, Any]) -> None:
        actions.note(
            conversation=conversation,
            body=given["body"],
            uploads=given["uploads"],
            public_id=given["send_id"],
            by=request.actor,
            at=clock.now(),
        )

    return _written(request, conversation, form, add, mode="note")


def _written(
    request: DeskRequest,
    conversation: Conversation,
    form: forms.NoteForm,
    write: Callable[[dict[str, Any]], None],
    mode: str,
) -> HttpResponse:
    """All that has changed on the page, and the reason if it was not sent. Neither replaces the text that is being written."""
    fault, status = "", 200
    if form.is_valid():
        try:
            write(form.cleaned_data)
        except (NotFound, Forbidden):
            raise
        except DomainError as error:
            fault, status = errors.of_error(error), 409 if isinstance(error, Conflict) else 422
    else:
        fault, status = errors.of_form(form), 422
    place, number = Place.of(request), conversation.number
    composer = {"mode": mode, "fault": fault, "draft": request.POST.get("body", "") if fault else ""}
    if not is_fragment(request) and not fault:
        return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{place.query}#composer")
    row = inbox_queries.with_ticket_card(number)
    if not is_fragment(request):
        context = {**listing(request, place), **pane(request, place, row), "composer": composer}
        return render(request, "inbox/page.html", context, status=status)
    facts = after_change(request, place, row)
    if fault:
        facts |= {"composer": composer, "expected_last": row.last_message_id or 0}
    return render(request, "inbox/not_sent.html" if fault else "inbox/update.html", facts, status=status)
