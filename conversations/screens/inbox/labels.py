"""The inbox's labels for statuses, events, reasons and empty lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import moments, tenancy
from accounts.permissions import ActorKind
from conversations import events
from conversations.actions.lifecycle import STATUS_NAMES
from conversations.assistant.gate import Refusal
from conversations.models import UNTIL_REPLY, Message, Status
from conversations.queries import causes
from conversations.queries.thread import Line
from conversations.screens import formatting
from conversations.screens.dates import moment
from conversations.screens.empty import Empty
from conversations.screens.formatting import url
from conversations.screens.inbox.place import Place

STATUS = STATUS_NAMES
_STATUS_DONE: dict[str, Promise] = {
    Status.OPEN: _("reopened it"),
    Status.PENDING: _("set it to waiting on customer"),
    Status.RESOLVED: _("resolved it"),
    Status.CLOSED: _("closed it"),
}
PRIORITIES = ("low", "normal", "high", "urgent")
"""The priorities that the form offers; any other value of the conversation is offered too."""


NO_DRAFT: dict[str, Promise] = {
    Refusal.NOT_APPROVED: _("This workspace does not allow sending customer messages to the model."),
    Refusal.BUDGET_USED_UP: _("The assistant's budget for this month is used up."),
    "nothing_said": _("There is nothing to answer yet."),
    "nothing_found": _("No matching answer found."),
    "too_many": _("Too many suggestions. Try again in a minute."),
    "failed": _("The assistant could not suggest a reply. Try again in a moment."),
}
"""Why there is no suggestion, by the code in the page's address when scripts are off."""


# --- The thread's grey lines --------------------------------------------------------------------


def of_actor(line: Line) -> str:
    """Who did it."""
    if line.actor is not None:
        return line.actor.get_short_name()
    kinds = {
        ActorKind.API_KEY: gettext("The API"),
        ActorKind.CONTACT: gettext("The customer"),
        ActorKind.ASSISTANT: gettext("The assistant"),
        ActorKind.SYSTEM: "Parley",
    }
    return kinds.get(ActorKind(line.event.actor_kind), gettext("Someone"))


_EVERYBODYS = frozenset(
    ("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "icloud.com", "me.com",
     "aol.com", "gmx.de", "gmx.net", "gmx.at", "gmx.ch", "web.de", "t-online.de", "proton.me", "protonmail.com", "mail.ru",
     "yandex.ru", "qq.com", "163.com", "126.com", "naver.com", "orange.fr", "free.fr", "libero.it")
)  # fmt: skip


def domain_to_block(address: str | None) -> str:
    """The domain that may be blocked with an address; empty for one where everybody can have an address."""
    domain = (address or "").rpartition("@")[2]
    return "" if domain in _EVERYBODYS else domain


def of_lines(lines: Sequence[Line]) -> SafeString:
    """What one person did in a row, each as in `of_line`. Taking over implies the assignment to oneself, which is left out."""
    parts = [of_line(line) for line in lines]
    if any(line.event.type == events.ASSISTANT_TAKEN_OVER.name for line in lines):
        parts = [part for part in parts if part != str(_ASSIGNED_SELF)]
    return format_html_join(", ", "{}", ((part,) for part in parts))


def of_cause(cause: str) -> str:
    """What brought a change about, as the end of its sentence."""
    if cause in causes.OF_BULK:
        return " " + _("by a bulk change")
    return " " + _("with a macro") if cause == events.MACRO_APPLIED.name else ""


def of_line(line: Line) -> SafeString:
    """What happened, as the end of a sentence that begins with the actor; names and tags are escaped."""
    kind, data = line.event.type, line.event.data
    if kind == events.CONVERSATION_ASSIGNED.name:
        return _assigned(line)
    if kind == events.CONVERSATION_PRIORITY_CHANGED.name:
        return format_html(
            gettext("set the priority to <b>{priority}</b>"),
            priority=formatting.priority_in_sentence(data.get("priority", "")),
        )
    if kind == events.CONVERSATION_TAGGED.name:
        return _tagged(data.get("added") or [], data.get("removed") or [])
    if kind == events.CONVERSATION_CC_CHANGED.name:
        return _copied(data.get("added_count") or 0, data.get("removed_count") or 0)
    if kind == events.CONVERSATION_SNOOZED.name:
        return _snoozed(data.get("until"))
    if kind == events.CONVERSATION_LINKED.name and line.ticket:
        return format_html(gettext("linked it to <b>ticket {number}</b>"), number=line.ticket.number)
    if kind == events.CONVERSATION_UNLINKED.name and line.ticket:
        return format_html(gettext("unlinked it from <b>ticket {number}</b>"), number=line.ticket.number)
    if kind in _MOVES:
        return _moved(kind, data)
    return SafeString(_ALWAYS.get(kind) or gettext("changed it"))


_ASSIGNED_SELF = _("assigned it to themselves")
_ALWAYS: dict[str, Promise] = {
    events.CONVERSATION_SUBJECT_CHANGED.name: _("edited the subject"),
    events.CONVERSATION_LINKED.name: _("linked it to a ticket"),
    events.CONVERSATION_UNLINKED.name: _("unlinked it from its ticket"),
    events.CALLBACK_MADE.name: _("called the customer back"),
    events.CALLBACK_UNMADE.name: _("put the callback back on the list"),
    events.ASSISTANT_HANDED_OVER.name: _("handed it over to the team"),
    events.ASSISTANT_TAKEN_OVER.name: _("took over from the assistant"),
    events.SPAM_UNMARKED.name: _("marked it as not spam"),
    events.SPAM_UNDONE.name: _("undid the change of the spam mark"),
    events.MESSAGE_REDACTED.name: _("redacted a message"),
    events.CONVERSATION_TRASHED.name: _("moved it to the Trash"),
    events.CONVERSATION_RESTORED.name: _("restored it from the Trash"),
}
_MOVES = {
    events.MESSAGES_MOVED.name, events.CONVERSATION_SPLIT.name, events.CONVERSATION_JOINED.name, events.MESSAGES_ARRIVED.name,
    events.MOVE_UNDONE.name, events.SPAM_MARKED.name, events.CONVERSATION_NAMED.name, events.CONVERSATION_FORWARDED.name,
}  # fmt: skip
_UNDONE: dict[str, Promise] = {
    events.CONVERSATION_SPLIT.name: _("undid the split ({place})"),
    events.CONVERSATION_JOINED.name: _("undid merging ({place})"),
}


_ICONS: dict[str, str] = {
    events.CONVERSATION_ASSIGNED.name: "user-round",
    events.CONVERSATION_PRIORITY_CHANGED.name: "flag",
    events.CONVERSATION_TAGGED.name: "tag",
    events.CONVERSATION_SUBJECT_CHANGED.name: "pencil",
    events.CONVERSATION_CC_CHANGED.name: "mail",
    events.CONVERSATION_SNOOZED.name: "alarm-clock",
    events.CONVERSATION_LINKED.name: "ticket",
    events.CONVERSATION_UNLINKED.name: "ticket",
    events.CALLBACK_MADE.name: "phone-outgoing",
    events.CALLBACK_UNMADE.name: "phone",
    events.ASSISTANT_HANDED_OVER.name: "bell-ring",
    events.ASSISTANT_TAKEN_OVER.name: "hand",
    events.MESSAGES_MOVED.name: "corner-up-right",
    events.CONVERSATION_SPLIT.name: "split",
    events.CONVERSATION_JOINED.name: "merge",
    events.MESSAGES_ARRIVED.name: "corner-down-right",
    events.MOVE_UNDONE.name: "undo-2",
    events.SPAM_MARKED.name: "shield-alert",
    events.SPAM_UNMARKED.name: "shield-check",
    events.SPAM_UNDONE.name: "undo-2",
    events.MESSAGE_REDACTED.name: "eye-off",
    events.CONVERSATION_NAMED.name: "link",
    events.CONVERSATION_FORWARDED.name: "forward",
    events.CONVERSATION_TRASHED.name: "trash-2",
    events.CONVERSATION_RESTORED.name: "undo-2",
}


def _snoozed(until: str | None) -> SafeString:
    if not until:
        return SafeString(gettext("unsnoozed it"))
    if until == UNTIL_REPLY.isoformat():
        return SafeString(gettext("snoozed it until the customer replies"))
    return format_html(gettext("snoozed it until <b>{when}</b>"), when=moment(moments.read(until)))


def _moved(kind: str, data: dict[str, Any]) -> SafeString:
    if kind == events.SPAM_MARKED.name:
        is_blocked = data.get("blocked_id")
        return SafeString(
            gettext("marked it as spam and blocked the sender") if is_blocked else gettext("marked it as spam")
        )
    number = int(data.get("number", 0))
    place = format_html('<a href="{}">#{}</a>', url("conversation", tenancy.current().slug, number), number)
    arrived, gone = int(data.get("message_count", 0)), len(data.get("message_ids") or [])
    if kind == events.CONVERSATION_NAMED.name:
        text = gettext("linked this from {place}")
    elif kind == events.CONVERSATION_FORWARDED.name:
        text = (
            gettext("forwarded a message as {place}")
            if data.get("message_id")
            else gettext("forwarded this as {place}")
        )
    elif kind == events.CONVERSATION_JOINED.name:
        text = gettext("merged this into {place}")
    elif kind == events.MOVE_UNDONE.name:
        text = str(_UNDONE.get(str(data.get("kind"))) or gettext("undid the move ({place})"))
    elif kind == events.MESSAGES_ARRIVED.name and data.get("is_join"):
        text = gettext("merged {place} into this")
    elif kind == events.MESSAGES_ARRIVED.name:
        text = ngettext("moved {num} message here from {place}", "moved {num} messages here from {place}", arrived)
    elif kind == events.CONVERSATION_SPLIT.name:
        text = ngettext("split off {num} message as {place}", "split off {num} messages as {place}", gone)
    else:
        text = ngettext("moved {num} message to {place}", "moved {num} messages to {place}", gone)
    return format_html(text, place=place, num=arrived if kind == events.MESSAGES_ARRIVED.name else gone)


def icon_of_line(line: Line) -> str:
    """The icon of a grey line."""
    return _ICONS.get(line.event.type, "dot")


def _assigned(line: Line) -> SafeString:
    if line.to is not None and line.actor is not None and line.to.pk == line.actor.pk:
        return SafeString(_ASSIGNED_SELF)
    if line.to is not None or line.team is not None:
        name = (line.to.name or line.to.email) if line.to is not None else line.team.name if line.team else ""
        return format_html(gettext('assigned it to <b dir="auto">{name}</b>'), name=name)
    return SafeString(gettext("assigned it to a team") if line.event.data.get("team_id") else gettext("unassigned it"))


def _tagged(added: list[str], removed: list[str]) -> SafeString:
    parts = []
    for text, names in ((gettext("added {tags}"), added), (gettext("removed {tags}"), removed)):
        if names:
            blank = gettext("(blank)")
            joined = format_html_join(", ", '<b dir="auto">{}</b>', ((name or blank,) for name in names))
            parts.append(format_html(text, tags=joined))
    return format_html_join(gettext(" and "), "{}", ((part,) for part in parts)) or SafeString(
        gettext("edited the tags")
    )


def _copied(added: int, removed: int) -> SafeString:
    parts = []
    if added:
        text = ngettext("added %(num)s address to Cc", "added %(num)s addresses to Cc", added)
        parts.append(text % {"num": added})
    if removed:
        text = ngettext("removed %(num)s address from Cc", "removed %(num)s addresses from Cc", removed)
        parts.append(text % {"num": removed})
    return SafeString(gettext(" and ").join(parts) or gettext("changed the order of Cc"))


def of_status_change(message: Message) -> str:
    """A status change, as the end of a sentence that begins with who did it."""
    status = (message.metadata or {}).get("status", "")
    return str(_STATUS_DONE.get(str(status)) or gettext("changed the status"))


# --- Nothing to show ----------------------------------------------------------------------------


EMPTY: dict[str, Empty] = {
    "mine": Empty(
        "coffee", _("Nothing assigned to you"), _("Open conversations assigned to you appear here. Press i in one to assign it to yourself."),
        "unassigned", _("See unassigned"), "g u",
    ),
    "unassigned": Empty(
        "check-check", _("No unassigned conversations"), _("Every open conversation is assigned."), "open", _("See all open"), "g a"
    ),
    "teams": Empty(
        "users", _("Nothing assigned to your teams"), _("Open conversations assigned to a team that you are in appear here."),
        "unassigned", _("See unassigned"), "g u",
    ),
    "open": Empty(
        "inbox", _("No open conversations"), _("Every customer has been answered."), "waiting", _("See waiting on customer"), "g w"
    ),
    "mentions": Empty(
        "at-sign", _("No mentions"), _("Conversations in which a teammate mentions you in a note appear here."), "mine", _("See mine"), "g m"
    ),
    "waiting": Empty(
        "hourglass", _("No one is waiting for a reply"), _("Conversations appear here while you wait for the customer."), "open", _("See all open"), "g a"
    ),
    "snoozed": Empty(
        "alarm-clock", _("No snoozed conversations"), _("Press z in a conversation to snooze it."), "open", _("See all open"), "g a"
    ),
    "callbacks": Empty("phone", _("No callbacks"), _("Conversations whose customer wants to be called appear here until someone has called."), "open", _("See all open"), "g a"),
    "news": Empty("bell", _("No replies after closing"), _("Closed conversations in which the customer wrote again appear here."), "open", _("See all open"), "g a"),
    "assistant": Empty("sparkles", _("No assistant conversations"), _("Conversations that the assistant answers appear here until it hands them over."), "open", _("See all open"), "g a"),
    "failed": Empty("circle-check", _("Nothing failed to send"), _("Replies that could not be delivered, or that wait for a review, appear here."), "open", _("See all open"), "g a"),
    "spam": Empty("shield-check", _("No spam"), _("Conversations that are marked as spam appear here."), "open", _("See all open"), "g a"),
    "solved": Empty("circle-check", _("Nothing resolved yet"), _("Resolved and closed conversations appear here. Press e in one to resolve it."), "open", _("See all open"), "g a"),
}  # fmt: skip
NOT_FOUND = Empty(
    "search-x", _("No results for"), _("Try a name, an email address, a word from the conversation, or #number.")
)
NONE_PASSES = Empty("list-filter", _("Nothing matches the filters"), _("Remove one of them to see more."))


def empty(place: Place) -> Empty:
    """Why a list is empty."""
    if place.search:
        return NOT_FOUND
    return NONE_PASSES if place.filters else EMPTY.get(place.view.key, NONE_PASSES)
