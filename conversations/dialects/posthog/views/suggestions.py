"""A suggested reply by the workspace's assistant, also kept as a private note."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import tenancy
from accounts.live.responses import LiveContext, LiveResponse
from accounts.models import Workspace
from conversations.api import idempotency
from conversations.api.limits import Buckets
from conversations.assistant import actions as assistant_actions
from conversations.assistant import choice as choices
from conversations.assistant import gate, questions, suggestion_results
from conversations.assistant.actions.answering import SPENT
from conversations.assistant.engines import chosen as chosen_engine
from conversations.dialects.posthog import answers
from conversations.dialects.posthog.answers import ERROR_TYPES
from conversations.dialects.posthog.error_bodies import PosthogDetail
from conversations.dialects.posthog.views.base import PROJECT, TICKET, PosthogViewSet
from conversations.models import Conversation, Suggestion
from conversations.queries import tickets as ticket_queries
from tickets.models import Ticket
from tickets.permissions import TicketScope

_REFUSALS = {
    gate.Refusal.NOT_APPROVED: "This project has not approved AI data processing.",
    gate.Refusal.BUDGET_USED_UP: SPENT,
}
_drafts = Buckets(settings.ASSISTANT_SUGGESTIONS_PER_MINUTE)


class Suggestions(PosthogViewSet):
    """The assistant of a ticket."""

    scopes: ClassVar[dict[str, str]] = {"create": TicketScope.WRITE}

    @extend_schema(
        operation_id="suggestPosthogTicketReply",
        summary="Suggest a reply",
        description=(
            "Suggests a reply from the ticket's public messages, articles, macros and resolved conversations, and adds it as a "
            "private note. The engine `builtin` works offline; `openai` requires the workspace's approval, and a repeated "
            "Idempotency-Key asks it again."
        ),
        parameters=[PROJECT, TICKET],
        request=None,
        responses={
            200: answers.PosthogSuggestion,
            400: OpenApiResponse(PosthogDetail, description="The ticket has no public message."),
            403: OpenApiResponse(
                PosthogDetail,
                description=(
                    "The workspace does not allow sending customer messages to the model, or its budget is used up; or the usual error "
                    "body for the key."
                ),
            ),
            500: OpenApiResponse(
                answers.PosthogSuggestionFailed, description="The assistant could not suggest a reply."
            ),
        },
    )
    def create(self, request: Request, project_id: str, id: str) -> HttpResponseBase:
        """One draft; the approval is checked before the ticket is looked up, and the budget after it."""
        workspace = self.grant.workspace
        refused = gate.refusal(workspace, self.at)
        if refused == gate.Refusal.NOT_APPROVED:
            return Response({"detail": _REFUSALS[refused]}, status=403)
        row = self.ticket(id)
        primary = ticket_queries.primaries([row]).get(row.pk)
        if primary is None or not ticket_queries.public_messages(row).exists():
            return Response({"detail": "The ticket has no message to answer."}, status=400)
        _drafts.take(self.grant.key.pk)
        if refused is not None:
            return Response({"detail": _REFUSALS[refused]}, status=403)
        chosen = choices.choice(workspace)
        if chosen.is_outside:
            return self._by_worker(row, primary, chosen.engine)
        draft = chosen_engine.of(workspace).draft(questions.question(row, questions.audience_of(self.actor)))
        made = assistant_actions.make_suggestion(
            conversation=primary, ticket=row, draft=draft, engine=chosen.engine, by=self.actor, at=self.at
        )
        return Response(answers.PosthogSuggestion(made).data)

    def _by_worker(self, row: Ticket, primary: Conversation, name: str) -> LiveResponse:
        """The worker asks the engine; the answer is held until it is done, without a waiting thread."""
        self._forget_key()
        request_id = assistant_actions.request_suggestion(
            conversation=primary, ticket=row, engine=name, by=self.actor, at=self.at
        ).pk
        workspace_id, conversation_id = self.grant.workspace.pk, primary.pk

        async def follow(context: LiveContext) -> AsyncIterator[bytes | HttpResponse]:
            made = await suggestion_results.wait(context, workspace_id, conversation_id, request_id)
            yield await context.run(answer, workspace_id, made)

        return LiveResponse(follow, access=self.access, held=True, content_type="application/json")

    def _forget_key(self) -> None:
        """Release the idempotency key: the answer is not known while the request's transaction is open."""
        if self._record is not None:
            idempotency.drop(self._record)
            self._record = None


def answer(workspace_id: int, made: suggestion_results.SuggestionResult) -> HttpResponse:
    """The result of a request, as this format prints it."""
    if made.suggestion_id is None:
        code = made.code if made.code in ERROR_TYPES else "unknown_error"
        return _json({"detail": "The assistant could not suggest a reply.", "error_type": code}, 500)
    with tenancy.scope(Workspace.objects.get(pk=workspace_id)):
        return _json(answers.PosthogSuggestion(Suggestion.objects.get(pk=made.suggestion_id)).data, 200)


def _json(body: Any, status: int) -> HttpResponse:
    return HttpResponse(orjson.dumps(body), status=status, content_type="application/json")
