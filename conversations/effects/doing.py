"""Doing effects: the verbs, one after the other, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts import journal, transaction
from accounts import queries as people
from accounts.errors import Invalid, NotFound
from accounts.models import Event, Team, User
from accounts.permissions import Actor
from conversations import actions
from conversations.actions import ahead
from conversations.effects import until
from conversations.effects.vocabulary import ME, MEMBER, NOBODY, Effect
from conversations.models import Conversation
from tickets import tags
from tickets.models import Ticket

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it: whether anything was changed, and the text for the composer."""

    changes: bool
    reply: str


@transaction.atomic
def apply(
    effects: Iterable[Effect], *, conversation: Conversation, by: Actor, at: datetime, cause: Event | None = None
) -> Applied:
    """Do the effects in their order, each by its verb as this actor: all of them, or none.

    A reply is not sent: its text comes back. `cause` is the event whose consequences the changes are. Raises what the verbs raise.
    """
    replies, effects = [], list(effects)
    if len(effects) > 1:
        conversation = _held(conversation, effects)
    with journal.caused_by(cause) if cause is not None else nullcontext(), journal.recorded() as recorded:
        for effect in effects:
            if effect.verb == "reply":
                replies.append(effect.values["text"])
            else:
                conversation = DO[effect.verb](conversation, effect.values, by, at)
    return Applied(changes=bool(recorded), reply="\n\n".join(replies))


_TALLIED = frozenset(("status", "unsnooze", "spam", "not_spam"))
_NUMBERED = frozenset(("open_ticket",))


def _held(conversation: Conversation, effects: Sequence[Effect]) -> Conversation:
    """What the effects lock, in the one order, whatever theirs is."""
    verbs = {effect.verb for effect in effects}
    numbers = [effect.values["ticket"] for effect in effects if effect.verb == "link_ticket"]
    tickets = Ticket.objects.filter(number__in=numbers).order_by("pk").values_list("pk", flat=True) if numbers else ()
    return ahead.hold(conversation, tally=bool(verbs & _TALLIED), tickets=tickets, numbers=bool(verbs & _NUMBERED))


def _assign(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    to, team = _assignee(values["to"], by)
    return actions.assign(conversation=conversation, to=to, team=team, keeps_team=True, by=by, at=at)


def _assignee(given: str, by: Actor) -> tuple[User | None, Team | None]:
    if given == NOBODY:
        return None, None
    kind, _, pk = given.partition(":")
    if given == ME or kind == MEMBER:
        wanted = by.user_id if given == ME else int(pk)
        user = people.assignable().filter(pk=wanted).first() if wanted is not None else None
        if user is None:
            raise Invalid("conversations can't be assigned to this person", field="assignee")
        return user, None
    team = people.teams().filter(pk=int(pk)).first()
    if team is None:
        raise Invalid("the team is not in this workspace", field="team")
    return None, team


def _status(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.set_status(conversation=conversation, status=values["status"], by=by, at=at)


def _priority(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.set_priority(conversation=conversation, priority=values["priority"], by=by, at=at)


def _add_tags(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.change_tags(conversation=conversation, add=values["tags"], by=by, at=at)


def _remove_tags(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.change_tags(conversation=conversation, remove=values["tags"], by=by, at=at)


def _set_tags(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.set_tags(conversation=conversation, names=tags.unique(values["tags"]), by=by, at=at)


def _snooze(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    moment = until.found(values["until"], at)
    if moment is None:
        raise Invalid("until must be in the future", field="until")
    return actions.snooze(conversation=conversation, until=moment, by=by, at=at)


def _unsnooze(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.unsnooze(conversation=conversation, by=by, at=at)


def _note(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    actions.note(conversation=conversation, body=values["text"], by=by, at=at)
    return conversation


def _open_ticket(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    actions.escalate(conversation=conversation, reason=values["reason"] or None, by=by, at=at)
    return conversation


def _link_ticket(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    ticket = Ticket.objects.filter(number=values["ticket"]).order_by("pk").first()
    if ticket is None:
        raise NotFound(f"there is no ticket {values['ticket']}")
    return actions.link(conversation=conversation, ticket=ticket, by=by, at=at)


def _unlink_ticket(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.unlink(conversation=conversation, by=by, at=at)


def _read(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.mark_read(conversation=conversation, by=by, at=at)


def _spam(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.mark_spam(conversation=conversation, by=by, at=at)


def _not_spam(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.unmark_spam(conversation=conversation, by=by, at=at)


def _attribute(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    actions.set_attributes(row=conversation, values={values["key"]: values["value"]}, by=by, at=at)
    return conversation


def _follow(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.follow(conversation=conversation, user=_oneself(by), by=by, at=at)


def _unfollow(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.unfollow(conversation=conversation, user=_oneself(by), by=by, at=at)


def _oneself(by: Actor) -> User:
    membership = people.membership(by.user_id) if by.user_id is not None else None
    if membership is None:
        raise Invalid("only members of the workspace can follow a conversation", field="user")
    return membership.user


def _unread(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.mark_unread(conversation=conversation, by=by, at=at)


def _trash(conversation: Conversation, values: Values, by: Actor, at: datetime) -> Conversation:
    return actions.trash(conversation=conversation, by=by, at=at)


DO: Mapping[str, Callable[[Conversation, Values, Actor, datetime], Conversation]] = {
    "assign": _assign,
    "status": _status,
    "priority": _priority,
    "add_tags": _add_tags,
    "remove_tags": _remove_tags,
    "set_tags": _set_tags,
    "snooze": _snooze,
    "unsnooze": _unsnooze,
    "note": _note,
    "open_ticket": _open_ticket,
    "link_ticket": _link_ticket,
    "unlink_ticket": _unlink_ticket,
    "attribute": _attribute,
    "follow": _follow,
    "unfollow": _unfollow,
    "read": _read,
    "unread": _unread,
    "spam": _spam,
    "not_spam": _not_spam,
    "trash": _trash,
}
"""The verb of each effect; a reply has none."""
