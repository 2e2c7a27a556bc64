"""The ledger of the assistant's drafts and answers: text, cost and outcome of each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from conversations.assistant.engines.protocol import NOTHING_USED, Usage
from conversations.knowledge.passages import Passage
from conversations.models import Conversation, Outcome, Suggestion, SuggestionKind


def enter(
    conversation: Conversation,
    kind: SuggestionKind,
    *,
    engine: str,
    text: str = "",
    sources: tuple[Passage, ...] = (),
    usage: Usage = NOTHING_USED,
    took_ms: int = 0,
    failure: str = "",
    at: datetime,
    **links: Any,
) -> Suggestion:
    """Enter one draft or answer, or the failure to make one, into the ledger. `links` are ticket, run and message."""
    suggestion = Suggestion(
        workspace_id=conversation.workspace_id,
        kind=kind,
        conversation=conversation,
        engine=engine,
        model=usage.model[:100],
        text=text,
        sources=[one.reference for one in sources],
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cost=usage.cost,
        took_ms=took_ms,
        outcome=Outcome.FAILED if failure else Outcome.OPEN,
        failure=failure[:40],
        created_at=at,
        **links,
    )
    suggestion.save(force_insert=True)
    return suggestion


def open_answers(conversation: Conversation) -> QuerySet[Suggestion]:
    """The assistant's answers that are not rated yet, the latest first."""
    rows = Suggestion.objects.filter(conversation=conversation, kind=SuggestionKind.ANSWER)
    return rows.filter(outcome=Outcome.OPEN).order_by("-id")
