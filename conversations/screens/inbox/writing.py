"""Writing in a conversation: the reply and the note, also when the thread has changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.core.files.base import File
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock, tenancy, transaction
from accounts.errors import Conflict, DomainError, Forbidden, NotFound
from accounts.permissions import permit
from accounts.web.bodies import takes_files
from conversations import actions, presence
from conversations.actions import drafted, outgoing
from conversations.actions.files import Stored
from conversations.assistant import actions as assistant_actions
from conversations.models import Conversation, DraftKind
from conversations.queries import conversations as queries
from conversations.queries import outbox as outbox_queries
from conversations.screens import errors
from conversations.screens.inbox import addressing, forms
from conversations.screens.inbox import queries as inbox_queries
from conversations.screens.inbox.card import with_ticket_card
from conversations.screens.inbox.changes import after_change, left
from conversations.screens.inbox.lists import listing
from conversations.screens.inbox.place import Place
from conversations.screens.inbox.threads import pane
from conversations.screens.shell import DeskRequest, is_fragment, screen


@takes_files
@require_POST
@screen
def reply(request: DeskRequest, number: int) -> HttpResponse:
    """Reply to the customer, at once or later, unless the thread has messages that the writer has not seen."""
    permit(request.actor, "conversation.reply")
    conversation, form = queries.by_number(number), forms.ReplyForm(request.POST, request.FILES)

    @transaction.atomic
    def send(given: dict[str, Any]) -> bool:
        at, chosen = clock.now(), addressing.choose(request, conversation, given)
        stored = drafted.files_of(
            conversation, DraftKind.REPLY, given["draft_file"], send_id=given["send_id"], by=request.actor, at=at
        )
        values: dict[str, Any] = {
            "conversation": conversation,
            "body": given["body"],
            "stored": stored,
            "then": given["then"],
            "uploads": [*_kept(conversation, given["keep"]), *given["uploads"]],
            "expected_last": given["expected_last"],
            "public_id": given["send_id"],
            "by": request.actor,
            "at": at,
        }
        send_after = given["send_after"] or at + _undo(conversation)
        if send_after > at or not chosen.is_usual:
            schedule = partial(actions.schedule, seen_waiting=given["waiting"], to=chosen.to, bcc=chosen.bcc)
            schedule(send_after=send_after, **values)
        else:
            drafted.once(partial(assistant_actions.reply_as_member, writer=request.user, **values), stored)
        return _used(request, conversation, DraftKind.REPLY, given, stored)

    return _written(request, conversation, form, send, mode="reply")


def _used(
    request: DeskRequest, conversation: Conversation, kind: str, given: dict[str, Any], stored: Sequence[Stored]
) -> bool:
    """Forget the draft that was sent; whether there was one, and none is left."""
    version, tab = given["draft_version"], given["draft_tab"]
    with tenancy.everything():  # what was sent may have taken the conversation out of its writer's sight
        return drafted.use(
            conversation, kind, version=version, tab=tab, sent=stored, send_id=given["send_id"], by=request.actor
        )


def _undo(conversation: Conversation) -> timedelta:
    """For how long a reply may be taken back: nothing where customers see it at once."""
    seconds = outbox_queries.undo_seconds(conversation) if outgoing.route(conversation) is not None else 0
    return timedelta(seconds=seconds)


def _kept(conversation: Conversation, public_ids: list[UUID]) -> list[File[bytes]]:
    """The files of a reply that was taken back; they are copied, so that sending twice sends them twice."""
    rows = outbox_queries.cancelled_files(conversation, public_ids) if public_ids else []
    return [File(row.file.open("rb").file, name=row.name) for row in rows]


@takes_files
@require_POST
@screen
def note(request: DeskRequest, number: int) -> HttpResponse:
    """Write what only the team sees."""
    conversation, form = queries.by_number(number), forms.NoteForm(request.POST, request.FILES)

    @transaction.atomic
    def add(given: dict[str, Any]) -> bool:
        at = clock.now()
        stored = drafted.files_of(
            conversation, DraftKind.NOTE, given["draft_file"], send_id=given["send_id"], by=request.actor, at=at
        )
        values: dict[str, Any] = {
            "conversation": conversation,
            "body": given["body"],
            "uploads": given["uploads"],
            "stored": stored,
            "public_id": given["send_id"],
            "by": request.actor,
            "at": at,
        }
        drafted.once(partial(actions.note, **values), stored)
        return _used(request, conversation, DraftKind.NOTE, given, stored)

    return _written(request, conversation, form, add, mode="note")


def _written(
    request: DeskRequest,
    conversation: Conversation,
    form: forms.NoteForm,
    write: Callable[[dict[str, Any]], bool],
    mode: str,
) -> HttpResponse:
    """All that has changed on the page, and the reason if it was not sent. Neither replaces the text that is being written."""
    fault, status = "", 200
    if form.is_valid():
        try:
            had_draft = write(form.cleaned_data)
            if had_draft:
                tab = form.cleaned_data["draft_tab"]
                presence.draft_changed(conversation, request.user, mode, version=0, tab=tab)
        except (NotFound, Forbidden):
            raise
        except DomainError as error:
            fault, status = errors.of_error(error), 409 if isinstance(error, Conflict) else 422
    else:
        fault, status = errors.of_form(form), 422
    place, number = Place.of(request), conversation.number
    if not fault and not inbox_queries.is_seen(number):
        return left(request, place, number, text=_("Reply sent.") if mode == "reply" else _("Note added."))
    composer = {"mode": mode, "fault": fault, "draft": request.POST.get("body", "") if fault else ""}
    if not is_fragment(request) and not fault:
        return redirect(f"{reverse('conversation', args=[request.workspace.slug, number])}?{place.query}#composer")
    row = with_ticket_card(number)
    typed = addressing.typed(request, row) if fault and mode == "reply" else {}
    if not is_fragment(request):
        context = {**listing(request, place), **pane(request, place, row), **typed, "composer": composer}
        return render(request, "inbox/page.html", context, status=status)
    facts = after_change(request, place, row)
    if fault:
        facts |= {"composer": composer, "expected_last": row.last_message_id or 0, **typed}
    return render(request, "inbox/not_sent.html" if fault else "inbox/update.html", facts, status=status)
