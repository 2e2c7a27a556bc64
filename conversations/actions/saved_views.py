"""Saved views of conversations or tickets: made, changed, shared, marked as favourites and put in order."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import orjson

from accounts import changes, journal, transaction
from accounts.errors import Forbidden, Invalid
from accounts.models import Team, Workspace
from accounts.permissions import Actor, ActorKind, Role, permit
from conversations import conditions, events
from conversations.models import SavedView, SavedViewFavorite, ViewSubject, Visibility
from conversations.models.saved_view import marked_by
from conversations.texts import validation

NAME_LIMIT = 400
FILTERS_LIMIT = 10_000  # bytes of JSON
SEARCH_LIMIT = 200


@transaction.atomic
def create_view(
    *,
    workspace: Workspace,
    name: str,
    filters: dict[str, Any] | None = None,
    visibility: str = Visibility.SHARED,
    subject: str = ViewSubject.TICKET,
    condition: dict[str, Any] | None = None,
    search: str = "",
    sort: str = "",
    team: Team | None = None,
    by: Actor,
    at: datetime,
) -> SavedView:
    """Save a view of conversations or tickets: a condition, a search and an order; of clients of the API, their own filters.

    A view of a team needs the team, of which a member who is no admin is one. Raises Invalid with the field at fault.
    """
    permit(by, "ticket.update")
    if subject not in ViewSubject.values:
        raise Invalid(f"subject must be {' or '.join(ViewSubject.values)}", field="subject")
    view = SavedView(
        workspace=workspace,
        name=validation.check(name, "name", longest=NAME_LIMIT),
        filters=_checked(filters or {}),
        subject=subject,
        condition=_condition(condition or {}, subject),
        search=_search(search),
        sort=_sort(sort),
        visibility=_visibility(visibility),
        team=_team(visibility, team, by),
        created_by_id=by.user_id,
        created_by_key_id=by.id if by.kind == ActorKind.API_KEY else None,
        created_at=at,
        updated_at=at,
    )
    view.save(force_insert=True)
    journal.record(events.SAVED_VIEW_CREATED, view, by=by, at=at, visibility=visibility)
    return view


@transaction.atomic
def update_view(
    *,
    view: SavedView,
    name: str | None = None,
    filters: dict[str, Any] | None = None,
    visibility: str | None = None,
    condition: dict[str, Any] | None = None,
    search: str | None = None,
    sort: str | None = None,
    team: Team | None = None,
    by: Actor,
    at: datetime,
) -> SavedView:
    """Change a view; None leaves a value alone, and filters are replaced as a whole. Raises Invalid.

    A client's own filters go where the condition or the search is changed without them: they would say something else.
    Members who are no admins change their own views alone, and those that nobody has made who is still here.
    """
    permit(by, "ticket.update", view)
    view = transaction.held(view)
    _permit_change(view, by)
    given: dict[str, Any] = {
        "name": name if name is None else validation.check(name, "name", longest=NAME_LIMIT),
        "filters": filters if filters is None else _checked(filters),
        "visibility": visibility if visibility is None else _visibility(visibility),
        "condition": condition if condition is None else _condition(condition, view.subject),
        "search": search if search is None else _search(search),
        "sort": sort if sort is None else _sort(sort),
    }
    if visibility is not None or team is not None:
        found = _team(visibility or view.visibility, team or view.team, by)
    else:
        found = view.team
    if filters is None and changes.differing(view, {name: given[name] for name in ("condition", "search")}):
        given["filters"] = {}
    changed = changes.change(view, given)
    if found != view.team:
        view.team = found
        changed.append("team")
    if not changed:
        return view
    view.updated_at = at
    view.save(update_fields=[*changed, "updated_at"])
    journal.record(events.SAVED_VIEW_UPDATED, view, by=by, at=at, fields=changed)
    return view


@transaction.atomic
def favorite_view(*, view: SavedView, favorite: bool, by: Actor, at: datetime) -> SavedView:
    """Mark a view as one's own favourite, after the others, or unmark it."""
    permit(by, "ticket.read", view)
    view = transaction.held(view)
    own = SavedViewFavorite.objects.filter(marked_by(by))
    marks = own.filter(view=view)
    if marks.exists() == favorite:
        return view
    if favorite:
        last = own.order_by("-position").values_list("position", flat=True).first()
        SavedViewFavorite.objects.create(
            workspace_id=view.workspace_id,
            view=view,
            user_id=by.user_id,
            api_key_id=by.id if by.kind == ActorKind.API_KEY else None,
            position=0 if last is None else min(last + 1, MOST_FAVORITES),
            created_at=at,
        )
    else:
        marks.delete()
    journal.record(events.SAVED_VIEW_FAVORITED, view, by=by, at=at, favorite=favorite)
    return view


MOST_FAVORITES = 30_000


@transaction.atomic
def move_view(*, view: SavedView, before: SavedView | None, by: Actor, at: datetime) -> SavedView:
    """Put one of one's favourites before another, or after all others. Raises Invalid where one of them is no favourite."""
    permit(by, "ticket.read", view)
    view = transaction.held(view)
    marks = list(
        SavedViewFavorite.objects.filter(marked_by(by)).order_by("position", "pk").select_for_update(no_key=True)
    )
    own = {mark.view_id: mark for mark in marks}
    if view.pk not in own or (before is not None and before.pk not in own):
        raise Invalid("only favorites have an order", field="before")
    order = [mark for mark in marks if mark.view_id != view.pk]
    place = len(order) if before is None or before.pk == view.pk else order.index(own[before.pk])
    if before is not None and before.pk == view.pk:
        return view
    order.insert(place, own[view.pk])
    if order == marks:
        return view
    for position, mark in enumerate(order):
        mark.position = position
    SavedViewFavorite.objects.bulk_update(order, ["position"])
    journal.record(events.SAVED_VIEW_MOVED, view, by=by, at=at)
    return view


@transaction.atomic
def delete_view(*, view: SavedView, by: Actor, at: datetime) -> None:
    """Delete a view, for everyone who finds it."""
    permit(by, "ticket.update", view)
    view = transaction.held(view)
    _permit_change(view, by)
    journal.record(events.SAVED_VIEW_DELETED, view, by=by, at=at)
    view.delete()


def _permit_change(view: SavedView, by: Actor) -> None:
    if by.kind != ActorKind.MEMBER or by.role in (Role.OWNER, Role.ADMIN):
        return
    if view.created_by_id not in (None, by.id):
        raise Forbidden("only its maker and admins can change this view")


def _checked(filters: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(filters)) > FILTERS_LIMIT:
        raise Invalid(f"filters take at most {FILTERS_LIMIT} bytes", field="filters", code="too_long")
    return filters


def _condition(condition: dict[str, Any], subject: str) -> dict[str, Any]:
    try:
        return conditions.parse(condition, subject).as_json()
    except Invalid as error:
        path = f".{error.field}" if error.field else ""
        raise Invalid(error.message, field=f"condition{path}", code=error.code) from error


def _search(search: str) -> str:
    if len(search) > SEARCH_LIMIT or not validation.can_be_kept(search):
        raise Invalid(f"a search has at most {SEARCH_LIMIT} characters", field="search", code="too_long")
    return search.strip()


def _sort(sort: str) -> str:
    if not re.fullmatch("-?[a-z_]{0,9}", sort):
        raise Invalid("there is no such order", field="sort")
    return sort


def _visibility(value: str) -> str:
    if value not in Visibility.values:
        raise Invalid(f"visibility must be {' or '.join(Visibility.values)}", field="visibility")
    return value


def _team(visibility: str, team: Team | None, by: Actor) -> Team | None:
    if visibility != Visibility.TEAM:
        return None
    if team is None or team.workspace_id != by.workspace_id:
        raise Invalid("choose the team that finds this view", field="team", code="required")
    is_admin = by.role in (Role.OWNER, Role.ADMIN)
    if by.kind == ActorKind.MEMBER and not is_admin and not team.members.filter(pk=by.id).exists():
        raise Invalid("this must be one of your teams", field="team")
    return team
