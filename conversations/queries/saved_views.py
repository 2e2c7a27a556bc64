"""The saved views that a member finds."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from django.db.models import QuerySet

from accounts.compiled import compiled
from accounts.errors import NotFound
from accounts.permissions import Actor, ActorKind, Role
from conversations.models import SavedView
from conversations.models.saved_view import SavedViewQuerySet

MOST = 500
MOST_IN_MENU = 40


class InMenu(NamedTuple):
    """A view in a menu."""

    pk: int
    name: str
    short_id: str
    is_favorite: bool


def saved_views(actor: Actor, subject: str | None = None) -> SavedViewQuerySet:
    """The views that the actor finds: own favourites in their order, then the others by name."""
    rows = cast(SavedViewQuerySet, SavedView.objects.get_queryset()).visible_to(actor).in_order_of(actor)
    return rows if subject is None else rows.filter(subject=subject)


@compiled
def _in_menu(subject: str, role: str, limit: int, *, person: int) -> QuerySet[SavedView, tuple[Any, ...]]:
    member = Actor(ActorKind.MEMBER, 0, person, Role(role))
    rows = saved_views(member, subject).select_related(None)
    return rows.values_list("pk", "name", "short_id", "is_favorited")[:limit]  # type: ignore[misc]  # annotated


def in_menu(actor: Actor, subject: str) -> list[InMenu]:
    """The first of a member's views, as a menu shows them."""
    found = _in_menu.rows(subject, str(actor.role), MOST_IN_MENU, person=actor.id)
    return list(map(InMenu._make, found))


def saved_view(actor: Actor, short_id: str) -> SavedView:
    """One of them. Raises NotFound."""
    found = saved_views(actor).filter(short_id=short_id).first() if short_id.isalnum() and short_id.isascii() else None
    if found is None:
        raise NotFound("there is no such view")
    return found
