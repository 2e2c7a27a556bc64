"""What is written in a conversation with the assistant: the customer's questions, and what the assistant writes itself."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from accounts.permissions import Actor, ActorKind
from conversations import lifecycle
from conversations.actions import messages
from conversations.models import AssistantThread, Handler, Message, SenderKind
from conversations.senders import Sender

NAME = "Assistant"
SENDER = Sender(kind=SenderKind.ASSISTANT, name=NAME)


def assistant(workspace_id: int) -> Actor:
    """The assistant itself, as the one who acts."""
    return Actor(kind=ActorKind.ASSISTANT, workspace_id=workspace_id, name=NAME)


def question(
    thread: AssistantThread, content: str, ui_context: Any, trace_id: uuid.UUID, *, by: Actor, at: datetime
) -> Message:
    """What was written to the assistant, as a message of the conversation."""
    message = messages.receive(conversation=thread.conversation, body=content, by=by, at=at)
    message.metadata = {"ui_context": ui_context, "trace_id": str(trace_id)}
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


def echo(question: Message) -> dict[str, Any]:
    """A question as the watchers of a run are told of it."""
    given = {name: value for name, value in (question.metadata or {}).items() if value is not None}
    return {"type": "human", "id": str(question.public_id), "content": question.body, **given}
