"""The words of tickets: statuses, priorities, and the lines of a history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import moments
from accounts.models import Workspace
from accounts.permissions import ActorKind
from conversations import events as conversation_events
from conversations.screens.dates import moment
from conversations.screens.ticketing import PRIORITY, STATUS
from conversations.screens.tickets.queries import HistoryLine
from tickets import events
from tickets.models import TicketPriority

TABS: Mapping[str, str | Promise] = {"unresolved": gettext_lazy("Unresolved"), **STATUS, "all": gettext_lazy("All")}
URGENT: Mapping[str, str] = {TicketPriority.CRITICAL: "bad", TicketPriority.HIGH: "warn"}
SORTS: Mapping[str, str | Promise] = {
    "updated": gettext_lazy("Last changed"),
    "created": gettext_lazy("Newest"),
    "due": gettext_lazy("Due next"),
}
_ACTORS: Mapping[str, str | Promise] = {
    ActorKind.API_KEY: gettext_lazy("The API"),
    ActorKind.CONTACT: gettext_lazy("The customer"),
    ActorKind.ASSISTANT: gettext_lazy("The assistant"),
    ActorKind.SYSTEM: gettext_lazy("Parley"),
}
_FIELDS: Mapping[str, str | Promise] = {
    "subject": gettext_lazy("the subject"),
    "sla_due_at": gettext_lazy("the due date"),
    "escalation_reason": gettext_lazy("the reason"),
}
_NOTES: Mapping[str, str | Promise] = {
    events.TICKET_NOTE_ADDED.name: gettext_lazy("Note added"),
    events.TICKET_NOTE_EDITED.name: gettext_lazy("Note edited"),
    events.TICKET_NOTE_DELETED.name: gettext_lazy("Note deleted"),
}


def actor(line: HistoryLine) -> str:
    """Who did it."""
    if line.actor is not None:
        return line.actor.get_short_name()
    return str(_ACTORS.get(line.event.actor_kind, _("Someone")))


def happened(line: HistoryLine, number: int, workspace: Workspace) -> SafeString:
    """What happened to the ticket of a number, as a sentence; names and tags are escaped."""
    kind, data = line.event.type, line.event.data
    if kind == events.TICKET_STATUS_CHANGED.name:
        return format_html(_("Status: <b>{}</b>, was {}"), _status(data.get("status")), _status(data.get("previous")))
    if kind == events.TICKET_ASSIGNED.name:
        if line.assignee is not None or line.team is not None:
            return format_html(_("Assigned to <b>{}</b>"), line.assignee or line.team)
        return escape(_("Assigned to a team") if data.get("team_id") else _("Unassigned"))
    if kind == events.TICKET_PRIORITY_CHANGED.name:
        return format_html(_("Priority: <b>{}</b>"), PRIORITY.get(data.get("priority") or "", ""))
    if kind == events.TICKET_TAGGED.name:
        added = [f"+{tag}" for tag in data.get("added") or []]
        return format_html(_("Tags: <b>{}</b>"), ", ".join(added + [f"−{tag}" for tag in data.get("removed") or []]))
    if kind == events.TICKET_SNOOZED.name:
        until = data.get("until")
        return (
            format_html(_("Snoozed until <b>{}</b>"), moment(moments.read(until))) if until else escape(_("Unsnoozed"))
        )
    if kind == events.TICKET_ATTRIBUTES_CHANGED.name:
        values = data.get("values") or {}
        texts = (f"{name}: {_value(values[key])}" if key in values else name for name, key in line.attributes)
        return format_html(_("Attributes changed: <b>{}</b>"), ", ".join(texts))
    if kind == events.TICKET_UPDATED.name:
        return _updated(data)
    if kind == events.TICKET_RECOUNTED.name:
        shown = _conversation(line, workspace)
        text = _("Linked <b>{}</b>") if data.get("linked_id") else _("Unlinked <b>{}</b>")
        return format_html(text, shown)
    if kind in _NOTES:
        return escape(_NOTES[kind])
    if kind in (conversation_events.TICKET_BROADCAST.name, conversation_events.TICKET_BROADCAST_SCHEDULED.name):
        return _sent(line, number, workspace)
    return escape(_("Ticket opened"))


def _updated(data: Mapping[str, Any]) -> SafeString:
    """The new due date, unless the event is of before it had one, and the fields whose texts no event holds."""
    fields, parts = [*(data.get("fields") or [])], []
    if "due_at" in data:
        due_at = data["due_at"]
        parts.append(
            format_html(_("Due <b>{}</b>"), moment(moments.read(due_at))) if due_at else escape(_("Due date removed"))
        )
        fields.remove("sla_due_at")
    names = [str(_FIELDS[name]) for name in fields if name in _FIELDS]
    if names or not parts:
        parts.append(format_html(_("Changed {}"), ", ".join(names) or _("the details")))
    return format_html_join(" · ", "{}", ((part,) for part in parts))


def _value(value: Any) -> str:
    """A value of an attribute that the history holds: a choice, or yes or no."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return _("None") if value is None else str(value)


def _sent(line: HistoryLine, number: int, workspace: Workspace) -> SafeString:
    """To how many conversations; with what became of each, where it waited to be sent."""
    data = line.event.data
    count = len(data.get("delivery_ids") or data.get("message_ids") or [])
    text = ngettext("Reply sent to %(num)s conversation", "Reply sent to %(num)s conversations", count) % {"num": count}
    if line.event.type == conversation_events.TICKET_BROADCAST.name:
        return escape(text)
    url = reverse("broadcast-result", args=[workspace.slug, number, line.event.pk])
    return format_html('<a href="{}">{}</a>', url, text)


def _conversation(line: HistoryLine, workspace: Workspace) -> str:
    if line.conversation is None:
        return _("a conversation")
    number = line.conversation.number
    url = reverse("conversation", args=[workspace.slug, number])
    return format_html('<a href="{}" title="{}">#{}</a>', url, line.conversation.subject[:200], number)


def _status(value: str | None) -> str:
    return str(STATUS.get(value or "", value or ""))
