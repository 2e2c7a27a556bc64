"""What a visitor may know of the assistant in their chat: whether it is on, whether it is answering, and what it asks them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from conversations.assistant import gate
from conversations.assistant import queries as assistant_queries
from conversations.models import AssistantProposal, AssistantThread, Conversation, Handler, ThreadStatus, Widget


@dataclass(frozen=True, slots=True)
class QuickReply:
    """An answer that is offered below a message of the assistant: what it decides, and the key of its label."""

    proposal: uuid.UUID
    approved: bool
    label: str


def is_on(widget: Widget, at: datetime) -> bool:
    """Whether the assistant answers new conversations of the widget now: it must be wanted, approved, and within its budget."""
    return widget.assistant_first and gate.refusal(widget.workspace, at) is None


def is_answering(conversation: Conversation) -> bool:
    """Whether the assistant is at work on an answer in this chat."""
    return conversation.pk in answering([conversation])


def answering(conversations: Iterable[Conversation]) -> set[int]:
    """The rows of those chats in which the assistant is at work on an answer. One query, or none."""
    ids = [one.pk for one in conversations if one.handler == Handler.ASSISTANT]
    if not ids:
        return set()
    busy = AssistantThread.objects.filter(conversation__in=ids, status=ThreadStatus.IN_PROGRESS, taken_over_at=None)
    return set(busy.values_list("conversation_id", flat=True))


def quick_replies(conversation: Conversation) -> Mapping[int, list[QuickReply]]:
    """What is offered below which message, by the message's row: yes and no to the step that waits for a decision."""
    if conversation.handler != Handler.ASSISTANT:
        return {}
    proposals = assistant_queries.pending_proposals().filter(thread__conversation=conversation)
    return {one.message_id: _of(one) for one in proposals if one.message_id is not None}


def _of(proposal: AssistantProposal) -> list[QuickReply]:
    return [
        QuickReply(proposal.public_id, approved=True, label="assistant_yes"),
        QuickReply(proposal.public_id, approved=False, label="assistant_no"),
    ]
