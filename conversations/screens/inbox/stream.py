"""Live updates of the inbox as server-sent events: ids alone; the page fetches the ordinary fragments again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.events import MEMBER_ROLE_CHANGED
from accounts.live import responses as live
from accounts.live.access import MemberAccess, login_id
from accounts.live.merging import merged
from accounts.permissions import permit
from conversations import events, presence
from conversations.chat import typing
from conversations.notifications import reading as notifications
from conversations.screens.inbox.sight import Watcher
from conversations.screens.shell import DeskRequest, screen

SUBJECTS = frozenset({"", "conversation", "ticket", "contact", "bulk_job"})
"""Subjects of events that the inbox shows; the empty one is the stream's own (ready, resync)."""


Items = AsyncIterator[live.LiveEvent | int | str | Mapping[str, Any]]
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
    which a customer is typing, and who of the team is in which conversation, as events of their own kinds, and that the person's
    notifications or their role have changed. Nothing tells of a conversation that the person does not see; where they see others from now on, a
    `resync` does.
    """
    permit(request.actor, "conversation.read")
    if request.GET.get("login", login_id(request)) != login_id(request):
        raise PermissionDenied("this page belongs to another session")
    workspace_id, after = request.workspace.pk, live.last_event_id(request)
    person, membership = (request.actor.kind, request.actor.id), request.membership

    async def follow(context: live.LiveContext) -> AsyncIterator[bytes | HttpResponse]:
        watcher = Watcher(context, membership)
        journal: Items = context.events(workspace_id, after=after)
        signals: Items = typing.customers_typing(context, workspace_id)
        inside: Items = presence.signals(context, workspace_id)
        notified: Items = notifications.signals(context, membership.user_id)
        async with merged(journal, signals, inside, notified) as items:
            async for item in items:
                if isinstance(item, str):
                    yield live.sse("{}", event=item)
                    continue
                if isinstance(item, int):
                    if not await watcher.shows_conversation(item):
                        continue
                    # Without an id: where a browser left off is a place in the journal.
                    yield live.sse(orjson.dumps({"id": item}).decode(), event="typing")
                elif isinstance(item, Mapping):
                    if await watcher.shows_conversation(item["id"]):
                        yield live.sse(orjson.dumps(item).decode(), event="presence")
                elif item.type == MEMBER_ROLE_CHANGED.name and item.subject_id == membership.pk:
                    yield live.sse("{}", event="role", id=item.id)
                elif await watcher.has_changed(item):
                    resync = {"type": "resync", "subject": "", "id": 0}
                    yield live.sse(orjson.dumps(resync).decode(), id=item.id)
                elif item.subject_type in SUBJECTS and item.type not in NOT_SHOWN and await watcher.shows(item):
                    update = {"type": item.type, "subject": item.subject_type, "id": item.subject_id}
                    if item.actor == person:
                        update["own"] = True
                    yield live.sse(orjson.dumps(update).decode(), id=item.id)

    return live.LiveResponse(follow, access=MemberAccess.of(request, "conversation.read"))
