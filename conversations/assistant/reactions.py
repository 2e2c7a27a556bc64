"""Reactions of the assistant: a reply decides its drafts and takes over; a resolution without a person counts as its own."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from accounts import queries as people
from accounts import tenancy
from accounts.journal import concerns
from accounts.models import Event
from accounts.permissions import Actor, ActorKind
from conversations.assistant import actions as assistant_actions
from conversations.assistant import queries as assistant_queries
from conversations.models import (
    AssistantThread,
    Conversation,
    Message,
    Outcome,
    SenderKind,
    Status,
    Suggestion,
    SuggestionKind,
)
from conversations.queries import thread as thread_queries

_TEAM = (ActorKind.MEMBER, ActorKind.API_KEY)
"""Kinds of actors of the team: members and its programs."""


_OF_THE_CONVERSATION = {"workspace": OuterRef("event__workspace"), "conversation": OuterRef("event__subject_id")}


def _has_a_draft() -> Exists:
    # The dispatcher asks for all workspaces at once.
    rows = Suggestion.all_workspaces.filter(outcome=Outcome.OPEN, kind=SuggestionKind.DRAFT)
    return Exists(rows.filter(**_OF_THE_CONVERSATION))


def _has_a_thread() -> Exists:
    return Exists(AssistantThread.all_workspaces.filter(**_OF_THE_CONVERSATION))  # as above


def _may_be_resolved() -> Q:
    is_done = Q(event__data__status__in=(Status.RESOLVED.value, Status.CLOSED.value))
    return is_done & ~Q(event__actor_kind__in=_TEAM) & Q(_has_a_thread())


@concerns(_has_a_draft)
def judge_drafts(event: Event) -> None:
    """Compare an agent's reply with the drafts that were offered for it."""
    reply = _reply_of_an_agent(event)
    if reply is not None and assistant_queries.undecided_draft(reply.conversation) is not None:
        assistant_actions.judge_suggestions(conversation=reply.conversation, reply=reply, by=_actor(event), at=event.at)


@concerns(_has_a_thread)
def give_way(event: Event) -> None:
    """Take over from the assistant when an agent has answered."""
    reply = _reply_of_an_agent(event)
    thread = assistant_queries.thread_of(reply.conversation) if reply is not None else None
    if thread is not None:
        assistant_actions.take_over_if_answered(thread=thread, by=_actor(event), at=event.at)


@concerns(_may_be_resolved)
def count_as_resolved(event: Event) -> None:
    """Count a conversation as resolved by the assistant when no person ended it or answered in it."""
    if event.data.get("status") not in (Status.RESOLVED, Status.CLOSED) or event.actor_kind in _TEAM:
        return
    conversation = Conversation.objects.filter(pk=event.subject_id).first()
    thread = assistant_queries.thread_of(conversation) if conversation is not None and conversation.is_done else None
    if thread is not None:
        assistant_actions.settle(thread=thread, by=Actor.system(tenancy.current().pk), at=event.at)


def _reply_of_an_agent(event: Event) -> Message | None:
    message = thread_queries.message_of(event)
    return message if message is not None and message.sender_kind == SenderKind.AGENT else None


def _actor(event: Event) -> Actor:
    """The member who replied, or the system for anyone else."""
    membership = people.membership(event.actor_id) if event.actor_kind == ActorKind.MEMBER and event.actor_id else None
    return Actor.member(membership) if membership is not None else Actor.system(tenancy.current().pk)
