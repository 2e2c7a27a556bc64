"""One part of the editor of a condition, after a button, another field, or the JSON was changed; and how many rows match."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.errors import NotFound
from accounts.permissions import permit
from conversations import conditions
from conversations.conditions import Condition, Context
from conversations.conditions.typed import typed
from conversations.queries import conversations as queries
from conversations.queries import search as search_queries
from conversations.queries import tickets as ticket_queries
from conversations.screens import condition_form
from conversations.screens.condition_form import Editor
from conversations.screens.condition_parts import Box
from conversations.screens.shell import DeskRequest, screen
from tickets import queries as tickets

CAP = 1_000
"""Matches are counted up to here."""


@require_POST
@screen
def edit(request: DeskRequest, subject: str) -> HttpResponse:
    """Answer what `edit` asks: a new or a changed part, the whole editor for JSON that was changed, or a count of what matches."""
    if subject == "conversation":
        permit(request.actor, "conversation.read")
    elif subject == "ticket":
        permit(request.actor, "ticket.read")
    else:
        raise NotFound("there are no conditions on this")
    action, editor = request.POST.get(condition_form.EDIT, ""), Editor.of_post(subject, request.POST)
    facts = {"workspace": request.workspace, "editor": editor}
    if action == "check":
        return _checked(request, editor)
    if action == "json":
        editor.json()
        return render(request, "components/condition_editor.html", facts)
    part = editor.edited(action)
    if part is None:
        raise NotFound("there is no such part")
    name = "box" if isinstance(part, Box) else "row"
    return render(request, f"components/condition_{name}.html", {**facts, "part": part})


def _checked(request: DeskRequest, editor: Editor) -> HttpResponse:
    made = editor.json()
    facts: dict[str, object] = {"workspace": request.workspace, "editor": editor, "is_right": made is not None}
    if made is not None:
        condition = conditions.parse(made, editor.subject)
        count = _count(condition, request.POST.get("search", "").strip()[:200], request.user.pk)
        facts |= {"count": min(count, CAP), "is_capped": count > CAP, "words": conditions.described(condition)}
    return render(request, "components/condition_check.html", facts)


def _count(condition: Condition, search: str, user: int) -> int:
    """How many conversations of the team, or tickets, a condition and a search hold; at most one more than CAP."""
    context = Context(at=clock.now(), me=user)
    if condition.subject == "ticket":
        rows = conditions.for_tickets(tickets.tickets(), condition, context)
        return (ticket_queries.matching(rows, search) if search else rows).order_by()[: CAP + 1].count()
    words, more = typed(search) if search else ("", conditions.every("conversation"))
    condition = condition.and_also(more)
    names_handler = any(leaf.field.name == "handler" for leaf in condition.leaves())
    rows_of_all = queries.conversations()
    among = (
        rows_of_all.exclude(assistant_thread__deleted_at__isnull=False) if names_handler else rows_of_all.for_people()
    )
    found = among.filter(conditions.to_q(condition, context))
    if words:
        found = search_queries.matching(found, search_queries.words(words))
    return found.order_by()[: CAP + 1].count()
