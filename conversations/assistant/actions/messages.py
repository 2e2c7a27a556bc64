"""Messages of a conversation with the assistant: the customer's questions and its own texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.files.base import File

from accounts.permissions import Actor, ActorKind
from conversations.actions import lifecycle, messages
from conversations.actions.entries import Door
from conversations.actions.senders import Sender
from conversations.assistant import frames, runs
from conversations.models import AssistantRun, AssistantThread, Handler, Message, SenderKind

NAME = "Assistant"
FAILURE = "failure"
"""The metadata key that marks a message about a failure; its value is the code."""
SENDER = Sender(kind=SenderKind.ASSISTANT, name=NAME)


def assistant(workspace_id: int) -> Actor:
    """The assistant as an actor."""
    return Actor(kind=ActorKind.ASSISTANT, workspace_id=workspace_id, name=NAME)


def question(
    thread: AssistantThread,
    content: str,
    metadata: dict[str, Any] | None,
    *,
    door: Door | None = None,
    public_id: UUID | None = None,
    uploads: Sequence[File[bytes]] = (),
    by: Actor,
    at: datetime,
) -> Message:
    """Add the customer's question to the conversation."""
    message = messages.receive(
        conversation=thread.conversation, body=content, door=door, public_id=public_id, uploads=uploads, by=by, at=at
    )
    if metadata:
        message.metadata = metadata
        message.save(update_fields=["metadata"])
    return message


def write(thread: AssistantThread, body: str, metadata: dict[str, Any], *, by: Actor, at: datetime) -> Message:
    """Add a message of the assistant; after a hand-over it does not count as the team's answer."""
    handles = thread.conversation.handler == Handler.ASSISTANT
    return messages.reply(
        conversation=thread.conversation,
        body=body,
        sender=SENDER,
        metadata=metadata,
        policy=lifecycle.DESK if handles else lifecycle.ASIDE,
        by=assistant(by.workspace_id),
        at=at,
    )


def write_failure(
    thread: AssistantThread, run: AssistantRun, body: str, code: str, *, by: Actor, at: datetime
) -> Message:
    """Add the assistant's message that it failed, and show it to the run's watchers."""
    message = write(thread, body, {FAILURE: code}, by=by, at=at)
    runs.publish(run, frames.Failure(str(message.public_id), body, code))
    return message
