"""The verbs of widgets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts import changes, journal, transaction
from accounts.errors import Invalid
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations import events
from conversations.actions import checking
from conversations.chat import languages
from conversations.models import ChatRestore, Position, Widget
from conversations.models.chat import POSTHOG_TOKEN, WOES_KEY, new_key

LONGEST = {"name": 100, "title": 100, "greeting": 1000, "offline_message": 1000, "launcher_text": 60}
ASKED = ("name", "email")
_MODES = ("optional", "required")


@transaction.atomic
def create_widget(
    *,
    workspace: Workspace,
    name: str,
    woes_key: bool = False,
    posthog_token: bool = False,
    by: Actor,
    at: datetime,
    **values: Any,
) -> Widget:
    """Create a widget, also with a key in the form of Woes or PostHog; `values` as for `update_widget`. Raises Invalid."""
    permit(by, "widget.write")
    widget = Widget(workspace=workspace, created_at=at, updated_at=at)
    changes.change(widget, _checked(widget, {**values, "name": name}), unset=changes.UNSET)
    widget.woes_key = new_key(WOES_KEY) if woes_key else None
    widget.posthog_token = new_key(POSTHOG_TOKEN) if posthog_token else None
    widget.save(force_insert=True)
    journal.record(events.WIDGET_CREATED, widget, by=by, at=at)
    return widget


@transaction.atomic
def update_widget(*, widget: Widget, by: Actor, at: datetime, **values: Any) -> Widget:
    """Change a widget: name, allowed_origins, language, title, greeting, offline_message, color, position, launcher_text, standard,
    follows_hours, assistant_first, accepts_files, team, assignee and is_active; those that are not given stay. Raises Invalid
    with the field at fault.
    """
    permit(by, "widget.write", widget)
    widget = transaction.held(widget)
    changed = changes.change(widget, _checked(widget, values), unset=changes.UNSET)
    if not changed:
        return widget
    widget.updated_at = at
    widget.save(update_fields=[*changed, "updated_at"])
    journal.record(events.WIDGET_UPDATED, widget, by=by, at=at, fields=changed)
    return widget


@transaction.atomic
def add_keys(*, widget: Widget, woes_key: bool = False, posthog_token: bool = False, by: Actor, at: datetime) -> Widget:
    """Give a widget a key in the form of Woes or PostHog, unless it has one."""
    permit(by, "widget.write", widget)
    widget = transaction.held(widget)
    given = {
        "woes_key": widget.woes_key or (new_key(WOES_KEY) if woes_key else None),
        "posthog_token": widget.posthog_token or (new_key(POSTHOG_TOKEN) if posthog_token else None),
    }
    changed = changes.change(widget, given)
    if changed:
        widget.updated_at = at
        widget.save(update_fields=[*changed, "updated_at"])
        journal.record(events.WIDGET_UPDATED, widget, by=by, at=at, fields=changed)
    return widget


@transaction.atomic
def delete_widget(*, widget: Widget, by: Actor, at: datetime) -> None:
    """Delete a widget with the sessions of its visitors. Their conversations stay."""
    permit(by, "widget.write", widget)
    widget = transaction.held(widget)
    journal.record(events.WIDGET_DELETED, widget, by=by, at=at)
    ChatRestore.objects.filter(widget=widget).delete()  # before the sessions, as everywhere
    widget.delete()


def _checked(widget: Widget, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _CHECKS[name](widget, value) for name, value in values.items()}


def _line(name: str, *, blank: bool = True) -> Any:
    return lambda widget, value: checking.line(value, name, LONGEST[name], blank=blank)


def _text(name: str) -> Any:
    return lambda widget, value: checking.text(value, name, LONGEST[name])


def _yes(widget: Widget, value: Any) -> bool:
    return bool(value)


def _language(widget: Widget, value: str) -> str:
    if value and value not in languages.names():
        raise Invalid("this language is not known", field="language")
    return value


def _color(widget: Widget, value: str) -> str:
    value = value.strip().lower()
    if not re.fullmatch("#[0-9a-f]{6}", value):
        raise Invalid("a colour is like #1f5eff", field="color")
    return value


def _position(widget: Widget, value: str) -> str:
    if value not in Position.values:
        raise Invalid(f"position must be {' or '.join(Position.values)}", field="position")
    return value


def _standard(widget: Widget, value: Mapping[str, str]) -> dict[str, str]:
    if any(field not in ASKED or mode not in _MODES for field, mode in value.items()):
        raise Invalid("name and email can be optional or required", field="standard")
    return {field: value[field] for field in ASKED if field in value}


_CHECKS: Mapping[str, Any] = {
    "name": _line("name", blank=False),
    "title": _line("title"),
    "greeting": _text("greeting"),
    "offline_message": _text("offline_message"),
    "launcher_text": _line("launcher_text"),
    "language": _language,
    "color": _color,
    "position": _position,
    "standard": _standard,
    "allowed_origins": lambda widget, value: checking.origins(value),
    "team": lambda widget, value: checking.team(widget.workspace_id, value),
    "assignee": lambda widget, value: checking.assignee(widget.workspace_id, value),
    "follows_hours": _yes,
    "assistant_first": _yes,
    "accepts_files": _yes,
    "is_active": _yes,
}
