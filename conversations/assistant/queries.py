"""Questions about the assistant's threads, drafts and proposals, in the open workspace scope."""

from __future__ import annotations

import uuid
from typing import cast

from django.db.models import QuerySet

from accounts.errors import NotFound
from accounts.models import Event
from accounts.tenancy import current, viewer
from conversations import events
from conversations.models import (
    AssistantProposal,
    AssistantQueueItem,
    AssistantThread,
    Conversation,
    Outcome,
    ProposalStatus,
    Suggestion,
    SuggestionKind,
)
from conversations.models.assistant import AssistantThreadQuerySet


def assistant_threads() -> AssistantThreadQuerySet:
    """The workspace's conversations with the assistant, latest change first, without the deleted ones."""
    return cast(AssistantThreadQuerySet, AssistantThread.objects.get_queryset()).kept().newest_first()


def assistant_thread(public_id: uuid.UUID) -> AssistantThread:
    """Raises NotFound, also for one that was deleted, and for a visitor's chat."""
    found = assistant_threads().of_programs().filter(conversation__public_id=public_id).first()
    if found is None:
        raise NotFound("there is no such conversation")
    return found


def thread_of(conversation: Conversation) -> AssistantThread | None:
    """The conversation's thread with the assistant, if it has one that is not deleted."""
    return assistant_threads().filter(conversation=conversation).first()


def undecided_draft(conversation: Conversation) -> Suggestion | None:
    """The assistant's latest draft, while it is neither used nor rejected.

    None where it rests on a conversation that the viewer of the scope does not see: its text may quote that.
    """
    found = undecided_drafts().filter(conversation=conversation).order_by("-id").first()
    return found if found is None or _sees_sources(found) else None


def _sees_sources(suggestion: Suggestion) -> bool:
    """Whether the viewer of the scope sees every conversation that the suggestion rests on."""
    if viewer() is None:
        return True
    ids = {one["conversation"] for one in suggestion.sources if one.get("conversation")}
    return not ids or Conversation.objects.filter(public_id__in=ids).count() == len(ids)


def undecided_drafts() -> QuerySet[Suggestion]:
    """The drafts of all conversations that are neither used nor rejected."""
    return Suggestion.objects.filter(outcome=Outcome.OPEN, kind=SuggestionKind.DRAFT)


def draft(conversation: Conversation, public_id: uuid.UUID) -> Suggestion:
    """A draft of the conversation. Raises NotFound."""
    rows = Suggestion.objects.filter(conversation=conversation, kind=SuggestionKind.DRAFT, public_id=public_id)
    found = rows.first()
    if found is None:
        raise NotFound("there is no such draft")
    return found


def pending_proposals() -> QuerySet[AssistantProposal]:
    """The steps that wait for a customer's decision; one at most in each thread."""
    return AssistantProposal.objects.filter(status=ProposalStatus.PENDING)


def assistant_queue(thread: AssistantThread) -> QuerySet[AssistantQueueItem]:
    """The queued messages of a thread, the next one first."""
    return AssistantQueueItem.objects.filter(thread=thread).select_related("thread").order_by("id")


def suggestion(conversation_id: int, request_id: int) -> Event | None:
    """The event that ended a request for a draft: `suggestion.made` or `suggestion.failed`; None while it is being made."""
    return Event.objects.filter(
        workspace=current(),
        subject_type="conversation",
        subject_id=conversation_id,
        id__gt=request_id,
        type__in=(events.SUGGESTION_MADE.name, events.SUGGESTION_FAILED.name),
        data__request_id=request_id,
    ).first()
