"""What is answered about conversations with the assistant, and about what waits for its answers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from conversations.api import outputs
from conversations.api.fields import JsonObject
from conversations.assistant import frames
from conversations.assistant import queries as assistant_queries
from conversations.assistant.actions import messages as assistant_messages
from conversations.assistant.actions.queue import MOST_QUEUED
from conversations.dialects.posthog.answers import Page, PosthogSource, PosthogUser
from conversations.dialects.posthog.error_bodies import TYPES
from conversations.dialects.posthog.inputs import AnyJson
from conversations.dialects.posthog.shapes import (
    FAILURE,
    HANDLERS,
    PROPOSAL_STATUSES,
    RESEARCH,
    THREAD_STATUSES,
    Moment,
    OffsetMoment,
)
from conversations.models import AssistantQueueItem, AssistantThread, Message, SenderKind
from conversations.queries import conversations as queries


class PosthogAssistantConversation(outputs.Output):
    """A conversation with the assistant. `user` is null if a key started it; it then belongs to the workspace."""

    id = serializers.UUIDField(source="public_id")
    status = outputs.Word(THREAD_STATUSES)
    title = serializers.CharField(max_length=250)
    topic = outputs.always(None, serializers.CharField(allow_null=True))
    user = PosthogUser(allow_null=True)
    created_at = Moment()
    updated_at = Moment()
    type = serializers.ChoiceField(choices=["assistant", "deep_research"])
    is_internal = outputs.always(False, serializers.BooleanField())
    slack_thread_key = outputs.always(None, serializers.CharField(allow_null=True))
    slack_workspace_domain = outputs.always(None, serializers.CharField(allow_null=True))
    task = outputs.always(None, JsonObject(allow_null=True))
    handled_by = outputs.Word(HANDLERS, source="conversation.handler", help_text="`people` after a hand-over.")
    ticket = serializers.UUIDField(allow_null=True, help_text="The ticket opened at the hand-over.")
    ai_resolved = serializers.BooleanField(help_text="Resolved by the assistant without a person.")

    def get_type(self, thread: AssistantThread) -> str:
        return "deep_research" if thread.metadata.get("agent_mode") == RESEARCH else "assistant"

    def get_ticket(self, thread: AssistantThread) -> uuid.UUID | None:
        ticket = thread.conversation.ticket
        return ticket.public_id if ticket else None


class PosthogApproval(outputs.Output):
    """A step that needs approval."""

    proposal_id = serializers.UUIDField(source="id")
    decision_status = outputs.Word(PROPOSAL_STATUSES, source="status")
    tool_name = serializers.CharField()
    preview = serializers.CharField()
    payload = JsonObject()
    original_tool_call_id = outputs.always(None, serializers.CharField(allow_null=True))
    message_id = serializers.UUIDField(allow_null=True)


class PosthogAssistantMessage(outputs.Output):
    """`human` also has `ui_context` and `trace_id`, `ai` has `tool_calls`, `meta` and `sources`."""

    type = serializers.ChoiceField(choices=["human", "ai", FAILURE])
    id = serializers.UUIDField(source="public_id")
    content = serializers.CharField()
    parent_tool_call_id = outputs.always(None, serializers.CharField(allow_null=True))
    ui_context = AnyJson(required=False, allow_null=True)
    trace_id = serializers.UUIDField(required=False, allow_null=True)
    tool_calls = serializers.ListField(child=JsonObject(), required=False, allow_null=True)
    meta = JsonObject(required=False, allow_null=True)
    sources = PosthogSource(many=True, required=False)

    def get_type(self, message: Message) -> str:
        if message.sender_kind == SenderKind.CUSTOMER:
            return "human"
        return FAILURE if assistant_messages.FAILURE in (message.metadata or {}) else "ai"

    def get_content(self, message: Message) -> str:
        return message.body or ""

    def get_ui_context(self, message: Message) -> Any:
        return self._known(message, "ui_context") if self.get_type(message) == "human" else empty

    def get_trace_id(self, message: Message) -> Any:
        return self._known(message, "trace_id") if self.get_type(message) == "human" else empty

    def get_tool_calls(self, message: Message) -> Any:
        return None if self.get_type(message) == "ai" else empty

    def get_meta(self, message: Message) -> Any:
        return None if self.get_type(message) == "ai" else empty

    def get_sources(self, message: Message) -> Any:
        return (self._known(message, "sources") or []) if self.get_type(message) == "ai" else None

    def _known(self, message: Message, name: str) -> Any:
        return (message.metadata or {}).get(name)


class PosthogWholeConversation(PosthogAssistantConversation):
    """The same with its messages, oldest first."""

    messages = PosthogAssistantMessage(many=True)
    has_unsupported_content = outputs.always(False, serializers.BooleanField())
    agent_mode = serializers.CharField(allow_null=True, allow_blank=True)
    agent_runtime = outputs.Constant("langgraph")
    is_sandbox = outputs.always(False, serializers.BooleanField())
    pending_approvals = PosthogApproval(many=True)

    def get_messages(self, thread: AssistantThread) -> Iterable[Message]:
        return queries.messages(thread.conversation)

    def get_agent_mode(self, thread: AssistantThread) -> Any:
        return thread.metadata.get("agent_mode")

    def get_pending_approvals(self, thread: AssistantThread) -> Iterable[frames.Proposal]:
        pending = assistant_queries.pending_proposals().filter(thread=thread)
        return map(frames.Proposal.of, pending.select_related("message").order_by("id"))


class PosthogAssistantPage(Page):
    results = PosthogAssistantConversation(many=True, source="rows")


class PosthogAppended(outputs.Output):
    id = serializers.UUIDField(source="public_id")


class PosthogQueueItem(outputs.Output):
    id = serializers.UUIDField(source="public_id")
    content = serializers.CharField()
    created_at = OffsetMoment()
    contextual_tools = JsonObject(allow_null=True)
    ui_context = serializers.JSONField(allow_null=True)
    billing_context = JsonObject(allow_null=True)
    agent_mode = serializers.CharField(allow_null=True, allow_blank=True)
    session_id = serializers.CharField(allow_null=True, allow_blank=True)

    def get_contextual_tools(self, item: AssistantQueueItem) -> Any:
        return item.metadata.get("contextual_tools")

    def get_ui_context(self, item: AssistantQueueItem) -> Any:
        return item.metadata.get("ui_context")

    def get_billing_context(self, item: AssistantQueueItem) -> Any:
        return item.metadata.get("billing_context")

    def get_agent_mode(self, item: AssistantQueueItem) -> Any:
        return item.thread_metadata.get("agent_mode")

    def get_session_id(self, item: AssistantQueueItem) -> Any:
        return item.metadata.get("session_id")


class PosthogQueue(outputs.Output):
    """Queued messages, the next one first."""

    messages = PosthogQueueItem(many=True, source="*")
    max_queue_messages = outputs.always(MOST_QUEUED, serializers.IntegerField())


class PosthogQueueFull(serializers.Serializer[Any]):
    error = serializers.ChoiceField(choices=["queue_full"])
    detail = serializers.CharField()


class PosthogRefusal(serializers.Serializer[Any]):
    """`error` alone about the conversation, `detail` alone about a queued message, or the usual error body with `type`."""

    error = serializers.CharField(required=False)
    type = serializers.ChoiceField(choices=TYPES, required=False)
    code = serializers.CharField(required=False)
    detail = serializers.CharField(required=False)
    attr = serializers.CharField(required=False, allow_null=True)
