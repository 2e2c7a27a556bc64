"""Jobs of the assistant: answering runs, suggesting replies, ending quiet threads, deleting old frames."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Q
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.models import Membership, Workspace
from accounts.permissions import Actor, Visibility
from conversations.assistant import actions as assistant_actions
from conversations.assistant import choice as choices
from conversations.assistant import gate, questions, runs
from conversations.assistant import queries as assistant_queries
from conversations.assistant.actions.messages import FAILURE
from conversations.assistant.engines import chosen as chosen_engine
from conversations.assistant.engines import protocol
from conversations.models import (
    AssistantFrame,
    AssistantProposal,
    AssistantRun,
    AssistantThread,
    Audience,
    Conversation,
    Handler,
    ProposalStatus,
    Status,
    ThreadStatus,
)
from tickets.models import Ticket

logger = logging.getLogger(__name__)

DATABASE_AWAY = (OperationalError, InterfaceError)
FRAMES_KEPT = timedelta(hours=24)


@app.task(
    name="suggest_reply",
    queue=runs.QUEUE,
    retry=RetryStrategy(max_attempts=3, wait=1, retry_exceptions=list(DATABASE_AWAY)),
)
def suggest_reply(
    *,
    workspace_id: int,
    conversation_id: int | None = None,
    ticket_id: int | None = None,
    request_id: int,
    audience: str = Audience.TICKETS,
    user_id: int | None = None,
    **future: Any,
) -> None:
    """Let the workspace's engine suggest the next reply in a conversation, and store it for the waiting request.

    It is made of what the member who asked sees.
    """
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace, _viewer(workspace, user_id)):
        conversation = Conversation.objects.select_related("contact").filter(pk=conversation_id or 0).first()
        ticket = Ticket.objects.filter(pk=ticket_id).first() if ticket_id else None
        if conversation is None or (ticket_id and ticket is None):
            return
        if assistant_queries.suggestion(conversation.pk, request_id) is not None:
            return
        asked, began = Audience(audience), time.monotonic()
        chosen, by = chosen_engine.of(workspace), Actor.system(workspace_id)
        subject: dict[str, Any] = {"conversation": conversation, "ticket": ticket, "engine": chosen.name, "by": by}
        try:
            _check_permission(workspace)
            made = questions.question(ticket, asked) if ticket else questions.conversation_question(conversation, asked)
            draft = chosen.draft(made)
            took = _took(began)
            assistant_actions.make_suggestion(
                draft=draft, request_id=request_id, took_ms=took, at=clock.now(), **subject
            )
        except DATABASE_AWAY:
            raise  # The failure cannot be stored now; the job is tried again.
        except Exception as error:  # whatever it was, the waiting request gets an answer
            _log("suggestion_failed", conversation.pk, error)
            took = _took(began)
            assistant_actions.fail_suggestion(
                **_failure(error), request_id=request_id, took_ms=took, at=clock.now(), **subject
            )


def _viewer(workspace: Workspace, user_id: int | None) -> tenancy.Viewer | None:
    """Whose view limits what a suggestion is made of; one who has left the workspace meanwhile sees nothing."""
    if user_id is None:
        return None
    with tenancy.scope(workspace):
        membership = Membership.objects.filter(user=user_id).first()
    return tenancy.Viewer(user_id, Visibility.TEAMS) if membership is None else membership.viewer


def _took(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _found(question: protocol.Question) -> str:
    """The status text while an engine outside is working."""
    count = len(question.passages)
    return f"Found {count} source{'' if count == 1 else 's'}, writing an answer" if count else "Writing an answer"


def _check_permission(workspace: Workspace) -> None:
    """The workspace may have taken its approval back, or spent its budget, while the job was waiting."""
    match gate.refusal(workspace, clock.now()):
        case gate.Refusal.NOT_APPROVED:
            raise protocol.EngineFailed("the workspace does not allow sending customer messages to the model")
        case gate.Refusal.BUDGET_USED_UP as refused:
            raise protocol.EngineFailed("the workspace's budget is used up", code=refused.value)


def _log(what: str, pk: int, error: Exception) -> None:
    """An engine's failure is logged by its kind, anything else with its traceback."""
    if isinstance(error, protocol.EngineFailed):
        logger.warning("%s id=%s kind=%s", what, pk, error.kind or error.code)
    else:
        logger.warning("%s id=%s error=%s", what, pk, type(error).__name__, exc_info=error)


def _failure(error: Exception) -> dict[str, Any]:
    """The code, kind and usage of a failed attempt."""
    if isinstance(error, protocol.EngineFailed):
        return {"code": error.code, "kind": error.kind, "usage": error.usage}
    return {"code": "unknown_error"}


@app.task(name=runs.JOB, queue=runs.QUEUE)
def run_assistant(*, workspace_id: int, run_id: int, **future: Any) -> None:
    """Answer a run's question, and then what is queued behind it; a run that was stopped meanwhile is left alone.

    One that loses the database is left as it is: it is recovered as if the worker were gone (`runs.lost`).
    """
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace):
        run = runs.claim(run_id, clock.now())
        if run is None:
            return
        with runs.beating(run):
            while run is not None:
                run = _answer(workspace, run)


def _answer(workspace: Workspace, run: AssistantRun) -> AssistantRun | None:
    """One question: the run when another follows, else None."""
    by = Actor.system(workspace.pk)
    workspace.refresh_from_db()
    chosen, began = chosen_engine.of(workspace), time.monotonic()
    draft, question = protocol.Draft(text=None), None
    try:
        question = questions.thread_question(
            run.thread, until=run.question, audience=Audience(run.audience), choice=choices.choice(workspace)
        )
        _check_permission(workspace)
        if chosen.is_outside and not runs.progress(run, _found(question)):
            return None
        for draft in chosen.answer(question):
            if not runs.partial(run, draft.text or "", clock.now()):
                return assistant_actions.fail_run(  # it was stopped meanwhile
                    run=run, code="canceled", usage=draft.usage, engine=chosen.name, took_ms=_took(began), by=by,
                    at=clock.now(),
                )  # fmt: skip
        took = _took(began)
        return assistant_actions.answer_run(
            run=run, draft=draft, engine=chosen.name, question=question, took_ms=took, by=by, at=clock.now()
        )
    except DATABASE_AWAY:
        raise
    except Exception as error:  # whatever it was, the watchers get an answer
        _log("assistant_failed", run.pk, error)
        took = _took(began)
        failure: dict[str, Any] = {"usage": draft.usage, "question": question, **_failure(error)}
        return assistant_actions.fail_run(run=run, **failure, engine=chosen.name, took_ms=took, by=by, at=clock.now())


@app.periodic(cron="11 * * * *")
@app.task(name="settle_quiet_threads", queueing_lock="settle_quiet_threads", pass_context=False)
def settle_quiet_threads(timestamp: int) -> None:
    """Resolve threads in all workspaces whose customer has not replied to the assistant's answer for a while."""
    at = clock.now()
    since = at - timedelta(hours=settings.ASSISTANT_QUIET_HOURS)
    quiet = AssistantThread.all_workspaces.filter(
        status=ThreadStatus.IDLE,
        is_asking=False,
        taken_over_at=None,
        handed_over_at=None,
        deleted_at=None,
        conversation__handler=Handler.ASSISTANT,
        conversation__status=Status.PENDING,
        conversation__last_message_at__lt=since,
    )  # one job for all
    failed = Q(conversation__last_message__metadata__has_key=FAILURE)
    undecided = AssistantProposal.all_workspaces.filter(status=ProposalStatus.PENDING)  # as above
    answered = quiet.exclude(failed).exclude(pk__in=undecided.values("thread"))
    for thread in answered.select_related("workspace").order_by("pk")[:500]:
        with tenancy.scope_apart(thread.workspace, "assistant_settle_failed thread=%s", thread.pk):
            assistant_actions.settle(thread=thread, quiet_since=since, by=Actor.system(thread.workspace_id), at=at)


@app.periodic(cron="41 * * * *")
@app.task(name="forget_assistant_frames", queueing_lock="forget_assistant_frames")
def forget_assistant_frames(timestamp: int) -> None:
    """Delete frames that no repeated request can ask for any more; the messages stay."""
    old = AssistantFrame.all_workspaces.filter(run__ended_at__lt=clock.now() - FRAMES_KEPT)  # one job for all
    old.delete()
