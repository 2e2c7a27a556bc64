"""The words of tickets: statuses, priorities, and the lines of a history."""

from __future__ import annotations

from collections.abc import Mapping

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

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


def happened(line: HistoryLine, workspace: Workspace) -> SafeString:
    """What happened, as a sentence; names and tags are escaped."""
    kind, data = line.event.type, line.event.data
    if kind == events.TICKET_STATUS_CHANGED.name:
        return format_html(_("Status: <b>{}</b>, was {}"), _status(data.get("status")), _status(data.get("previous")))
    if kind == events.TICKET_ASSIGNED.name:
        if line.assignee is not None:
            return format_html(_("Assigned to <b>{}</b>"), line.assignee)
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
        return format_html(_("Attributes changed: <b>{}</b>"), ", ".join(line.attributes))
    if kind == events.TICKET_UPDATED.name:
        names = [str(_FIELDS[name]) for name in data.get("fields") or [] if name in _FIELDS]
        return format_html(_("Changed {}"), ", ".join(names) or _("the details"))
    if kind == events.TICKET_RECOUNTED.name:
        shown = _conversation(line, workspace)
        text = _("Linked <b>{}</b>") if data.get("linked_id") else _("Unlinked <b>{}</b>")
        return format_html(text, shown)
    if kind in _NOTES:
        return escape(_NOTES[kind])
    if kind in (conversation_events.TICKET_BROADCAST.name, conversation_events.TICKET_BROADCAST_SCHEDULED.name):
        return escape(_("Reply sent to all conversations"))
    return escape(_("Ticket opened"))


def _conversation(line: HistoryLine, workspace: Workspace) -> str:
    if line.conversation is None:
        return _("a conversation")
    number = line.conversation.number
    url = reverse("conversation", args=[workspace.slug, number])
    return format_html('<a href="{}" title="{}">#{}</a>', url, line.conversation.subject[:200], number)


def _status(value: str | None) -> str:
    return str(STATUS.get(value or "", value or ""))
