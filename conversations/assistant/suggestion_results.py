"""Waiting for a suggestion that the worker makes, without a thread or a database connection meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from django.conf import settings

from accounts import tenancy
from accounts.live import watching
from accounts.live.responses import LiveContext
from accounts.models import Workspace
from conversations import events
from conversations.assistant import queries as assistant_queries

CHANNEL = "parley_suggestions"
"""The channel of finished suggestions; the key is the request's id."""
PATIENCE = 15  # seconds that the job may wait in the queue, on top of what the engine may take


@dataclass(frozen=True, slots=True)
class SuggestionResult:
    """The result of a request: the id of the suggestion, or the code of the failure."""

    suggestion_id: int | None = None
    code: str = ""


async def wait(context: LiveContext, workspace_id: int, conversation_id: int, request_id: int) -> SuggestionResult:
    """The result of a request, once the worker has announced it; code `unknown_error` when it does not."""
    found = partial(find, workspace_id, conversation_id, request_id)
    patience = settings.ASSISTANT_TIMEOUT + PATIENCE
    made = await watching.outcome(context, CHANNEL, str(request_id), found, patience)
    return made or SuggestionResult(code="unknown_error")


def find(workspace_id: int, conversation_id: int, request_id: int) -> SuggestionResult | None:
    """The result, or None while there is none."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        event = assistant_queries.suggestion(conversation_id, request_id)
    if event is None:
        return None
    if event.type == events.SUGGESTION_FAILED.name:
        return SuggestionResult(code=event.data["code"])
    return SuggestionResult(suggestion_id=event.data["suggestion_id"])
