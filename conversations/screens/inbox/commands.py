"""What can be done to a conversation without opening it: the palette asks for it."""

from __future__ import annotations

from typing import NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import clock
from accounts import queries as people
from accounts.permissions import may, permit
from conversations.assistant import queries as assistant_queries
from conversations.models import Conversation, Follower
from conversations.queries import conversations as queries
from conversations.screens.inbox import labels
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, screen
from tickets import queries as ticket_queries
from tickets import tags

MOST_TAGS = 200


class TagChoice(NamedTuple):
    """A tag that can be added or removed; `line` has the tags that the conversation has then."""

    name: str
    line: str
    is_on: bool


@require_GET
@screen
def commands(request: DeskRequest, number: int) -> HttpResponse:
    """The forms of everything that changes the conversation, with all of their choices."""
    permit(request.actor, "conversation.update")
    conversation = queries.by_number(number)
    assistant = assistant_queries.thread_of(conversation)
    offered = labels.PRIORITIES
    facts = {
        **frame(request, Place.of(request)),
        "conversation": conversation,
        "statuses": labels.STATUS,
        "priorities": offered if conversation.priority in offered else (conversation.priority, *offered),
        "snooze_choices": labels.snooze_choices(clock.now()),
        "assignable": list(people.assignable()),
        "teams": list(people.teams()),
        "is_following": Follower.objects.filter(conversation=conversation, user=request.user).exists(),
        "may_take_over": assistant is not None and assistant.taken_over_at is None,
        "may_trash": may(request.actor, "conversation.trash"),
        "tag_choices": _tags(conversation, ticket_queries.tag_names(MOST_TAGS)),
    }
    return render(request, "inbox/commands.html", facts)


def _tags(conversation: Conversation, known: list[str]) -> list[TagChoice]:
    """The conversation's own tags first, then those of the workspace."""
    own = tags.unique(conversation.tags)
    had = {tags.key(tag) for tag in own}
    off = [TagChoice(tag, tags.line([one for one in own if one != tag]), True) for tag in own]
    more = [tag for tag in known if tags.key(tag) not in had]
    return off + [TagChoice(tag, tags.line([*own, tag]), False) for tag in more]
