"""Frames: what the watchers of a run are shown; each wire format prints them in its own way.

A frame is stored as its kind and its fields. Most of them stand for a row as it was at that moment, so that a replay shows
the same again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self

from conversations import models
from conversations.models import FrameKind, SenderKind

WORKING, RESTARTED = "working", "restarted"
"""States of a run: an answer is being prepared, or another worker has started it again."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The conversation has changed: who answers, its ticket (a public id), or whether it is resolved."""

    kind: ClassVar[FrameKind] = FrameKind.CONVERSATION
    status: str
    handler: str
    ticket: str | None
    ai_resolved: bool

    @classmethod
    def of(cls, thread: models.AssistantThread) -> Self:
        ticket = thread.conversation.ticket
        return cls(
            status=thread.status,
            handler=thread.conversation.handler,
            ticket=str(ticket.public_id) if ticket else None,
            ai_resolved=thread.ai_resolved,
        )


@dataclass(frozen=True, slots=True)
class Text:
    """The answer as far as it has come; the next text, or the message, takes its place."""

    kind: ClassVar[FrameKind] = FrameKind.TEXT
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """A whole message: the customer's, with the metadata that came with it, or the assistant's, with its sources."""

    kind: ClassVar[FrameKind] = FrameKind.MESSAGE
    id: str
    sender: str
    text: str
    sources: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, message: models.Message) -> Self:
        known = message.metadata or {}
        is_asked = message.sender_kind == SenderKind.CUSTOMER
        return cls(
            id=str(message.public_id),
            sender=message.sender_kind,
            text=message.body or "",
            sources=[] if is_asked else known.get("sources", []),
            metadata=known if is_asked else {},
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """A question could not be answered: the message about it, and the code."""

    kind: ClassVar[FrameKind] = FrameKind.FAILURE
    id: str
    text: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a question, which is named by the id of its message."""

    kind: ClassVar[FrameKind] = FrameKind.STATUS
    state: str
    text: str = ""
    question_id: int | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A step that the customer is asked to approve."""

    kind: ClassVar[FrameKind] = FrameKind.PROPOSAL
    id: str
    status: str
    tool_name: str
    preview: str
    payload: dict[str, Any]
    message_id: str | None

    @classmethod
    def of(cls, proposal: models.AssistantProposal) -> Self:
        return cls(
            id=str(proposal.public_id),
            status=proposal.status,
            tool_name=proposal.tool_name,
            preview=proposal.preview,
            payload=proposal.payload,
            message_id=str(proposal.message.public_id) if proposal.message else None,
        )


Frame = Conversation | Text | Message | Failure | Status | Proposal
_CLASSES: dict[str, type[Frame]] = {
    one.kind.value: one for one in (Conversation, Text, Message, Failure, Status, Proposal)
}


def body(frame: Frame) -> dict[str, Any]:
    """The fields of a frame, as they are stored."""
    return {one.name: getattr(frame, one.name) for one in fields(frame)}


def read(row: models.AssistantFrame) -> Frame | None:
    """A stored frame; None for a kind of a later version, and without the fields that a later version added."""
    found = _CLASSES.get(row.kind)
    if found is None:
        return None
    known = {one.name for one in fields(found)}
    return found(**{name: value for name, value in row.body.items() if name in known})
