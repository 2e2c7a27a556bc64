"""What effects would change in a conversation: a dry run, in which nothing is written and nothing locked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from accounts import queries as people
from accounts.errors import Invalid, sentence
from accounts.permissions import Actor, may
from conversations.effects import until
from conversations.effects.vocabulary import ME, MEMBER, NOBODY, Effect
from conversations.effects.wording import Names, names_of, phrase
from conversations.models import Conversation, Follower, Handler, Status
from tickets import attributes, tags


@dataclass(frozen=True, slots=True)
class Planned:
    """One effect in words: whether it would change anything, and why it could not be done."""

    text: str
    changes: bool
    fault: str = ""


@dataclass(slots=True)
class _State:
    """What the effects before this one would have made of the conversation."""

    assignee: int | None
    team: int | None
    status: str
    snoozed: datetime | None
    priority: str
    tags: list[str]
    has_ticket: bool
    unread: bool
    has_inbound: bool
    is_spam: bool
    attributes: dict[str, Any]
    follows: bool
    is_in_trash: bool = False


def planned(effects: Iterable[Effect], *, conversation: Conversation, by: Actor, at: datetime) -> list[Planned]:
    """Each effect in order, judged after those before it."""
    effects = list(effects)
    names, state = names_of(effects), _of(conversation, effects, by)
    assignable = set(people.assignable().values_list("pk", flat=True)) if _names_member(effects) else set()
    return [_planned(effect, state, names, assignable, by, at) for effect in effects]


def _names_member(effects: list[Effect]) -> bool:
    return any(effect.reference is not None and effect.reference[0] == MEMBER for effect in effects)


def _of(row: Conversation, effects: list[Effect], by: Actor) -> _State:
    asks = by.user_id is not None and any(effect.verb in ("follow", "unfollow") for effect in effects)
    return _State(
        assignee=row.assignee_id,
        team=row.team_id,
        status=row.status,
        snoozed=row.snoozed_until,
        priority=row.priority,
        tags=list(row.tags),
        has_ticket=row.ticket_id is not None,
        unread=row.unread_count > 0,
        has_inbound=row.last_inbound_at is not None,
        is_spam=row.handler == Handler.NOBODY,
        attributes=dict(row.attributes),
        follows=asks and Follower.objects.filter(conversation=row, user=by.user_id).exists(),
    )


def _planned(effect: Effect, state: _State, names: Names, assignable: set[int], by: Actor, at: datetime) -> Planned:
    text, before = phrase(effect, names), _kept(state)
    fault = _change(effect, state, names, assignable, by, at)
    is_written = effect.verb in ("note", "reply", "link_ticket")
    return Planned(text, changes=not fault and (is_written or _kept(state) != before), fault=fault)


def _kept(state: _State) -> tuple[object, ...]:
    return (
        *(state.assignee, state.team, state.status, state.snoozed, state.priority),
        *(tuple(state.tags), state.has_ticket, state.unread, state.is_spam),
        *(tuple(sorted(state.attributes.items())), state.follows, state.is_in_trash),
    )


def _change(effect: Effect, state: _State, names: Names, assignable: set[int], by: Actor, at: datetime) -> str:
    """Make the change in what is assumed; returns why it cannot be made."""
    values = effect.values
    match effect.verb:
        case "assign":
            return _assign(effect, state, names, assignable, by)
        case "status":
            state.status = values["status"]
            if state.status != Status.OPEN or state.snoozed:
                state.snoozed = None
            if state.status in (Status.RESOLVED, Status.CLOSED):
                state.unread = False
        case "priority":
            state.priority = values["priority"]
        case "add_tags":
            state.tags = tags.unique([*state.tags, *values["tags"]])
        case "remove_tags":
            gone = {tags.key(name) for name in values["tags"]}
            state.tags = [name for name in state.tags if tags.key(name) not in gone]
        case "set_tags":
            state.tags = list(values["tags"])
        case "snooze":
            moment = until.found(values["until"], at)
            if moment is None or moment <= at:
                return _("The moment has passed.")
            if state.status in (Status.RESOLVED, Status.CLOSED):
                return _("A resolved or closed conversation cannot be snoozed.")
            state.snoozed = moment
        case "unsnooze":
            state.snoozed = None
        case "open_ticket":
            if state.has_ticket:
                return _("The conversation already has a ticket.")
            state.has_ticket = True
        case "link_ticket" | "unlink_ticket":
            state.has_ticket = effect.verb == "link_ticket"
        case "attribute":
            return _attribute(effect, state, names)
        case "follow" | "unfollow":
            state.follows = effect.verb == "follow"
        case "read":
            state.unread = False
        case "unread":
            state.unread = state.unread or (state.has_inbound and not state.is_spam)
        case "trash":
            if not may(by, "conversation.trash"):
                return _("Only owners and admins can move conversations to the Trash.")
            state.is_in_trash = True
        case "spam" | "not_spam":
            if effect.verb == "spam" and state.has_ticket:
                return _("The conversation has a ticket.")
            state.is_spam = effect.verb == "spam"
    return ""


def _attribute(effect: Effect, state: _State, names: Names) -> str:
    key, value = effect.values["key"], effect.values["value"]
    known = [one for one in names.attributes if one.key == key]
    try:
        wanted = attributes.read_all(known, {key: value})
    except Invalid as error:
        return sentence(error)
    state.attributes, _keys = attributes.changed(state.attributes, wanted)
    return ""


def _assign(effect: Effect, state: _State, names: Names, assignable: set[int], by: Actor) -> str:
    to, reference = effect.values["to"], effect.reference
    if to == NOBODY:
        state.assignee, state.team = None, None
        return ""
    if to == ME:
        state.assignee = by.user_id
        return ""
    if (
        reference is None
        or reference not in names.people
        or (reference[0] == MEMBER and reference[1] not in assignable)
    ):
        return _("They can no longer be assigned conversations.")
    if reference[0] == MEMBER:
        state.assignee = reference[1]
    else:
        state.assignee, state.team = None, reference[1]
    return ""
