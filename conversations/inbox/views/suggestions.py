"""Drafts of the assistant in the composer: asking for one, and turning it down. Nothing is ever sent from here."""

from __future__ import annotations

from collections.abc import AsyncIterator
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
from accounts.live import LiveContext, LiveResponse
from accounts.models import Workspace
from accounts.permissions import permit
from conversations import actions, queries
from conversations.api.limits import Buckets
from conversations.api.problems import RateLimited
from conversations.assistant import budget, engine, retrieval, waiting
from conversations.inbox.desk import DeskRequest, Place, frame, is_fragment, screen
from conversations.models import Audience, Conversation, Suggestion

_drafts = Buckets(settings.ASSISTANT_SUGGESTIONS_PER_MINUTE)

NOT_APPROVED = "This workspace has not approved that customers' messages leave the desk."
USED_UP = "The assistant's budget for this month is used up."
NOTHING_SAID = "There is nothing to answer yet."
NOTHING_KNOWN = "The assistant knows nothing like this yet: no article, no macro and no solved conversation."
NO_DRAFT = "The assistant gave no draft. Try again in a moment."


@require_POST
@screen
def suggest(request: DeskRequest, number: int) -> HttpResponseBase:
    """A draft of the next reply. An engine outside works in the worker; the answer is held until it is there."""
    conversation = queries.by_number(number)
    permit(request.actor, "conversation.reply", conversation)
    chosen = engine.choice(request.workspace)
    fault = _fault(request, conversation, chosen)
    if fault:
        return _answer(request, conversation, None, fault)
    at = clock.now()
    if chosen.is_outside:
        asked = actions.request_suggestion(conversation=conversation, engine=chosen.engine, by=request.actor, at=at)
        return _held(request, conversation, asked.pk)
    draft = engine.of(request.workspace).draft(retrieval.conversation_question(conversation, Audience.TEAM))
    made = actions.make_suggestion(
        conversation=conversation, draft=draft, engine=chosen.engine, by=request.actor, at=at
    )
    return _answer(request, conversation, made, "" if made.text else NOTHING_KNOWN)


@require_POST
@screen
def dismiss(request: DeskRequest, number: int, public_id: UUID) -> HttpResponse:
    """The draft is of no use."""
    conversation = queries.by_number(number)
    suggestion = queries.draft(conversation, public_id)
    actions.dismiss_suggestion(suggestion=suggestion, by=request.actor, at=clock.now())
    return _answer(request, conversation, None, "")


def _fault(request: DeskRequest, conversation: Conversation, chosen: engine.Choice) -> str:
    """Why there can be no draft now, or ""."""
    if not chosen.is_allowed:
        return NOT_APPROVED
    if conversation.last_message_id is None:
        return NOTHING_SAID
    if budget.is_used_up(request.workspace, clock.now()):
        return USED_UP
    try:
        _drafts.take(request.user.pk)
    except RateLimited as error:
        return f"That was a lot of drafts. Try again in {error.wait} s."
    return ""


def _held(request: DeskRequest, conversation: Conversation, request_id: int) -> LiveResponse:
    workspace_id, conversation_id = request.workspace.pk, conversation.pk

    def render_made(made: waiting.Made) -> HttpResponse:
        workspace = Workspace.objects.get(pk=workspace_id)
        with tenancy.scope(workspace), timezone.override(workspace.time_zone):
            suggestion = Suggestion.objects.filter(pk=made.suggestion_id or 0).first()
            known = suggestion is not None and bool(suggestion.text)
            fault = "" if known else NOTHING_KNOWN if suggestion is not None else _why(made.code)
            return _answer(request, conversation, suggestion if known else None, fault)

    async def follow(context: LiveContext) -> AsyncIterator[bytes | HttpResponse]:
        made = await waiting.wait(context, workspace_id, conversation_id, request_id)
        yield await context.run(render_made, made)

    return LiveResponse(follow, held=True, content_type="text/html; charset=utf-8")


def _why(code: str) -> str:
    return USED_UP if code == "quota_limit_exceeded" else NO_DRAFT


def _answer(
    request: DeskRequest, conversation: Conversation, suggestion: Suggestion | None, fault: str
) -> HttpResponse:
    """The draft's place in the composer; without script the page, which shows it."""
    if not is_fragment(request):
        place = Place.of(request)
        url = reverse("conversation", args=[request.workspace.slug, conversation.number])
        return redirect(f"{url}?{place.query}#composer")
    facts: dict[str, Any] = {
        **frame(request, Place.of(request)),
        "conversation": conversation,
        "suggestion": suggestion if suggestion is not None and suggestion.text else None,
        "draft_fault": fault,
    }
    return render(request, "inbox/draft.html", facts)
