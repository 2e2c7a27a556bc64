"""Reactions of the assistant: a reply decides its drafts and takes over; a resolution without a person counts as its own."""

from __future__ import annotations

from accounts import queries as people
from accounts import tenancy
from accounts.models import Event
from accounts.permissions import Actor, ActorKind
from conversations.assistant import actions as assistant_actions
from conversations.assistant import queries as assistant_queries
from conversations.models import Conversation, Message, SenderKind, Status

_TEAM = (ActorKind.MEMBER, ActorKind.API_KEY)
"""Kinds of actors of the team: members and its programs."""


def judge_drafts(event: Event) -> None:
    """Compare an agent's reply with the drafts that were offered for it."""
    reply = _reply_of_an_agent(event)
    if reply is not None and assistant_queries.undecided_draft(reply.conversation) is not None:
        assistant_actions.judge_suggestions(conversation=reply.conversation, reply=reply, by=_actor(event), at=event.at)


def give_way(event: Event) -> None:
    """Take over from the assistant when an agent has answered."""
    reply = _reply_of_an_agent(event)
    thread = assistant_queries.thread_of(reply.conversation) if reply is not None else None
    if thread is not None:
        assistant_actions.take_over_if_answered(thread=thread, by=_actor(event), at=event.at)


def count_as_resolved(event: Event) -> None:
    """Count a conversation as resolved by the assistant when no person ended it or answered in it."""
    if event.data.get("status") not in (Status.RESOLVED, Status.CLOSED) or event.actor_kind in _TEAM:
        return
    conversation = Conversation.objects.filter(pk=event.subject_id).first()
    thread = assistant_queries.thread_of(conversation) if conversation is not None and conversation.is_done else None
    if thread is not None:
        assistant_actions.settle(thread=thread, by=Actor.system(tenancy.current().pk), at=event.at)


def _reply_of_an_agent(event: Event) -> Message | None:
    rows = Message.objects.select_related("conversation__contact")
    return rows.filter(pk=event.data["message_id"], sender_kind=SenderKind.AGENT).first()


def _actor(event: Event) -> Actor:
    """The member who replied, or the system for anyone else."""
    membership = people.membership(event.actor_id) if event.actor_kind == ActorKind.MEMBER and event.actor_id else None
    return Actor.member(membership) if membership is not None else Actor.system(tenancy.current().pk)
