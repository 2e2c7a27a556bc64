"""Chats that the assistant answers first: what a visitor writes goes to it until it hands over or an agent takes over."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.files.base import File

from accounts import transaction
from accounts.errors import Conflict, NotFound
from accounts.models import Workspace
from accounts.permissions import Actor, permit
from conversations.actions import messages as core_messages
from conversations.actions.entries import Door
from conversations.assistant import gate, intents, runs
from conversations.assistant import queries as assistant_queries
from conversations.assistant.actions import answering, proposals
from conversations.assistant.actions import messages as assistant_messages
from conversations.assistant.actions.hand_over import hand_over
from conversations.assistant.actions.proposals import Decision
from conversations.assistant.engines.protocol import Call
from conversations.chat.actions import holding
from conversations.models import (
    AssistantProposal,
    AssistantThread,
    Audience,
    Contact,
    Conversation,
    Handler,
    Message,
    MessageKind,
    Status,
    ThreadStatus,
)

FILES_ALONE = "The customer sent files without a text."
NOT_ALLOWED = "The assistant is off."
NO_BUDGET = "The assistant's budget for this month is used up."


@transaction.atomic
def begin_with_assistant(
    *,
    workspace: Workspace,
    contact: Contact,
    subject: str,
    body: str,
    door: Door,
    metadata: dict[str, Any] | None = None,
    public_id: uuid.UUID | None = None,
    message_public_id: uuid.UUID | None = None,
    uploads: Sequence[File[bytes]] = (),
    language: str = "",
    by: Actor,
    at: datetime,
) -> Message:
    """Start a chat that the assistant answers, with the visitor's first message, which has a text.

    It belongs to `contact`, and is answered from public articles and from the contact's own resolved conversations. `metadata` is
    that of the conversation. Raises Invalid for the text, and Conflict when an id is taken.
    """
    permit(by, "conversation.start", contact)
    run = answering.ask_assistant(
        workspace=workspace, content=body, public_id=public_id, contact=contact, door=door, subject=subject,
        details=metadata, message_public_id=message_public_id, uploads=uploads, thread_metadata=_stated(language),
        audience=Audience.CUSTOMER, by=by, at=at,
    )  # fmt: skip
    return run.question


@transaction.atomic
def write_to_assistant(
    *,
    conversation: Conversation,
    body: str,
    door: Door,
    message_public_id: uuid.UUID | None = None,
    uploads: Sequence[File[bytes]] = (),
    language: str = "",
    by: Actor,
    at: datetime,
) -> Message | None:
    """Add the visitor's next message to a chat that the assistant answers; None where people have it, or nobody goes on with it.

    While the assistant is answering, the message waits in the thread, and is answered next. A yes to what the assistant asked
    decides that. Where it may not answer any more, and for files without a text, people get the chat with the message. A
    repeat finds the first message. Raises Invalid, and Conflict with code `sent_already`.
    """
    permit(by, "conversation.receive", conversation)
    thread = _held(conversation, by)
    if thread is None:
        return None
    if (first := _written(thread.conversation, message_public_id)) is not None:
        return first
    given: dict[str, Any] = {"door": door, "uploads": uploads, "by": by, "at": at}
    call, reason = _people_wanted(thread, body, at)
    proposal = assistant_queries.pending_proposals().filter(thread=thread).first()
    if call is not None:
        message = _add(thread, body, message_public_id, **given)
        assistant = assistant_messages.assistant(thread.workspace_id)
        hand_over(thread=thread, call=call, reason=reason, by=assistant, at=at)
    elif proposal is not None and thread.status == ThreadStatus.IDLE and intents.agrees(body):
        message = _add(thread, body, message_public_id, **given)
        _decide(thread, proposal, True, by=by, at=at)
    elif thread.status == ThreadStatus.IDLE:
        run = answering.ask_assistant(
            workspace=thread.workspace, content=body, thread=thread, message_public_id=message_public_id,
            thread_metadata=thread.metadata | _stated(language), audience=Audience.CUSTOMER, **given,
        )  # fmt: skip
        message = run.question
    else:
        message = _add(thread, body, message_public_id, **given)
    return message


@transaction.atomic
def decide_in_chat(
    *, conversation: Conversation, proposal_id: uuid.UUID, approved: bool, by: Actor, at: datetime
) -> Conversation:
    """Answer what the assistant asked, with a quick reply; one that was decided stays as it is. Raises NotFound, and Conflict while
    the assistant is answering."""
    permit(by, "conversation.receive", conversation)
    rows = AssistantProposal.objects.filter(public_id=proposal_id, thread__conversation=conversation)
    if not rows.exists():
        raise NotFound("there is no such question")
    thread = _held(conversation, by)
    proposal = assistant_queries.pending_proposals().filter(pk__in=rows.values("pk")).first()
    if thread is not None and proposal is not None:
        _decide(thread, proposal, approved, by=by, at=at)
    return Conversation.objects.select_related("contact").get(pk=conversation.pk)


# --- Parts --------------------------------------------------------------------------------------


def _held(conversation: Conversation, by: Actor) -> AssistantThread | None:
    """The visitor's thread and its conversation, locked, while the assistant has them. Raises NotFound for another's."""
    found = assistant_queries.thread_of(conversation)
    if found is None:
        return None
    try:
        thread = runs.hold(found)
    except NotFound:
        return None
    if thread.handed_over_at is not None or thread.taken_over_at is not None:
        return None
    now = holding.own(thread.conversation, by)
    if now.handler != Handler.ASSISTANT or now.status == Status.CLOSED:
        return None
    thread.conversation = now
    return thread


def _people_wanted(thread: AssistantThread, body: str, at: datetime) -> tuple[Call | None, str]:
    """Why people get the chat before the assistant has read the message."""
    if not body.strip():
        return Call.POLICY, FILES_ALONE
    match gate.refusal(thread.workspace, at):
        case gate.Refusal.BUDGET_USED_UP:
            return Call.UNSURE, NO_BUDGET
        case gate.Refusal.NOT_APPROVED:
            return Call.UNSURE, NOT_ALLOWED
    return None, ""


def _add(
    thread: AssistantThread,
    body: str,
    public_id: uuid.UUID | None,
    *,
    door: Door,
    uploads: Sequence[File[bytes]],
    by: Actor,
    at: datetime,
) -> Message:
    return core_messages.receive(
        conversation=thread.conversation, body=body, door=door, public_id=public_id, uploads=uploads, by=by, at=at
    )


def _decide(thread: AssistantThread, proposal: AssistantProposal, approved: bool, *, by: Actor, at: datetime) -> None:
    decision = Decision(proposal_id=proposal.public_id, approve=approved)
    proposals.decide_proposal(thread=thread, decision=decision, by=by, at=at)


def _written(conversation: Conversation, public_id: uuid.UUID | None) -> Message | None:
    if public_id is None:
        return None
    known = Message.objects.select_related("conversation").filter(public_id=public_id, kind=MessageKind.MESSAGE).first()
    if known is not None and known.conversation_id != conversation.pk:
        raise Conflict("this id belongs to another message", code="sent_already")
    return known


def _stated(language: str) -> dict[str, str]:
    return {"language": language} if language else {}
