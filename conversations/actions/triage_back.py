"""Putting back who has a conversation, its priority and its tags, as the event of a change has kept them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from accounts import queries as people
from accounts.models import Event
from accounts.permissions import Actor
from conversations import events
from conversations.actions import triage
from conversations.models import Conversation
from tickets import tags as labels


def is_as_left(conversation: Conversation, event: Event) -> bool:
    """Whether what the event has changed is still as it left it: of tags, those that it added or removed."""
    data = event.data
    if event.type == events.CONVERSATION_ASSIGNED.name:
        now = (conversation.assignee_id, conversation.team_id, conversation.assignee_reference)
        return now == (data.get("assignee_id"), data.get("team_id"), None)
    if event.type == events.CONVERSATION_PRIORITY_CHANGED.name:
        return bool(conversation.priority == data["priority"])
    return {*data["added"]} <= {*conversation.tags} and not {*data["removed"]} & {*conversation.tags}


def assigned(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    """Give it back to whom it had, unless they have left."""
    to = people.assignable().filter(pk=event.data.get("previous_assignee_id")).first()
    team = people.teams().filter(pk=event.data.get("previous_team_id")).first()
    triage.assign(conversation=conversation, to=to, team=team, by=by, at=at)


def priority(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    """Give it the priority that it had."""
    triage.set_priority(conversation=conversation, priority=event.data["previous"], by=by, at=at)


def tagged(conversation: Conversation, event: Event, by: Actor, at: datetime) -> None:
    """Take away the tags that were added, and put back those that were removed; others stay."""
    added: Sequence[str] = event.data["added"]
    kept = [name for name in conversation.tags if name not in added]
    back = [name for name in event.data["removed"] if name not in kept]
    triage.set_tags(conversation=conversation, names=labels.unique([*kept, *back]), by=by, at=at)


BACK: Mapping[str, Callable[[Conversation, Event, Actor, datetime], None]] = {
    events.CONVERSATION_ASSIGNED.name: assigned,
    events.CONVERSATION_PRIORITY_CHANGED.name: priority,
    events.CONVERSATION_TAGGED.name: tagged,
}
"""How each of them is put back."""
