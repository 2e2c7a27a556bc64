"""Macros: in the knowledge base, and in the composer's menu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from accounts import clock
from accounts.errors import Invalid
from accounts.permissions import permit
from conversations.effects import Effect, described, described_each
from conversations.knowledge import actions as knowledge_actions
from conversations.knowledge import placeholders
from conversations.knowledge import queries as knowledge_queries
from conversations.knowledge.macro_conditions import condition_of, offered, words
from conversations.knowledge.macro_effects import effects_of
from conversations.models import Macro
from conversations.queries import conversations as queries
from conversations.screens.condition_form import EDIT, Editor
from conversations.screens.effects_form import EffectsForm, initial_of
from conversations.screens.knowledge import forms, labels
from conversations.screens.knowledge.articles import PAGE, KnowledgePlace, listed, page, reads_or_writes, saved
from conversations.screens.shell import DeskRequest, screen

MOST_IN_MENU = 300
"""How many macros the composer's menu holds; the page filters them while someone types."""


@require_GET
@screen
def macros(request: DeskRequest) -> HttpResponse:
    """The macros by name, or those that match a search."""
    permit(request.actor, "knowledge.read")
    search = KnowledgePlace.of(request).search
    try:
        found = knowledge_queries.macro_page(search=search, after=request.GET.get("after"), limit=PAGE)
    except Invalid as error:
        raise Http404("no such page") from error
    empty = labels.NOT_FOUND if search else labels.EMPTY["macros"]
    return listed(request, "macros", {"rows": found.rows, "next": found.next, "empty": empty})


@require_GET
@screen
def macro(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """One macro, to read."""
    permit(request.actor, "knowledge.read")
    row = knowledge_queries.macro(public_id)
    facts = {
        "macro": row,
        "actions": described(effects_of(row)),
        "condition": words(condition_of(row)) if row.condition else "",
        "uses": _uses(row),
    }
    return page(request, "knowledge/macros/read.html", facts)


@reads_or_writes
@screen
def new(request: DeskRequest) -> HttpResponse:
    """Add a macro."""
    permit(request.actor, "knowledge.write")
    form, does, editor, condition = _sent(request, {}, {}, (), {})

    def save(given: dict[str, Any]) -> Macro:
        at = clock.now()
        return knowledge_actions.create_macro(
            workspace=request.workspace, effects=does.effects, condition=condition, by=request.actor, at=at, **given
        )

    if form.is_bound and does.is_valid() and condition is not None and (made := saved(form, save)):
        return _done(request, made)
    return _form(request, form, does, editor)


@reads_or_writes
@screen
def edit(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Change a macro."""
    permit(request.actor, "knowledge.write")
    row = knowledge_queries.macro(public_id)
    began_from = {"name": row.name, "body": row.body}
    does_from, others = initial_of(effects_of(row))
    form, does, editor, condition = _sent(request, began_from, does_from, others, row.condition or {})

    def save(given: dict[str, Any]) -> Macro:
        at = clock.now()
        return knowledge_actions.update_macro(
            macro=row, effects=does.effects, condition=condition, by=request.actor, at=at, **given
        )

    if form.is_bound and does.is_valid() and condition is not None and (changed := saved(form, save)):
        return _done(request, changed)
    return _form(request, form, does, editor, row)


def _sent(
    request: DeskRequest,
    began_from: dict[str, Any],
    does_from: dict[str, Any],
    others: Sequence[Effect],
    stored: dict[str, Any],
) -> tuple[forms.MacroForm, EffectsForm, Editor, dict[str, Any] | None]:
    """The forms and the editor of the condition as they were sent, with the condition if it is right.

    After a button of the editor they are still to be sent.
    """
    if request.method != "POST":
        editor = Editor.of_json("conversation", stored)
        return forms.MacroForm(initial=began_from), EffectsForm(initial=does_from, others=others), editor, None
    editor = Editor.of_post("conversation", request.POST, stored)
    if EDIT in request.POST:
        editor.edited(request.POST[EDIT])
        form = forms.MacroForm(initial=request.POST.dict())
        return form, EffectsForm(initial=request.POST.dict(), others=others), editor, None
    return forms.MacroForm(request.POST), EffectsForm(request.POST, others=others), editor, editor.json()


@reads_or_writes
@screen
def delete(request: DeskRequest, public_id: UUID) -> HttpResponse:
    """Ask, then delete a macro."""
    permit(request.actor, "knowledge.write")
    row = knowledge_queries.macro(public_id)
    if request.method != "POST":
        return page(request, "knowledge/macros/delete.html", {"macro": row})
    knowledge_actions.delete_macro(macro=row, by=request.actor, at=clock.now())
    messages.success(request, _("Macro deleted."))
    return redirect("macros", request.workspace.slug)


@require_GET
@screen
def composer_menu(request: DeskRequest, number: int) -> HttpResponse:
    """The menu of the composer: every macro's name and beginning."""
    permit(request.actor, "knowledge.read")
    conversation = queries.by_number(number)
    found = knowledge_queries.macro_page(limit=MOST_IN_MENU)
    rows = offered(found.rows, conversation, request.actor)
    openings = {row: row.opening for row in rows}  # type: ignore[attr-defined] # as macro_page annotates
    does = described_each([effects_of(row) for row in openings])
    facts = {
        "workspace": request.workspace,
        "conversation": conversation,
        "macros": [
            (row, placeholders.filled(text, conversation, request.user), actions)
            for (row, text), actions in zip(openings.items(), does, strict=True)
        ],
        "has_more": found.has_more,
    }
    return render(request, "inbox/macros.html", facts)


@require_GET
@screen
def filled_in(request: DeskRequest, number: int, public_id: UUID) -> HttpResponse:
    """A macro's text with its placeholders filled in for one conversation."""
    permit(request.actor, "knowledge.read")
    row, conversation = knowledge_queries.macro(public_id), queries.by_number(number)
    text = placeholders.filled(row.body, conversation, request.user)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def _done(request: DeskRequest, row: Macro) -> HttpResponse:
    messages.success(request, _("Saved."))
    return redirect("macro", request.workspace.slug, row.public_id)


def _form(
    request: DeskRequest, form: forms.MacroForm, does: EffectsForm, editor: Editor, row: Macro | None = None
) -> HttpResponse:
    facts = {
        "form": form,
        "editor": editor,
        "effects_form": does,
        "other_actions": described(does.others),
        "macro": row,
        "placeholders": placeholders.PLACEHOLDERS,
    }
    return page(request, "knowledge/macros/form.html", facts, status=422 if form.is_bound else 200)


def _uses(row: Macro) -> str:
    count = knowledge_queries.uses(row)
    if not count:
        return _("Not used in the last 30 days.")
    return ngettext("Used %(num)s time in 30 days.", "Used %(num)s times in 30 days.", count) % {"num": count}
