"""Which conversations a ticket has."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from conversations import actions
from conversations.queries import conversations as conversation_queries
from conversations.screens import errors
from conversations.screens.shell import DeskRequest, screen
from conversations.screens.ticketing import Done
from conversations.screens.tickets import forms, queries
from conversations.screens.tickets.changes import answered, changes
from tickets.models import Ticket


@changes(forms.LinkForm)
def link(request: DeskRequest, ticket: Ticket, given: dict[str, Any]) -> Done:
    """Link a conversation, instead of the ticket that it may have had."""
    try:
        conversation = conversation_queries.by_number(given["conversation"])
    except NotFound as error:
        raise errors.no_conversation() from error
    if conversation.ticket_id == ticket.pk:
        return Done(_("#%(number)s is linked already.") % {"number": conversation.number})
    if conversation.ticket_id is not None:
        raise errors.linked_elsewhere()
    actions.link(conversation=conversation, ticket=ticket, by=request.actor, at=clock.now())
    text = _("#%(number)s linked.") % {"number": conversation.number}
    return Done(text, "unlink", (("expected", ""),), undo_path=(conversation.number,))


@require_POST
@screen
def unlink(request: DeskRequest, number: int, conversation: int) -> HttpResponse:
    """Take a conversation off the ticket."""
    ticket, row = queries.by_number(number), conversation_queries.by_number(conversation)
    if row.ticket_id != ticket.pk:
        return answered(request, number, Done(""), _("#%(number)s is not linked any more.") % {"number": conversation})
    try:
        actions.unlink(conversation=row, by=request.actor, at=clock.now())
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return answered(request, number, Done(""), errors.of_error(error))
    values = (("conversation", str(conversation)), ("expected", ""))
    done = Done(_("#%(number)s unlinked.") % {"number": conversation}, "link", values)
    return answered(request, number, done)
