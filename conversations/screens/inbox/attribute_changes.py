"""Changing custom attributes beside the conversation, and what its customer is called."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from conversations import actions
from conversations.models import Conversation
from conversations.queries import conversations as queries
from conversations.screens import attributes, errors
from conversations.screens.inbox.changes import answered
from conversations.screens.shell import DeskRequest, screen
from tickets.models import AttributeSubject
from tickets.queries import attributes_of


def _changes(change: Callable[[DeskRequest, Conversation], str]) -> Callable[..., HttpResponseBase]:
    """A view of a function that calls verbs with what was typed, and returns the text of a message."""

    @require_POST
    @screen
    @wraps(change)
    def view(request: DeskRequest, number: int) -> HttpResponse:
        conversation, text, fault = queries.by_number(number), "", ""
        try:
            text = change(request, conversation)
        except (NotFound, Forbidden):
            raise
        except DomainError as error:
            fault = errors.of_error(error)
        return answered(request, number, text=text, fault=fault)

    return view


@_changes
def set_attributes(request: DeskRequest, conversation: Conversation) -> str:
    """The conversation's own."""
    rows = list(attributes_of(AttributeSubject.CONVERSATION))
    given = attributes.typed(rows, conversation.attributes, request.POST)
    actions.set_attributes(row=conversation, values=given, **_by(request))
    return _("Saved.")


@_changes
def edit_customer(request: DeskRequest, conversation: Conversation) -> str:
    """The customer's name, and their attributes."""
    contact, name = conversation.contact, request.POST.get("name")
    rows = list(attributes_of(AttributeSubject.CONTACT))
    given = attributes.typed(rows, contact.attributes, request.POST, prefix=attributes.CUSTOMER)
    actions.set_attributes(row=contact, values=given, **_by(request))
    if name is not None and name.strip() != contact.name:
        clear = () if name.strip() else ("name",)
        actions.update_contact(contact=contact, name=name, clear=clear, **_by(request))
    return _("Saved.")


@_changes
def add_email(request: DeskRequest, conversation: Conversation) -> str:
    """The address of a customer who has none, so that replies reach them."""
    contact, email = conversation.contact, request.POST.get("email", "").strip()
    if not email:
        raise Invalid(_("Enter an email address"), field="email")
    if contact.email and contact.email != email.lower():
        raise Conflict(_("This customer has an email address by now."))
    actions.update_contact(contact=contact, email=email, **_by(request))
    return _("Address added. Replies are sent to it.")


def _by(request: DeskRequest) -> dict[str, Any]:
    return {"by": request.actor, "at": clock.now()}
