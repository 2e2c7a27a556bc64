"""The saved views that a member finds."""

from __future__ import annotations

from typing import cast

from accounts.errors import NotFound
from accounts.permissions import Actor
from conversations.models import SavedView
from conversations.models.saved_view import SavedViewQuerySet

MOST = 500


def saved_views(actor: Actor, subject: str | None = None) -> SavedViewQuerySet:
    """The views that the actor finds: own favourites in their order, then the others by name."""
    rows = cast(SavedViewQuerySet, SavedView.objects.get_queryset()).visible_to(actor).in_order_of(actor)
    return rows if subject is None else rows.filter(subject=subject)


def saved_view(actor: Actor, short_id: str) -> SavedView:
    """One of them. Raises NotFound."""
    found = saved_views(actor).filter(short_id=short_id).first() if short_id.isalnum() and short_id.isascii() else None
    if found is None:
        raise NotFound("there is no such view")
    return found
