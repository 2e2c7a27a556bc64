"""Suggested replies in the composer: asking for one and dismissing it. Nothing is ever sent from here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts import clock, tenancy
from accounts.live.access import MemberAccess
from accounts.live.responses import LiveContext, LiveResponse
from accounts.models import Workspace
from accounts.permissions import permit
from conversations.api.limits import Buckets
from conversations.api.problems import RateLimited
from conversations.assistant import actions as assistant_actions
from conversations.assistant import choice as choices
from conversations.assistant import gate, questions, suggestion_results
from conversations.assistant import queries as assistant_queries
from conversations.assistant.engines import chosen as chosen_engine
from conversations.models import Audience, Conversation, Suggestion
from conversations.queries import conversations as queries
from conversations.screens.inbox import labels
from conversations.screens.inbox.place import Place, frame
from conversations.screens.shell import CONVERSATION_HEADER, DeskRequest, is_fragment, screen

_drafts = Buckets(settings.ASSISTANT_SUGGESTIONS_PER_MINUTE)


@require_POST
@screen
def suggest(request: DeskRequest, number: int) -> HttpResponseBase:
    """Suggest the next reply. An engine outside runs in the worker; the answer is held until it is done."""
    conversation = queries.by_number(number)
    permit(request.actor, "conversation.reply", conversation)
    at = clock.now()
    fault = _fault(request, conversation, at)
    if fault:
        return _answer(request, conversation, None, fault)
    chosen = choices.choice(request.workspace)
    if chosen.is_outside:
        asked = assistant_actions.request_suggestion(
            conversation=conversation, engine=chosen.engine, by=request.actor, at=at
        )
        return _held(request, conversation, asked.pk)
    draft = chosen_engine.of(request.workspace).draft(questions.conversation_question(conversation, Audience.TEAM))
    made = assistant_actions.make_suggestion(
        conversation=conversation, draft=draft, engine=chosen.engine, by=request.actor, at=at
    )
    return _answer(request, conversation, made)


@require_POST
@screen
def dismiss(request: DeskRequest, number: int, public_id: UUID) -> HttpResponse:
    """Dismiss the suggestion."""
    conversation = queries.by_number(number)
    suggestion = assistant_queries.draft(conversation, public_id)
    assistant_actions.dismiss_suggestion(suggestion=suggestion, by=request.actor, at=clock.now())
    return _answer(request, conversation, None)


def _fault(request: DeskRequest, conversation: Conversation, at: datetime) -> str:
    """Why there can be no suggestion now (see labels.NO_DRAFT), or ""."""
    if (refused := gate.refusal(request.workspace, at)) is not None:
        return refused.value
    if conversation.last_message_id is None:
        return "nothing_said"
    try:
        _drafts.take(request.user.pk)
    except RateLimited:
        return "too_many"
    return ""


def _held(request: DeskRequest, conversation: Conversation, request_id: int) -> LiveResponse:
    workspace_id, conversation_id, viewer = request.workspace.pk, conversation.pk, request.membership.viewer

    def render_made(made: suggestion_results.SuggestionResult) -> HttpResponse:
        workspace = Workspace.objects.get(pk=workspace_id)
        with tenancy.scope(workspace, viewer), timezone.override(workspace.time_zone):
            suggestion = Suggestion.objects.filter(pk=made.suggestion_id or 0).first()
            return _answer(request, conversation, suggestion, made.code)

    async def follow(context: LiveContext) -> AsyncIterator[bytes | HttpResponse]:
        made = await suggestion_results.wait(context, workspace_id, conversation_id, request_id)
        yield await context.run(render_made, made)

    return LiveResponse(
        follow,
        access=MemberAccess.of(request, "conversation.reply"),
        held=True,
        content_type="text/html; charset=utf-8",
    )


def _answer(
    request: DeskRequest, conversation: Conversation, suggestion: Suggestion | None, fault: str = ""
) -> HttpResponse:
    """The suggestion's part of the composer; without script the page, which shows it."""
    if suggestion is not None and not suggestion.text:
        fault, suggestion = suggestion.failure, None
    if fault and fault not in labels.NO_DRAFT:
        fault = "failed"
    if not is_fragment(request):
        url = reverse("conversation", args=[request.workspace.slug, conversation.number])
        reason = f"&draft={fault}" if fault else ""
        return redirect(f"{url}?{Place.of(request).query}{reason}#composer")
    facts: dict[str, Any] = {
        **frame(request, Place.of(request)),
        "conversation": conversation,
        "suggestion": suggestion,
        "draft_fault": labels.NO_DRAFT.get(fault, ""),
    }
    response = render(request, "inbox/draft.html", facts)
    response[CONVERSATION_HEADER] = str(conversation.number)  # a held answer does not pass `screen`
    return response
