"""What is written in a conversation with the assistant: the customer's questions, and what the assistant writes itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.permissions import Actor, ActorKind
from conversations.actions import lifecycle, messages
from conversations.actions.senders import Sender
from conversations.assistant import frames, runs
from conversations.models import AssistantRun, AssistantThread, Handler, Message, SenderKind

NAME = "Assistant"
FAILURE = "failure"
"""The mark of a message in which the assistant says that it failed: a key of the metadata, whose value is the code."""
SENDER = Sender(kind=SenderKind.ASSISTANT, name=NAME)


def assistant(workspace_id: int) -> Actor:
    """The assistant itself, as the one who acts."""
    return Actor(kind=ActorKind.ASSISTANT, workspace_id=workspace_id, name=NAME)


def question(
    thread: AssistantThread, content: str, metadata: dict[str, Any] | None, *, by: Actor, at: datetime
) -> Message:
    """What was written to the assistant, as a message of the conversation."""
    message = messages.receive(conversation=thread.conversation, body=content, by=by, at=at)
    if metadata:
        message.metadata = metadata
        message.save(update_fields=["metadata"])
    return message


def write(thread: AssistantThread, body: str, metadata: dict[str, Any], *, by: Actor, at: datetime) -> Message:
    """What the assistant writes. After a hand-over it is not an answer of the team."""
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
    """What the assistant writes when it has failed, shown to the run's watchers."""
    message = write(thread, body, {FAILURE: code}, by=by, at=at)
    runs.publish(run, frames.Failure(str(message.public_id), body, code))
    return message
