"""Conversations with the assistant: starting and continuing, streaming answers, reading, stopping and deleting."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from django.conf import settings
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Forbidden, Invalid, NotFound, UsedUp
from accounts.live.responses import LiveResponse, last_event_id
from accounts.transaction import apart
from conversations import actions
from conversations.api import idempotency
from conversations.api.limits import Buckets
from conversations.api.permissions import HasServerKey
from conversations.assistant import actions as assistant_actions
from conversations.assistant import gate, recovery, runs
from conversations.assistant import queries as assistant_queries
from conversations.assistant.actions.proposals import Decision
from conversations.dialects.posthog import assistant_answers as answers
from conversations.dialects.posthog import inputs
from conversations.dialects.posthog.error_bodies import PosthogError
from conversations.dialects.posthog.paging import Pages
from conversations.dialects.posthog.stream import follow
from conversations.dialects.posthog.views.base import INVALID, PROJECT, PosthogViewSet
from conversations.models import AssistantRun, AssistantThread, Contact, Conversation, RunStatus, ThreadStatus
from conversations.permissions import ConversationScope

CONVERSATION = OpenApiParameter(
    "conversation", OpenApiTypes.STR, OpenApiParameter.PATH, description="The conversation's UUID."
)
LAST_EVENT = OpenApiParameter(
    "Last-Event-ID",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="When attaching: the id of the last event received. The stream continues after it.",
)
JUST_NOW = timedelta(seconds=60)
"""How long after its end a run is still shown to clients that attach."""
_STREAM = (
    "Server-sent events `conversation` (a new one), `message` (the question with its id, then the growing answer "
    "without an id, then the answer with its id, or `ai/failure`), `update` (what is being done), `status` (a worker died and "
    "another restarts the answer) and `approval` (a step that needs approval), each with an SSE id for "
    "`Last-Event-ID`, and a comment after 15 s of silence. Ends when the queue is empty; the status is then `idle`."
)
_EVENTS = OpenApiResponse(OpenApiTypes.STR, description=_STREAM)
_starts = Buckets(settings.ASSISTANT_STARTS_PER_MINUTE, at_once=settings.ASSISTANT_STARTS_PER_MINUTE)
_workspace_starts = Buckets(
    settings.ASSISTANT_WORKSPACE_STARTS_PER_MINUTE, at_once=settings.ASSISTANT_WORKSPACE_STARTS_PER_MINUTE
)
_DELETED = {"error": "This conversation was deleted."}


class AsksWithServerKey(HasServerKey):
    """The assistant is for the team's own programs."""

    message = "Conversations with the assistant need a server key."


class AssistantViewSet(PosthogViewSet):
    """Calls for the team's own programs; client keys are refused."""

    permission_classes = (*PosthogViewSet.permission_classes, AsksWithServerKey)
    # The assistant is answering, or its queue is full: both are temporary.
    temporary: ClassVar[frozenset[int]] = PosthogViewSet.temporary | {409}

    def thread(self, reference: str, *, owned: bool = True) -> AssistantThread:
        """Raises NotFound; with `owned` also for an agent's own conversation, which a key may only read."""
        try:
            found = assistant_queries.assistant_thread(uuid.UUID(reference))
        except (ValueError, NotFound) as error:
            raise NotFound("There is no such conversation.") from error
        if owned and found.user_id != self.actor.user_id:
            raise NotFound("There is no such conversation.")
        return found


class Assistant(AssistantViewSet):
    """The assistant of a project."""

    pagination_class = Pages
    scopes: ClassVar[dict[str, str]] = {
        "list": ConversationScope.READ,
        "retrieve": ConversationScope.READ,
        "create": ConversationScope.WRITE,
        "append_message": ConversationScope.WRITE,
        "cancel": ConversationScope.WRITE,
        "destroy": ConversationScope.WRITE,
    }

    @extend_schema(
        operation_id="listPosthogConversations",
        summary="List conversations with the assistant",
        parameters=[PROJECT],
        responses=answers.PosthogAssistantPage,
    )
    def list(self, request: Request, project_id: str) -> Response:
        """Latest change first: the workspace's conversations, started with any of its keys."""
        pages = self.pagination_class()
        rows = pages.rows(assistant_queries.assistant_threads().of_workspace(), request)
        return pages.response(answers.PosthogAssistantPage, rows)

    @extend_schema(
        operation_id="createPosthogConversation",
        summary="Write to the assistant, or attach to its answer",
        description=(
            "With `content` the assistant starts answering, in a new conversation or in the given one. Without `content` (or null) the "
            "request attaches to the answer in progress, from its beginning. `resume_payload` decides an approval: `action` is "
            "`approve` or `reject`, `proposal_id` names it. With only `Accept: application/json` the response is the "
            "conversation at once while the assistant continues; otherwise it is the stream."
        ),
        parameters=[PROJECT, LAST_EVENT],
        request=inputs.AssistantInput,
        responses={
            (200, "text/event-stream"): _EVENTS,
            (200, "application/json"): answers.PosthogWholeConversation,
            (201, "text/event-stream"): _EVENTS,
            (201, "application/json"): answers.PosthogWholeConversation,
            402: OpenApiResponse(PosthogError, description="The project's budget for the assistant is used up."),
            400: OpenApiResponse(
                answers.PosthogRefusal, description="The body is invalid, or there is nothing to attach to."
            ),
            404: OpenApiResponse(answers.PosthogRefusal, description="The conversation was deleted."),
            409: OpenApiResponse(
                PosthogError, description="The assistant is still answering: attach, or use the queue."
            ),
        },
    )
    def create(self, request: Request, project_id: str) -> HttpResponseBase:
        """201 when the assistant starts, 200 when attaching."""
        if self.followed is not None:
            return self._shown_again(self.followed)
        workspace = self.grant.workspace
        refused = self._admit_start(request)
        data = self.read(inputs.AssistantInput, request)
        content, wanted = data.get("content"), data.get("conversation")
        known = Conversation.objects.filter(public_id=wanted).first() if wanted else None
        thread = AssistantThread.objects.filter(conversation=known).first() if known else None
        if known is not None and (thread is None or thread.user_id != self.actor.user_id):
            return Response({"error": "This conversation cannot be used here."}, status=400)
        if thread is not None and thread.deleted_at is not None:
            return _deleted()
        if content is None and thread is None:
            return Response({"error": "There is no such conversation to attach to."}, status=400)
        if content is None:
            assert thread is not None
            return self._shown(request, self._attached(thread, data.get("resume_payload")), 200)
        if refused is not None:
            raise Forbidden("This project has not approved AI data processing.")
        if thread is not None:
            self._recover_lost(thread)
        try:
            with apart():  # a conversation that is gone is no error to this call
                run = assistant_actions.ask_assistant(
                    workspace=workspace,
                    content=content,
                    thread=thread,
                    public_id=wanted,
                    contact=self._asker(data) if thread is None else None,
                    decision=_decision(data["resume_payload"]) if data.get("resume_payload") is not None else None,
                    metadata=inputs.metadata(data),
                    thread_metadata=inputs.thread_metadata(data),
                    by=self.actor,
                    at=self.at,
                )
        except NotFound:  # deleted at the same moment
            return _deleted()
        return self._shown(request, run, 201)

    @extend_schema(
        operation_id="getPosthogConversation",
        summary="Retrieve a conversation with the assistant",
        parameters=[PROJECT, CONVERSATION],
        responses=answers.PosthogWholeConversation,
    )
    def retrieve(self, request: Request, project_id: str, conversation: str) -> Response:
        """The conversation with its messages. Conversations of agents can be read by id."""
        thread = self.thread(conversation, owned=False)
        if thread.status != ThreadStatus.IDLE:
            self._recover_lost(thread)
            thread = self.thread(conversation, owned=False)
        return Response(answers.PosthogWholeConversation(thread).data)

    @extend_schema(
        operation_id="appendPosthogMessage",
        summary="Append a message",
        parameters=[PROJECT, CONVERSATION],
        request=inputs.AppendedInput,
        responses={200: answers.PosthogAppended, 400: INVALID},
    )
    def append_message(self, request: Request, project_id: str, conversation: str) -> Response:
        """Adds a text of the client as a message of the assistant, without an answer."""
        thread = self.thread(conversation)
        data = self.read(inputs.AppendedInput, request)
        message = assistant_actions.append_message(thread=thread, content=data["content"], by=self.actor, at=self.at)
        return Response(answers.PosthogAppended(message).data)

    @extend_schema(
        operation_id="cancelPosthogConversation",
        summary="Stop the assistant",
        parameters=[PROJECT, CONVERSATION],
        request=None,
        responses=answers.PosthogWholeConversation,
    )
    def cancel(self, request: Request, project_id: str, conversation: str) -> Response:
        """Stops the answer and clears the queue. An idle conversation stays unchanged."""
        assistant_actions.cancel_run(thread=self.thread(conversation), by=self.actor, at=self.at)
        return Response(answers.PosthogWholeConversation(self.thread(conversation)).data)

    @extend_schema(
        operation_id="deletePosthogConversation",
        summary="Delete a conversation with the assistant",
        parameters=[PROJECT, CONVERSATION],
        responses={204: OpenApiResponse(description="Deleted.")},
    )
    def destroy(self, request: Request, project_id: str, conversation: str) -> Response:
        """Removes the conversation from all lists. Its id cannot be used again."""
        assistant_actions.delete_thread(thread=self.thread(conversation), by=self.actor, at=self.at)
        return Response(status=204)

    def _recover_lost(self, thread: AssistantThread) -> None:
        """Recover a lost run, which is no reason to refuse a new one."""
        run = runs.running(thread)
        if run is not None:
            recovery.recover([run], self.at)

    def _admit_start(self, request: Request) -> gate.Refusal | None:
        """Count a start against the limit, and say whether the approval is missing, which the body's own errors precede.

        Attaching to a run, as all clients do after a restart, is not counted. What is written to people needs neither
        approval nor budget. Raises RateLimited and UsedUp.
        """
        given = request.data
        if not isinstance(given, dict) or given.get("content") is None:
            return None
        _starts.take(self.grant.key.pk)
        _workspace_starts.take(self.grant.workspace.pk)
        refused = gate.refusal(self.grant.workspace, self.at)
        if refused is None or self._is_with_people(given.get("conversation")):
            return None
        if refused == gate.Refusal.BUDGET_USED_UP:
            raise UsedUp("This project's budget for the assistant is used up for this month.")
        return refused

    def _is_with_people(self, reference: Any) -> bool:
        """Whether the conversation was handed over: messages to people need no assistant."""
        try:
            thread = self.thread(str(reference))
        except NotFound:
            return False
        return thread.handed_over_at is not None or thread.taken_over_at is not None

    def _asker(self, data: dict[str, Any]) -> Contact | None:
        """The customer on whose behalf the key asks, if it names one. Raises Invalid."""
        traits = data.get("anonymous_traits") or {}
        names = {key: value for key in ("name", "email") if isinstance(value := traits.get(key), str) and value.strip()}
        if not (data.get("distinct_id") or names):
            return None
        return actions.identify(
            workspace=self.grant.workspace,
            external_id=data.get("distinct_id"),
            name=names.get("name", "")[:400] or None,
            email=names.get("email"),
            by=self.actor,
            at=self.at,
        )

    def _attached(self, thread: AssistantThread, resume_payload: Any) -> AssistantRun:
        """The run to stream when no content is sent: the result of a decision, or the answer in progress. Raises Invalid."""
        self._recover_lost(thread)
        if resume_payload is not None and runs.running(thread) is None:
            decision = _decision(resume_payload)
            return assistant_actions.decide_proposal(thread=thread, decision=decision, by=self.actor, at=self.at)
        return self._watchable(thread)

    def _watchable(self, thread: AssistantThread) -> AssistantRun:
        """The run in progress, or one that has just ended. Raises Invalid."""
        run = runs.latest(thread)
        is_fresh = run is not None and run.ended_at is not None and self.at - run.ended_at <= JUST_NOW
        if run is None or run.status == RunStatus.CANCELED or (run.status != RunStatus.RUNNING and not is_fresh):
            raise Invalid("The assistant is not answering in this conversation.")
        return run

    def _shown(self, request: Request, run: AssistantRun, status: int) -> HttpResponseBase:
        if _wants_json(request):
            return Response(
                answers.PosthogWholeConversation(assistant_queries.assistant_threads().get(pk=run.thread_id)).data,
                status=status,
            )
        # The last frame that a client saw of an earlier run does not apply to a new one.
        after = (last_event_id(request._request) or 0) if status == 200 else 0
        return self._stream(run.pk, after, status)

    def _shown_again(self, first: idempotency.Followed) -> HttpResponseBase:
        """A repeated start gets the stream of the run that the first one started."""
        if not assistant_queries.assistant_threads().filter(runs=first.id).exists():
            return _deleted()
        response = self._stream(first.id, 0, first.status)
        response["Idempotent-Replayed"] = "true"
        return response

    def _stream(self, run_id: int, after: int, status: int) -> LiveResponse:
        return LiveResponse(partial(follow, run_id, after), access=self.access, status=status, follows=run_id)


def _deleted() -> Response:
    return Response(_DELETED, status=404)


def _decision(payload: Any) -> Decision:
    """The answer to an approval: `{"action": "approve" | "reject", "proposal_id"}`. An invalid one names no proposal."""
    given = payload if isinstance(payload, dict) else {}
    action = given.get("action")
    try:
        proposal_id = uuid.UUID(str(given.get("proposal_id"))) if action in ("approve", "reject") else None
    except ValueError:
        proposal_id = None
    return Decision(proposal_id=proposal_id, approve=action == "approve")


def _wants_json(request: Request) -> bool:
    kinds = {part.split(";")[0].strip().lower() for part in request.headers.get("Accept", "").split(",")}
    return kinds == {"application/json"}
