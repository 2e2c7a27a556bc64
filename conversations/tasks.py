"""Work that waits for no request: each task finds its rows by id, in a scope of its own, and may run twice."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import InterfaceError, OperationalError
from django.db.models import Q
from procrastinate import JobContext, RetryStrategy
from procrastinate.contrib.django import app

from accounts import clock, tenancy
from accounts.models import User, Workspace
from accounts.permissions import Actor
from conversations import actions, queries
from conversations.api import idempotency
from conversations.assistant import budget, engine, retrieval, runs
from conversations.channels.email import outbound
from conversations.models import (
    Article,
    AssistantFrame,
    AssistantProposal,
    AssistantRun,
    AssistantThread,
    Audience,
    Contact,
    Conversation,
    DeliveryStatus,
    Handler,
    Macro,
    Message,
    ProposalStatus,
    Status,
    ThreadStatus,
)
from conversations.models.searched import Searched, index_missing
from tickets.models import Ticket

logger = logging.getLogger(__name__)

DATABASE_AWAY = (OperationalError, InterfaceError)
MAIL_ATTEMPTS = 8
FRAMES_KEPT = timedelta(hours=24)
SEARCHED: tuple[type[Searched], ...] = (Contact, Conversation, Message, Article, Macro)


class MailDelayed(Exception):
    """The mail server did not take a mail; it is tried again with growing pauses."""


@app.task(name="mail_assignment", retry=5)
def mail_assignment(*, workspace_id: int, conversation_id: int, user_id: int, **future: Any) -> None:
    """Mail a member that a conversation was assigned to them, unless it has been reassigned since."""
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace):
        conversation = (
            Conversation.objects.select_related("contact").filter(pk=conversation_id, assignee=user_id).first()
        )
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if conversation is None or user is None:
            return
        EmailMessage(
            subject=f"[{workspace.name}] Assigned to you: #{conversation.number} {' '.join(conversation.subject.split())[:120]}",
            body=(
                f"{conversation.contact.display_name} wrote:\n\n{conversation.preview}\n\n"
                f"{settings.PUBLIC_URL}/w/{workspace.slug}/inbox/{conversation.number}\n"
            ),
            to=[user.email],
        ).send()


@app.task(name="mail_feedback", retry=5)
def mail_feedback(*, subject: str, body: str, reply_to: str, **future: Any) -> None:
    """Send feedback to the operator (settings.FEEDBACK_RECIPIENTS), if anyone is set to receive it."""
    if settings.FEEDBACK_RECIPIENTS:
        EmailMessage(subject=subject, body=body, to=settings.FEEDBACK_RECIPIENTS, reply_to=[reply_to]).send()


@app.task(
    name="mail_reply",
    pass_context=True,
    retry=RetryStrategy(max_attempts=MAIL_ATTEMPTS, exponential_wait=4, retry_exceptions=[MailDelayed]),
)
def mail_reply(context: JobContext, /, *, workspace_id: int, message_id: int, **future: Any) -> None:
    """Send a reply by mail, trying for about an hour; a reply that cannot be sent is marked so in its thread."""
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace):
        rows = Message.objects.select_related("conversation__contact", "workspace")
        message = rows.filter(pk=message_id).first()
        if message is None:
            return
        by, at = Actor.system(workspace_id), clock.now()
        try:
            outbound.mail(message).send()
        except (OSError, SMTPException, ValueError) as error:
            attempts = context.job.attempts if context.job else 0
            if attempts + 1 < MAIL_ATTEMPTS:
                raise MailDelayed from error
            logger.warning("mail_failed message=%s error=%s", message_id, type(error).__name__)
            actions.set_delivery(message=message, status=DeliveryStatus.FAILED, by=by, at=at)
            return
        actions.set_delivery(message=message, status=DeliveryStatus.DELIVERED, by=by, at=at)


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
    **future: Any,
) -> None:
    """Let the workspace's engine suggest the next reply in a conversation, and keep it for the waiting request."""
    workspace = Workspace.objects.get(pk=workspace_id)
    with tenancy.scope(workspace):
        conversation = Conversation.objects.select_related("contact").filter(pk=conversation_id or 0).first()
        ticket = Ticket.objects.filter(pk=ticket_id).first() if ticket_id else None
        if conversation is None or (ticket_id and ticket is None):
            return
        if queries.suggestion(conversation.pk, request_id) is not None:
            return
        asked, began = Audience(audience), time.monotonic()
        chosen, by = engine.of(workspace), Actor.system(workspace_id)
        subject: dict[str, Any] = {"conversation": conversation, "ticket": ticket, "engine": chosen.name, "by": by}
        try:
            _check_leave(workspace)
            made = retrieval.question(ticket, asked) if ticket else retrieval.conversation_question(conversation, asked)
            draft = chosen.draft(made)
            took = _took(began)
            actions.make_suggestion(draft=draft, request_id=request_id, took_ms=took, at=clock.now(), **subject)
        except DATABASE_AWAY:
            raise  # Nobody can be told now; the job is tried again.
        except Exception as error:  # whoever waits is told, whatever it was
            _log("suggestion_failed", conversation.pk, error)
            took = _took(began)
            actions.fail_suggestion(**_failure(error), request_id=request_id, took_ms=took, at=clock.now(), **subject)


def _took(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _found(question: engine.Question) -> str:
    """What a watcher reads while an engine outside is asked."""
    count = len(question.passages)
    return f"Found {count} source{'' if count == 1 else 's'}, writing an answer" if count else "Writing an answer"


def _check_leave(workspace: Workspace) -> None:
    """The workspace may have taken its approval back, or spent its budget, while the job was waiting."""
    if not engine.choice(workspace).is_allowed:
        raise engine.EngineFailed("the workspace does not allow sending customer messages to the model")
    if budget.is_used_up(workspace, clock.now()):
        raise engine.EngineFailed("the workspace's budget is used up", code="quota_limit_exceeded")


def _log(what: str, pk: int, error: Exception) -> None:
    """An engine's failure has a kind that says all; anything else is ours to look into."""
    if isinstance(error, engine.EngineFailed):
        logger.warning("%s id=%s kind=%s", what, pk, error.kind or error.code)
    else:
        logger.warning("%s id=%s error=%s", what, pk, type(error).__name__, exc_info=error)


def _failure(error: Exception) -> dict[str, Any]:
    """What is told and kept of an attempt that failed."""
    if isinstance(error, engine.EngineFailed):
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
    chosen, began = engine.of(workspace), time.monotonic()
    draft, question = engine.Draft(text=None), None
    try:
        question = retrieval.thread_question(
            run.thread, until=run.question, audience=Audience(run.audience), choice=engine.choice(workspace)
        )
        _check_leave(workspace)
        if chosen.is_outside and not runs.progress(run, _found(question)):
            return None
        for draft in chosen.answer(question):
            if not runs.partial(run, draft.text or "", clock.now()):
                return actions.fail_run(  # nobody wants it any more
                    run=run, code="canceled", usage=draft.usage, engine=chosen.name, took_ms=_took(began), by=by,
                    at=clock.now(),
                )  # fmt: skip
        took = _took(began)
        return actions.answer_run(
            run=run, draft=draft, engine=chosen.name, question=question, took_ms=took, by=by, at=clock.now()
        )
    except DATABASE_AWAY:
        raise
    except Exception as error:  # whoever watches is told, whatever it was
        _log("assistant_failed", run.pk, error)
        took = _took(began)
        told: dict[str, Any] = {"usage": draft.usage, "question": question, **_failure(error)}
        return actions.fail_run(run=run, **told, engine=chosen.name, took_ms=took, by=by, at=clock.now())


@app.periodic(cron="11 * * * *")
@app.task(name="settle_quiet_threads", queueing_lock="settle_quiet_threads", pass_context=False)
def settle_quiet_threads(timestamp: int) -> None:
    """End what the assistant answered and nobody came back to, in all workspaces: it counts as solved without a person."""
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
    failed = Q(conversation__last_message__metadata__has_key="type")
    undecided = AssistantProposal.all_workspaces.filter(status=ProposalStatus.PENDING)  # as above
    answered = quiet.exclude(failed).exclude(pk__in=undecided.values("thread"))
    for thread in answered.select_related("workspace").order_by("pk")[:500]:
        with tenancy.scope_apart(thread.workspace, "assistant_settle_failed thread=%s", thread.pk):
            actions.settle(thread=thread, quiet_since=since, by=Actor.system(thread.workspace_id), at=at)


@app.periodic(cron="41 * * * *")
@app.task(name="forget_assistant_frames", queueing_lock="forget_assistant_frames")
def forget_assistant_frames(timestamp: int) -> None:
    """Delete what watchers of runs were told, when no repeated request can ask for it any more; the messages stay."""
    old = AssistantFrame.all_workspaces.filter(run__ended_at__lt=clock.now() - FRAMES_KEPT)  # one job for all
    old.delete()


@app.periodic(cron="17 * * * *")
@app.task(name="forget_idempotency_keys", queueing_lock="forget_idempotency_keys")
def forget_idempotency_keys(timestamp: int) -> None:
    """Delete the answers that were kept for a day."""
    idempotency.forget(clock.now())


@app.periodic(cron="* * * * *")
@app.task(name="wake_snoozed", queueing_lock="wake_snoozed", pass_context=False)
def wake_snoozed(timestamp: int) -> None:
    """Wake every conversation whose moment has come, in all workspaces."""
    at = clock.now()
    due = Conversation.all_workspaces.filter(snoozed_until__lte=at).select_related("workspace")  # one job for all
    for conversation in due.order_by("snoozed_until")[:500]:
        with tenancy.scope_apart(conversation.workspace, "wake_failed conversation=%s", conversation.pk):
            by = Actor.system(conversation.workspace_id)
            actions.wake(conversation=conversation, only_if_due=True, by=by, at=at)


@app.periodic(cron="*/10 * * * *")
@app.task(name="index_rows_of_earlier_versions", queueing_lock="index_rows_of_earlier_versions", pass_context=False)
def index_rows_of_earlier_versions(timestamp: int) -> None:
    """Make searchable what a process of an earlier version wrote while this one was installed."""
    for model in SEARCHED:
        while index_missing(model):
            pass
