"""Applying a macro to the open conversation: a preview of all that it does, and doing it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import clock
from accounts.errors import DomainError, Forbidden, NotFound
from accounts.permissions import permit
from conversations.effects import planned
from conversations.knowledge import actions as knowledge_actions
from conversations.knowledge import queries as knowledge_queries
from conversations.knowledge.macro_conditions import holds
from conversations.knowledge.macro_effects import effects_of, filled, text_of
from conversations.queries import conversations as queries
from conversations.screens import errors
from conversations.screens.inbox.changes import answered
from conversations.screens.inbox.place import Place
from conversations.screens.shell import DeskRequest, screen


@require_GET
@screen
def preview(request: DeskRequest, number: int, public_id: UUID) -> HttpResponse:
    """The macro's text with its placeholders filled in, and what would change in the conversation; nothing changes."""
    permit(request.actor, "conversation.update")
    macro, conversation = knowledge_queries.macro(public_id), queries.by_number(number)
    wanted = filled(effects_of(macro), conversation, request.actor)
    plan = planned(wanted, conversation=conversation, by=request.actor, at=clock.now())
    facts = {
        "workspace": request.workspace,
        "place": Place.of(request),
        "conversation": conversation,
        "macro": macro,
        "text": text_of(macro, conversation, request.actor),
        "plan": plan,
        "is_offered": (is_offered := holds(macro, conversation, request.actor)),
        "has_faults": not is_offered or any(one.fault for one in plan),
    }
    return render(request, "inbox/macro_preview.html", facts)


@require_POST
@screen
def apply(request: DeskRequest, number: int, public_id: UUID) -> HttpResponse:
    """Do what the macro does; its text is in the composer by then. The toast undoes all of it."""
    macro, conversation = knowledge_queries.macro(public_id), queries.by_number(number)
    try:
        applied = knowledge_actions.apply_macro(
            macro=macro, conversation=conversation, by=request.actor, at=clock.now()
        )
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return answered(request, number, text="", fault=errors.of_error(error))
    text = _("“%(name)s” applied.") % {"name": macro.name}
    return answered(request, number, text=text, undo=applied.event if applied.changes else None)


@require_POST
@screen
def used(request: DeskRequest, number: int, public_id: UUID) -> HttpResponse:
    """Count the use of a macro that is a text alone, which the page has inserted."""
    macro = knowledge_queries.macro(public_id)
    if not macro.effects:
        conversation = queries.by_number(number)
        knowledge_actions.apply_macro(macro=macro, conversation=conversation, by=request.actor, at=clock.now())
    return HttpResponse(status=204)
