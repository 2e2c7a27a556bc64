"""What can be done to a conversation without opening it: the palette asks for it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts import clock
from accounts import queries as people
from accounts.permissions import may, permit
from conversations.assistant import queries as assistant_queries
from conversations.models import Follower
from conversations.queries import conversations as queries
from conversations.screens import choices
from conversations.screens.inbox import labels
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import DeskRequest, screen
from tickets import queries as ticket_queries


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
        "snooze_choices": choices.snooze_choices(clock.now()),
        "assignable": list(people.assignable()),
        "teams": list(people.teams()),
        "is_following": Follower.objects.filter(conversation=conversation, user=request.user).exists(),
        "may_take_over": assistant is not None and assistant.taken_over_at is None,
        "may_trash": may(request.actor, "conversation.trash"),
        "tag_choices": choices.tag_choices(conversation.tags, ticket_queries.tag_names(choices.MOST_TAGS)),
    }
    return render(request, "inbox/commands.html", facts)
