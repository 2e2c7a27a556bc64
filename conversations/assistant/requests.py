"""Waiting for a draft that the worker makes, without a thread or a database connection meanwhile."""

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
"""Where those who wait for a draft listen; the key is the request's id."""
PATIENCE = 15  # seconds that the job may wait in the queue, on top of what the engine may take


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a request: the ledger's row, or why there is none."""

    suggestion_id: int | None = None
    code: str = ""


async def wait(context: LiveContext, workspace_id: int, conversation_id: int, request_id: int) -> Made:
    """What became of a request for a draft, once the worker has announced it; code `unknown_error` when it does not."""
    seen = partial(look, workspace_id, conversation_id, request_id)
    patience = settings.ASSISTANT_TIMEOUT + PATIENCE
    made = await watching.outcome(context, CHANNEL, str(request_id), seen, patience)
    return made or Made(code="unknown_error")


def look(workspace_id: int, conversation_id: int, request_id: int) -> Made | None:
    """The outcome, or None while there is none."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        event = assistant_queries.suggestion(conversation_id, request_id)
    if event is None:
        return None
    if event.type == events.SUGGESTION_FAILED.name:
        return Made(code=event.data["code"])
    return Made(suggestion_id=event.data["suggestion_id"])
