"""Changing replies that have not arrived yet: taking one back, sending it now, reviewing a held one, and trying again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts import clock, transaction
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import permit
from conversations import actions
from conversations.assistant import actions as assistant_actions
from conversations.models import Conversation, Delivery
from conversations.queries import conversations as queries
from conversations.queries import outbox as outbox_queries
from conversations.screens import errors
from conversations.screens.inbox import addressing, forms
from conversations.screens.inbox.card import with_ticket_card
from conversations.screens.inbox.changes import after_change, answered
from conversations.screens.inbox.place import Place
from conversations.screens.shell import DeskRequest, is_fragment, screen

Change = Callable[[DeskRequest, Conversation, Delivery, dict[str, Any]], str]


def _changes(
    form_class: type[Form], *, takes_back: bool = False
) -> Callable[[Change], Callable[..., HttpResponseBase]]:
    """Make a view of a function that calls a verb for a reply of a conversation and returns the text of a message."""

    def decorate(change: Change) -> Callable[..., HttpResponseBase]:
        @require_POST
        @screen
        def view(request: DeskRequest, number: int, public_id: UUID) -> HttpResponse:
            permit(request.actor, "conversation.reply")
            conversation = queries.by_number(number)
            delivery, form = outbox_queries.delivery(conversation, public_id), form_class(request.POST)
            text, fault = errors.tried(form, partial(change, request, conversation, delivery), "")
            taken_back = public_id if takes_back and not fault else None
            return answered(request, number, text=text, fault=fault, taken_back=taken_back)

        return view

    return decorate


@_changes(forms.NothingForm, takes_back=True)
def cancel(request: DeskRequest, conversation: Conversation, delivery: Delivery, given: dict[str, Any]) -> str:
    actions.cancel(delivery=delivery, by=request.actor, at=clock.now())
    return _("Cancelled.")


@_changes(forms.NothingForm)
def send_now(request: DeskRequest, conversation: Conversation, delivery: Delivery, given: dict[str, Any]) -> str:
    @transaction.atomic
    def send() -> None:
        at = clock.now()
        scheduled = actions.reschedule(delivery=delivery, send_after=at, by=request.actor, at=at)
        assistant_actions.leave(delivery=scheduled, by=request.actor, at=at)

    send()
    return ""


@_changes(forms.ReviewForm)
def review(request: DeskRequest, conversation: Conversation, delivery: Delivery, given: dict[str, Any]) -> str:
    @transaction.atomic
    def send() -> None:
        at = clock.now()
        reviewed = actions.review(
            delivery=delivery, expected_last=given["expected_last"], body=given["body"], by=request.actor, at=at
        )
        assistant_actions.leave(delivery=reviewed, by=request.actor, at=at)

    send()
    return ""


@_changes(forms.NothingForm)
def retry(request: DeskRequest, conversation: Conversation, delivery: Delivery, given: dict[str, Any]) -> str:
    actions.retry(delivery=delivery, by=request.actor, at=clock.now())
    return _("Sending again.")


@_changes(forms.NothingForm)
def discard(request: DeskRequest, conversation: Conversation, delivery: Delivery, given: dict[str, Any]) -> str:
    actions.discard(delivery=delivery, by=request.actor, at=clock.now())
    return _("Discarded.")


@require_POST
@screen
def undo(request: DeskRequest, number: int, public_id: UUID) -> HttpResponse:
    """Take a reply back, and put its text and files into the composer again."""
    conversation = queries.by_number(number)
    delivery, fault = outbox_queries.delivery(conversation, public_id), ""
    try:
        actions.cancel(delivery=delivery, by=request.actor, at=clock.now())
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        fault = errors.of_error(error)
    if fault:
        return answered(request, number, text="", fault=fault)
    place = Place.of(request)
    if not is_fragment(request):
        url = reverse("conversation", args=[request.workspace.slug, number])
        return redirect(f"{url}?{place.query}&restored={public_id}#composer")
    restored = outbox_queries.cancelled(conversation, public_id)
    facts = {**after_change(request, place, with_ticket_card(number)), "restored": restored}
    facts |= addressing.facts(conversation, restored)
    return render(request, "inbox/restored.html", facts)


@require_POST
@screen
def retry_all(request: DeskRequest) -> HttpResponse:
    """Send everything again that has failed."""
    count = actions.retry_all(workspace=request.workspace, by=request.actor, at=clock.now())
    text = ngettext("Sending %(num)s reply again.", "Sending %(num)s replies again.", count) % {"num": count}
    messages.success(request, text if count else _("Nothing to send again."))
    return redirect(f"{reverse('inbox', args=[request.workspace.slug])}?{Place.of(request).query}")
