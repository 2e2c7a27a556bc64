"""Saved views: everyone sees those that they find; agents change their own, and admins all of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.errors import DomainError, Invalid, NotFound
from accounts.permissions import ActorKind, Role, may, permit
from conversations import actions, conditions
from conversations.models import SavedView, ViewSubject, Visibility
from conversations.queries import saved_views as queries
from conversations.screens import saved_views
from conversations.screens.condition_form import EDIT, Editor
from conversations.screens.settings import frame
from conversations.screens.settings.saved_views import inputs
from conversations.screens.shell import DeskRequest, is_fragment, remember, screen


@dataclass(frozen=True, slots=True)
class Line:
    """A view as the list shows it."""

    view: SavedView
    url: str
    about: str
    is_favorite: bool
    is_first: bool
    is_last: bool
    next_but_one: str
    """Before which favourite it comes when it moves down."""
    previous: str
    may_change: bool


@require_safe
@screen
def listing(request: DeskRequest) -> HttpResponse:
    """The views that the member finds: own favourites in their order, then the others."""
    permit(request.actor, "ticket.read")
    remember(request)
    found = list(queries.saved_views(request.actor)[: queries.MOST])
    favorites = [view for view in found if view.is_favorited]  # type: ignore[attr-defined]  # as the query annotates
    facts = {
        **frame.facts(request, "saved-views"),
        "favorites": [_line(request, view, favorites, n) for n, view in enumerate(favorites)],
        "others": [_line(request, view, favorites, None) for view in found if view not in favorites],
        "may_write": may(request.actor, "ticket.update"),
    }
    template = "settings/saved_views/lines.html" if is_fragment(request) else "settings/saved_views/list.html"
    return render(request, template, facts)


def _line(request: DeskRequest, view: SavedView, favorites: list[SavedView], place: int | None) -> Line:
    after = [one.short_id for one in favorites[place + 2 :]] if place is not None else []
    return Line(
        view=view,
        url=_url(request, view),
        about=_about(view),
        is_favorite=place is not None,
        is_first=place == 0,
        is_last=place == len(favorites) - 1,
        next_but_one=after[0] if after else "",
        previous=favorites[place - 1].short_id if place else "",
        may_change=_may_change(request, view),
    )


def _about(view: SavedView) -> str:
    """What it lists, in words."""
    try:
        text = conditions.described(conditions.parse(view.condition, view.subject))
    except Invalid:
        text = _("Asks for something that no longer exists")
    search = _("Search: %(text)s") % {"text": view.search} if view.search else ""
    return " · ".join(filter(None, [text, search])) or _("Everything")


def _url(request: DeskRequest, view: SavedView) -> str:
    """The list that it opens."""
    try:
        path = reverse(
            "inbox" if view.subject == ViewSubject.CONVERSATION else "tickets", args=[request.workspace.slug]
        )
    except NoReverseMatch:
        return ""
    return f"{path}?{urlencode({'view': saved_views.key_of(view.short_id)})}"


def _may_change(request: DeskRequest, view: SavedView) -> bool:
    actor = request.actor
    is_own = actor.kind == ActorKind.MEMBER and view.created_by_id in (None, actor.id)
    return may(actor, "ticket.update") and (is_own or actor.role in (Role.OWNER, Role.ADMIN))


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def new(request: DeskRequest) -> HttpResponse:
    """Save what a list shows, which is in the address; or put it in place of the saved view from which it began."""
    permit(request.actor, "ticket.update")
    shown = saved_views.shown(request.GET, request.actor)
    replaced = saved_views.of_key(request.GET.get("view", ""), request.actor, shown.subject)
    began = {
        "name": "",
        "visibility": Visibility.PRIVATE,
        "sort": shown.sort or inputs.SORTS[shown.subject][0][0],
        "search": shown.search,
    }
    if (
        request.method == "POST"
        and "replace" in request.POST
        and replaced is not None
        and _may_change(request, replaced)
    ):
        actions.update_view(
            view=replaced, condition=shown.condition.as_json(), search=shown.search, sort=shown.sort, by=request.actor, at=clock.now(),
        )  # fmt: skip
        messages.success(request, _("Saved."))
        return redirect(
            _url(request, replaced) or "saved-views", *([] if _url(request, replaced) else [request.workspace.slug])
        )
    form, editor, condition = _sent(request, shown.subject, None, began, shown.condition.as_json())
    if form.is_bound and form.is_valid() and condition is not None:
        try:
            made = actions.create_view(
                workspace=request.workspace,
                subject=shown.subject,
                condition=condition,
                by=request.actor,
                at=clock.now(),
                **form.values,
            )
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved as “%(name)s”.") % {"name": made.name})
            return redirect(_url(request, made) or reverse("saved-views", args=[request.workspace.slug]))
    may_replace = replaced is not None and _may_change(request, replaced)
    return _form(request, form, editor, about=_about(SavedView(subject=shown.subject, condition=shown.condition.as_json(), search=shown.search)),
                 subject=shown.subject, replaced=replaced if may_replace else None)  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def edit(request: DeskRequest, short_id: str) -> HttpResponse:
    """Show a view, and change it."""
    permit(request.actor, "ticket.read")
    row = queries.saved_view(request.actor, short_id)
    if not _may_change(request, row):
        if request.method == "POST":
            permit(request.actor, "ticket.update", row)
            raise NotFound("this view is another's")
        facts = {
            **frame.facts(request, "saved-views"),
            "row": row,
            "about": _about(row),
            "open_url": _url(request, row),
        }
        return render(request, "settings/saved_views/read.html", facts)
    began = {
        "name": row.name,
        "visibility": row.visibility,
        "team": str(row.team_id or ""),
        "sort": row.sort,
        "search": row.search,
    }
    form, editor, condition = _sent(request, row.subject, row, began, row.condition)
    if form.is_bound and form.is_valid() and condition is not None:
        try:
            actions.update_view(view=row, condition=condition, by=request.actor, at=clock.now(), **form.values)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, _("Saved."))
            return redirect("saved-views", request.workspace.slug)
    return _form(request, form, editor, about=_about(row), subject=row.subject, row=row)


def _sent(
    request: DeskRequest, subject: str, row: SavedView | None, began: dict[str, Any], stored: dict[str, Any]
) -> tuple[inputs.ViewForm, Editor, dict[str, Any] | None]:
    """The form and the editor as they were sent, with the condition if it is right; after a button of the editor, still to be sent."""
    if request.method != "POST":
        return inputs.ViewForm(request.actor, subject, row, initial=began), Editor.of_json(subject, stored), None
    editor = Editor.of_post(subject, request.POST, stored)
    if EDIT in request.POST:
        editor.edited(request.POST[EDIT])
        typed = {name: request.POST.get(name, "") for name in inputs.ViewForm.base_fields}
        return inputs.ViewForm(request.actor, subject, row, initial=typed), editor, None
    return inputs.ViewForm(request.actor, subject, row, request.POST), editor, editor.json()


def _form(request: DeskRequest, form: inputs.ViewForm, editor: Editor, **facts: Any) -> HttpResponse:
    remember(request)
    context = {**frame.facts(request, "saved-views", "ticket.update"), "form": form, "editor": editor, **facts}
    return render(request, "settings/saved_views/form.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@screen
def delete(request: DeskRequest, short_id: str) -> HttpResponse:
    """Ask, then delete a view."""
    permit(request.actor, "ticket.update")
    row = queries.saved_view(request.actor, short_id)
    if request.method != "POST":
        return render(
            request,
            "settings/saved_views/delete.html",
            {**frame.facts(request, "saved-views", "ticket.update"), "row": row},
        )
    actions.delete_view(view=row, by=request.actor, at=clock.now())
    messages.success(request, _("%(name)s was deleted.") % {"name": row.name})
    return redirect("saved-views", request.workspace.slug)


@require_POST
@screen
def favorite(request: DeskRequest, short_id: str) -> HttpResponse:
    """Mark a view as a favourite, or unmark it."""
    row = queries.saved_view(request.actor, short_id)
    actions.favorite_view(view=row, favorite=request.POST.get("favorite") == "yes", by=request.actor, at=clock.now())
    return redirect("saved-views", request.workspace.slug)


@require_POST
@screen
def move(request: DeskRequest, short_id: str) -> HttpResponse:
    """Put a favourite before another one, or after all others."""
    row = queries.saved_view(request.actor, short_id)
    before = request.POST.get("before", "")
    try:
        other = queries.saved_view(request.actor, before) if before else None
        actions.move_view(view=row, before=other, by=request.actor, at=clock.now())
    except Invalid:
        messages.error(request, _("The order has changed meanwhile. Nothing was moved."))
    return redirect("saved-views", request.workspace.slug)
