"""Queued messages: at most two, answered in turn into the open stream."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import Conflict, NotFound
from accounts.transaction import apart
from conversations.assistant import actions as assistant_actions
from conversations.assistant import queries as assistant_queries
from conversations.dialects.posthog import assistant_answers as answers
from conversations.dialects.posthog import inputs
from conversations.dialects.posthog.views.assistant import CONVERSATION, AssistantViewSet
from conversations.dialects.posthog.views.base import INVALID, PROJECT
from conversations.models import AssistantQueueItem, AssistantThread
from conversations.permissions import ConversationScope

ITEM = OpenApiParameter("queue_id", OpenApiTypes.STR, OpenApiParameter.PATH, description="The queued message's UUID.")
SESSION = OpenApiParameter(
    "X-PostHog-Session-Id", OpenApiTypes.STR, OpenApiParameter.HEADER, description="Stored with the message."
)
_MISSING = OpenApiResponse(answers.PosthogRefusal, description="The conversation or the queued message does not exist.")
_OTHERS = OpenApiResponse(
    answers.PosthogRefusal, description="The conversation belongs to an agent, or the key lacks the scope."
)
_REFUSED = {403: _OTHERS, 404: _MISSING}


class _NoThread(Exception):
    """The conversation is missing or another's; `response` is the answer of this family of calls."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _no_thread() -> _NoThread:
    return _NoThread(Response({"error": "There is no such conversation."}, status=404))


def _no_item() -> _NoThread:
    return _NoThread(Response({"detail": "No such message is waiting."}, status=404))


class Queue(AssistantViewSet):
    """The queue of a conversation with the assistant."""

    scopes: ClassVar[dict[str, str]] = {
        "list": ConversationScope.READ,
        "create": ConversationScope.WRITE,
        "clear": ConversationScope.WRITE,
        "partial_update": ConversationScope.WRITE,
        "destroy": ConversationScope.WRITE,
    }

    def handle_exception(self, exc: Exception) -> HttpResponseBase:  # type: ignore[override]  # plain responses too
        if isinstance(exc, _NoThread):
            self.undo()
            return exc.response
        return super().handle_exception(exc)

    @extend_schema(
        operation_id="listPosthogQueue",
        summary="List queued messages",
        parameters=[PROJECT, CONVERSATION],
        responses={200: answers.PosthogQueue, **_REFUSED},
    )
    def list(self, request: Request, project_id: str, conversation: str) -> Response:
        """Queued messages, the next one first."""
        return self._printed(self._thread(conversation))

    @extend_schema(
        operation_id="addPosthogQueueItem",
        summary="Queue a message",
        parameters=[PROJECT, CONVERSATION, SESSION],
        request=inputs.AssistantMessageInput,
        responses={
            200: answers.PosthogQueue,
            400: INVALID,
            409: OpenApiResponse(answers.PosthogQueueFull, description="Two messages are already queued."),
            **_REFUSED,
        },
    )
    def create(self, request: Request, project_id: str, conversation: str) -> Response:
        """The message is answered after the previous one; in an idle conversation, after a moment."""
        thread = self._thread(conversation)
        data = self.read(inputs.AssistantMessageInput, request)
        session_id = request.headers.get("X-PostHog-Session-Id", "")[:255].replace("\x00", "")
        try:
            with apart():  # a full queue is no error to this call
                assistant_actions.enqueue(
                    thread=thread,
                    content=data["content"],
                    metadata=inputs.metadata({**data, "session_id": session_id or None}),
                    thread_metadata=inputs.thread_metadata(data),
                    by=self.actor,
                    at=self.at,
                )
        except NotFound as error:
            raise _no_thread() from error
        except Conflict as error:
            return Response({"error": error.code, "detail": "Two messages are already queued."}, status=409)
        return self._printed(thread)

    @extend_schema(
        operation_id="clearPosthogQueue",
        summary="Clear the queue",
        parameters=[PROJECT, CONVERSATION],
        request=None,
        responses={200: answers.PosthogQueue, **_REFUSED},
    )
    def clear(self, request: Request, project_id: str, conversation: str) -> Response:
        """Removes all queued messages."""
        thread = self._thread(conversation)
        try:
            assistant_actions.clear_queue(thread=thread, by=self.actor, at=self.at)
        except NotFound as error:
            raise _no_thread() from error
        return self._printed(thread)

    @extend_schema(
        operation_id="updatePosthogQueueItem",
        summary="Update a queued message",
        parameters=[PROJECT, CONVERSATION, ITEM],
        request=inputs.QueuedInput,
        responses={200: answers.PosthogQueue, 400: INVALID, **_REFUSED},
    )
    def partial_update(self, request: Request, project_id: str, conversation: str, queue_id: str) -> Response:
        """Changes the text."""
        thread = self._thread(conversation)
        item = self._item(thread, queue_id)
        data = self.read(inputs.QueuedInput, request)
        try:
            assistant_actions.edit_queued(item=item, content=data["content"], by=self.actor, at=self.at)
        except NotFound as error:  # answered or removed at the same time
            raise _no_item() from error
        return self._printed(thread)

    @extend_schema(
        operation_id="deletePosthogQueueItem",
        summary="Delete a queued message",
        parameters=[PROJECT, CONVERSATION, ITEM],
        responses={204: OpenApiResponse(description="Deleted."), **_REFUSED},
    )
    def destroy(self, request: Request, project_id: str, conversation: str, queue_id: str) -> Response:
        """Removes a message before it is answered."""
        item = self._item(self._thread(conversation), queue_id)
        try:
            assistant_actions.remove_queued(item=item, by=self.actor, at=self.at)
        except NotFound as error:  # answered or removed at the same time
            raise _no_item() from error
        return Response(status=204)

    def _thread(self, reference: str) -> AssistantThread:
        try:
            found = self.thread(reference, owned=False)
        except NotFound as error:
            raise _no_thread() from error
        if found.user_id != self.actor.user_id:
            raise _NoThread(Response({"error": "This conversation is someone else's."}, status=403))
        return found

    def _item(self, thread: AssistantThread, reference: str) -> AssistantQueueItem:
        try:
            found = assistant_queries.assistant_queue(thread).filter(public_id=uuid.UUID(reference)).first()
        except ValueError:
            found = None
        if found is None:
            raise _no_item()
        return found

    def _printed(self, thread: AssistantThread) -> Response:
        return Response(answers.PosthogQueue(assistant_queries.assistant_queue(thread)).data)
