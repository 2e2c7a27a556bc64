"""Live updates of the inbox as server-sent events: ids alone; the page fetches the ordinary fragments again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.live import responses as live
from accounts.live.access import MemberAccess, login_id
from accounts.live.merging import merged
from accounts.permissions import Visibility, permit
from conversations import events, presence
from conversations.chat import typing
from conversations.screens.shell import DeskRequest, screen

SUBJECTS = frozenset({"", "conversation", "ticket", "contact", "bulk_job"})
"""Subjects of events that the inbox shows; the empty one is the stream's own (ready, resync)."""


Items = AsyncIterator[live.LiveEvent | int | Mapping[str, Any]]
NOT_SHOWN = frozenset(
    kind.name
    for kind in (
        events.SUGGESTION_REQUESTED,
        events.SUGGESTION_MADE,
        events.SUGGESTION_DECIDED,
        events.SUGGESTION_FAILED,
        events.MACRO_APPLIED,
    )
)
"""Events that change nothing in the inbox: a suggestion is in the answer to its request; what a macro changes has events of its own."""


@require_safe
@screen
def stream(request: DeskRequest) -> HttpResponse:
    """The workspace's journal from `Last-Event-ID`, or `?after=`, on.

    `?login=` is the session that the page was made for: after signing in as somebody else, an old page gets no events.
    `own` marks the person's own changes, whose effects are in the answers to their requests. Between them come the chats in
    which a customer is typing, and who of the team is in which conversation, as events of their own kinds. A member who does
    not see all conversations gets only its id, and asks for what they may see of it.
    """
    permit(request.actor, "conversation.read")
    if request.GET.get("login", login_id(request)) != login_id(request):
        raise PermissionDenied("this page belongs to another session")
    workspace_id, after = request.workspace.pk, live.last_event_id(request)
    person = (request.actor.kind, request.actor.id)
    sees_all = request.membership.visibility == Visibility.ALL

    async def follow(context: live.LiveContext) -> AsyncIterator[bytes | HttpResponse]:
        journal: Items = context.events(workspace_id, after=after)
        signals: Items = typing.customers_typing(context, workspace_id)
        inside: Items = presence.signals(context, workspace_id)
        async with merged(journal, signals, inside) as items:
            async for item in items:
                if isinstance(item, int):
                    # Without an id: where a browser left off is a place in the journal.
                    yield live.sse(orjson.dumps({"id": item}).decode(), event="typing")
                elif isinstance(item, Mapping):
                    about = item if sees_all or item.get("user") == person[1] else {"id": item["id"]}
                    yield live.sse(orjson.dumps(about).decode(), event="presence")
                elif item.subject_type in SUBJECTS and item.type not in NOT_SHOWN:
                    update = {"type": item.type, "subject": item.subject_type, "id": item.subject_id}
                    if item.actor == person:
                        update["own"] = True
                    yield live.sse(orjson.dumps(update).decode(), id=item.id)

    return live.LiveResponse(follow, access=MemberAccess.of(request, "conversation.read"))
