"""Saved views: filters under a name, private or shared, and marked as favourites."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from accounts import changes, journal, transaction
from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, ActorKind, permit
from conversations import events
from conversations.models import SavedView, SavedViewFavorite, Visibility
from conversations.models.saved_view import marked_by
from conversations.texts import validation

NAME_LIMIT = 400
FILTERS_LIMIT = 10_000  # bytes of JSON


@transaction.atomic
def create_view(
    *,
    workspace: Workspace,
    name: str,
    filters: dict[str, Any] | None = None,
    visibility: str = Visibility.SHARED,
    by: Actor,
    at: datetime,
) -> SavedView:
    """Save a set of filters. Raises Invalid with the field at fault."""
    permit(by, "ticket.update")
    view = SavedView(
        workspace=workspace,
        name=validation.check(name, "name", longest=NAME_LIMIT),
        filters=_checked(filters or {}),
        visibility=_visibility(visibility),
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
    by: Actor,
    at: datetime,
) -> SavedView:
    """Change a view; None leaves a value alone, and filters are replaced as a whole. Raises Invalid."""
    permit(by, "ticket.update", view)
    given = {
        "name": name if name is None else validation.check(name, "name", longest=NAME_LIMIT),
        "filters": filters if filters is None else _checked(filters),
        "visibility": visibility if visibility is None else _visibility(visibility),
    }
    view = transaction.held(view)
    changed = changes.change(view, given)
    if not changed:
        return view
    view.updated_at = at
    view.save(update_fields=[*changed, "updated_at"])
    journal.record(events.SAVED_VIEW_UPDATED, view, by=by, at=at, fields=changed)
    return view


@transaction.atomic
def favorite_view(*, view: SavedView, favorite: bool, by: Actor, at: datetime) -> SavedView:
    """Mark a view as one's own favourite, or unmark it."""
    permit(by, "ticket.read", view)
    view = transaction.held(view)
    marks = SavedViewFavorite.objects.filter(marked_by(by), view=view)
    if marks.exists() == favorite:
        return view
    if favorite:
        SavedViewFavorite.objects.create(
            workspace_id=view.workspace_id,
            view=view,
            user_id=by.user_id,
            api_key_id=by.id if by.kind == ActorKind.API_KEY else None,
            created_at=at,
        )
    else:
        marks.delete()
    journal.record(events.SAVED_VIEW_FAVORITED, view, by=by, at=at, favorite=favorite)
    return view


@transaction.atomic
def delete_view(*, view: SavedView, by: Actor, at: datetime) -> None:
    """Delete a view, for everyone who finds it."""
    permit(by, "ticket.update", view)
    view = transaction.held(view)
    journal.record(events.SAVED_VIEW_DELETED, view, by=by, at=at)
    view.delete()


def _checked(filters: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(filters)) > FILTERS_LIMIT:
        raise Invalid(f"filters take at most {FILTERS_LIMIT} bytes", field="filters", code="too_long")
    return filters


def _visibility(value: str) -> str:
    if value not in Visibility.values:
        raise Invalid(f"visibility must be {' or '.join(Visibility.values)}", field="visibility")
    return value
