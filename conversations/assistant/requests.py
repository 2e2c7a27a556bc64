"""Waiting for a draft that the worker makes, without a thread or a database connection meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from django.conf import settings
from django.db import InterfaceError, OperationalError

from accounts import tenancy
from accounts.live.responses import LiveContext
from accounts.models import Workspace
from conversations import events
from conversations.assistant import queries as assistant_queries

logger = logging.getLogger(__name__)

CHANNEL = "parley_suggestions"
"""Where those who wait for a draft listen; the key is the request's id."""
LOOK_AGAIN = 1.0  # seconds; while the database is away
PATIENCE = 15  # seconds that the job may wait in the queue, on top of what the engine may take


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a request: the ledger's row, or why there is none."""

    suggestion_id: int | None = None
    code: str = ""


async def wait(context: LiveContext, workspace_id: int, conversation_id: int, request_id: int) -> Made:
    """What became of a request for a draft, once the worker has told of it; code `unknown_error` when it does not."""
    try:
        async with (
            asyncio.timeout(settings.ASSISTANT_TIMEOUT + PATIENCE),
            aclosing(cast(AsyncGenerator[str, None], context.listen(CHANNEL, str(request_id)))) as news,
        ):
            async for _ in news:
                made = await _seen(context, workspace_id, conversation_id, request_id)
                if made is not None:
                    return made
    except TimeoutError:
        pass
    return Made(code="unknown_error")


async def _seen(context: LiveContext, workspace_id: int, conversation_id: int, request_id: int) -> Made | None:
    """What a look says, as soon as the database answers."""
    while True:
        try:
            return await context.run(look, workspace_id, conversation_id, request_id)
        except (InterfaceError, OperationalError) as error:
            logger.warning("suggestion_look_failed request=%s error=%s", request_id, type(error).__name__)
            await asyncio.sleep(LOOK_AGAIN)


def look(workspace_id: int, conversation_id: int, request_id: int) -> Made | None:
    """The outcome, or None while there is none."""
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        event = assistant_queries.suggestion(conversation_id, request_id)
    if event is None:
        return None
    if event.type == events.SUGGESTION_FAILED.name:
        return Made(code=event.data["code"])
    return Made(suggestion_id=event.data["suggestion_id"])
