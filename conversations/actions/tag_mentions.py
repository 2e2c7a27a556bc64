"""What names a tag beside the rows that have it: saved views and macros, which follow it where it is renamed, merged or deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts.permissions import Actor
from conversations import events
from conversations.conditions import retagging
from conversations.models import Macro, SavedView

Mentions = tuple[list[SavedView], list[Macro]]


def hold(name: str) -> Mentions:
    """The saved views and the macros that name a tag, locked in their order."""
    views = [view.pk for view in SavedView.objects.order_by("pk").iterator() if _of_view(view, name, "")]
    macros = [macro.pk for macro in _macros() if _of_macro(macro, name, "")]
    return (
        [transaction.held(view) for view in SavedView.objects.filter(pk__in=views).order_by("pk")],
        [transaction.held(macro) for macro in Macro.objects.filter(pk__in=macros).order_by("pk")],
    )


def _macros() -> Iterable[Macro]:
    return Macro.objects.only("pk", "body", "effects", "condition").order_by("pk").iterator()


def replace(held: Mentions, name: str, by_name: str | None, *, by: Actor, at: datetime) -> None:
    """Put another tag into the place of one in what was held. Without another, conditions keep it and macros set it no more."""
    for view in held[0]:
        if changed := _of_view(view, name, by_name):
            _save(view, changed, at)
            journal.record(events.SAVED_VIEW_UPDATED, view, by=by, at=at, fields=changed)
    for macro in held[1]:
        if changed := _of_macro(macro, name, by_name):
            _save(macro, changed, at)
            journal.record(events.MACRO_UPDATED, macro, by=by, at=at, fields=changed)


def _save(row: SavedView | Macro, changed: list[str], at: datetime) -> None:
    row.updated_at = at
    row.save(update_fields=[*changed, "updated_at"])


def _of_view(view: SavedView, name: str, by_name: str | None) -> list[str]:
    """Change a view in memory; returns which of its fields."""
    return _changed(
        view,
        condition=retagging.in_condition(view.condition, name, by_name),
        filters=retagging.in_filters(view.filters, name, by_name),
        search=retagging.in_search(view.search, name, by_name),
    )


def _of_macro(macro: Macro, name: str, by_name: str | None) -> list[str]:
    """Change a macro in memory; returns which of its fields. One that would do and say nothing stays as it is."""
    effects = retagging.in_effects(macro.effects, name, by_name)
    if by_name is None and not effects and not macro.body.strip():
        effects = macro.effects
    return _changed(macro, condition=retagging.in_condition(macro.condition, name, by_name), effects=effects)


def _changed(row: SavedView | Macro, **given: Any) -> list[str]:
    changed = [field for field, value in given.items() if getattr(row, field) != value]
    for field in changed:
        setattr(row, field, given[field])
    return changed
