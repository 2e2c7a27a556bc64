"""Live updates of the inbox as server-sent events: ids alone; the page fetches the ordinary fragments again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from django.http import HttpResponse
from django.views.decorators.http import require_GET

from accounts import live
from accounts.permissions import permit
from conversations.inbox.desk import DeskRequest, screen

SUBJECTS = frozenset({"", "conversation", "ticket", "contact"})
"""What the inbox shows something of; the empty one is the stream's own (ready, resync)."""


@require_GET
@screen
def stream(request: DeskRequest) -> HttpResponse:
    """The workspace's journal from `Last-Event-ID`, or `?after=`, on."""
    permit(request.actor, "conversation.read")
    workspace_id, after = request.workspace.pk, live.last_event_id(request)

    async def follow(context: live.LiveContext) -> AsyncIterator[bytes | HttpResponse]:
        async for event in context.events(workspace_id, after=after):
            if event.subject_type in SUBJECTS:
                told = {"type": event.type, "subject": event.subject_type, "id": event.subject_id}
                yield live.sse(orjson.dumps(told).decode(), id=event.id)

    return live.LiveResponse(follow)
