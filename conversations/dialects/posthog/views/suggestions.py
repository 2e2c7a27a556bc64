"""A draft of the next answer, by the workspace's assistant; it is kept as a private note as well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, ClassVar, cast

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tenancy
from accounts.live import LiveContext, LiveResponse
from accounts.models import IdempotentRequest, Workspace
from accounts.permissions import Scope
from conversations import actions, events, ticket_queries
from conversations.actions.suggestions import CHANNEL
from conversations.api.limits import Buckets
from conversations.assistant import engine, retrieval
from conversations.dialects.posthog import answers
from conversations.dialects.posthog.envelope import PosthogDetail
from conversations.dialects.posthog.views.base import PROJECT, TICKET, PosthogViewSet
from conversations.models import Message
from tickets.models import Ticket

NOTHING = "The assistant has no draft: this desk has solved no similar conversation yet."
PATIENCE = 15  # seconds that the job may wait in the queue, on top of what the engine may take
_drafts = Buckets(settings.ASSISTANT_SUGGESTIONS_PER_MINUTE)


class Suggestions(PosthogViewSet):
    """The assistant of a ticket."""

    scopes: ClassVar[dict[str, Scope]] = {"create": Scope.TICKET_WRITE}

    @extend_schema(
        operation_id="suggestPosthogTicketReply",
        summary="Suggest a reply",
        description=(
            "A draft from the ticket's public messages and from answers that solved similar conversations, kept as a private "
            "note too. The engine `builtin` needs nothing outside the desk; `openai` needs the workspace's approval, and a "
            "repeated Idempotency-Key asks it again."
        ),
        parameters=[PROJECT, TICKET],
        request=None,
        responses={
            200: answers.PosthogSuggestion,
            400: OpenApiResponse(PosthogDetail, description="The ticket has no public message."),
            403: OpenApiResponse(
                PosthogDetail,
                description="The workspace has not approved that data leaves the desk; or the usual error body for the key.",
            ),
            500: OpenApiResponse(answers.PosthogSuggestionFailed, description="The engine gave no draft."),
        },
    )
    def create(self, request: Request, project_id: str, id: str) -> HttpResponseBase:
        """One draft; the approval is checked before the ticket is looked up."""
        chosen = engine.choice(self.grant.workspace)
        if not chosen.is_allowed:
            return Response({"detail": "This project has not approved AI data processing."}, status=403)
        row = self.ticket(id)
        if not ticket_queries.public_messages(row).exists():
            return Response({"detail": "The ticket has no message to answer."}, status=400)
        _drafts.take(self.grant.key.pk)
        if chosen.is_outside:
            return self._by_worker(row, chosen.engine)
        draft = engine.of(self.grant.workspace).draft(retrieval.question(row))
        note = actions.make_suggestion(ticket=row, draft=draft, engine=chosen.engine, by=self.actor, at=self.at)
        return Response(_printed(note, chosen.engine))

    def _by_worker(self, row: Ticket, name: str) -> LiveResponse:
        """The worker asks the engine; the answer is sent when it is there, and no thread waits for it."""
        self._forget_key()
        request_id = actions.request_suggestion(ticket=row, engine=name, by=self.actor, at=self.at).pk
        workspace_id, ticket_id = self.grant.workspace.pk, row.pk

        async def follow(context: LiveContext) -> AsyncIterator[bytes | HttpResponse]:
            yield await wait(context, workspace_id, ticket_id, request_id)

        return LiveResponse(follow, held=True, content_type="application/json")

    def _forget_key(self) -> None:
        """Keep no answer for a repeat: this one is not known while the request's transaction is open."""
        if self._record is not None:
            IdempotentRequest.all_workspaces.filter(pk=self._record.pk).delete()  # claimed by this request
            self._record = None


async def wait(context: LiveContext, workspace_id: int, ticket_id: int, request_id: int) -> HttpResponse:
    """The answer to a request for a draft, once the worker has told of it."""
    try:
        async with (
            asyncio.timeout(settings.ASSISTANT_TIMEOUT + PATIENCE),
            aclosing(cast(AsyncGenerator[str, None], context.listen(CHANNEL, str(request_id)))) as news,
        ):
            async for _ in news:
                answer = await context.run(outcome, workspace_id, ticket_id, request_id)
                if answer is not None:
                    return answer
    except TimeoutError:
        pass
    return _failed("unknown_error")


def outcome(workspace_id: int, ticket_id: int, request_id: int) -> HttpResponse | None:
    """The answer, or None while there is none."""
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace):
        event = ticket_queries.suggestion(ticket_id, request_id)
        if event is None:
            return None
        if event.type == events.SUGGESTION_FAILED.name:
            return _failed(event.data["code"])
        note = Message.objects.filter(pk=event.data["message_id"]).first()
        return _json(_printed(note, event.data["engine"]), 200)


def _printed(note: Message | None, name: str) -> dict[str, Any]:
    return {
        "suggestion": note.body if note else NOTHING,
        "found": note is not None,
        "engine": name,
        "sources": (note.metadata or {}).get("sources", []) if note else [],
    }


def _failed(code: str) -> HttpResponse:
    return _json({"detail": "The assistant gave no draft.", "error_type": code}, 500)


def _json(body: Any, status: int) -> HttpResponse:
    return HttpResponse(orjson.dumps(body), status=status, content_type="application/json")
