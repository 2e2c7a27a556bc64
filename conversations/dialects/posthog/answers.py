"""What is answered, for OpenAPI; `shapes` prints it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.api.fields import JsonObject
from conversations.dialects.posthog.envelope import TYPES
from conversations.dialects.posthog.inputs import AnyJson
from conversations.dialects.posthog.shapes import AUTHORS, DETAILS, PRIORITIES, SOURCES, STATUSES
from conversations.knowledge.passages import SourceKind
from conversations.models import Handler, ProposalStatus, ThreadStatus, Visibility


class PosthogAssigneeUser(serializers.Serializer[Any]):
    email = serializers.EmailField()


class PosthogAssigneeRole(serializers.Serializer[Any]):
    name = serializers.CharField()


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string", "format": "uuid"}]})
class UserOrRoleId(serializers.JSONField):
    """An integer for a user, a UUID for a role."""


class PosthogAssignee(serializers.Serializer[Any]):
    id = UserOrRoleId()
    type = serializers.ChoiceField(choices=["user", "role"])
    user = PosthogAssigneeUser(allow_null=True)
    role = PosthogAssigneeRole(allow_null=True)


class PosthogPerson(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    distinct_ids = serializers.ListField(child=serializers.CharField(), min_length=1)
    properties = JsonObject()
    created_at = serializers.DateTimeField()
    is_identified = serializers.BooleanField()


class PosthogTicket(serializers.Serializer[Any]):
    """`distinct_id` and `person` are those of the primary conversation's customer; counts include all linked conversations."""

    id = serializers.UUIDField()
    ticket_number = serializers.IntegerField()
    channel_source = serializers.ChoiceField(choices=SOURCES.words)
    channel_detail = serializers.ChoiceField(choices=DETAILS.words, allow_null=True)
    distinct_id = serializers.CharField(allow_blank=True, max_length=400)
    status = serializers.ChoiceField(choices=STATUSES.words)
    priority = serializers.ChoiceField(choices=PRIORITIES.words, allow_null=True)
    assignee = PosthogAssignee(allow_null=True)
    anonymous_traits = JsonObject()
    ai_resolved = serializers.BooleanField()
    escalation_reason = serializers.CharField(allow_null=True, allow_blank=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    message_count = serializers.IntegerField()
    last_message_at = serializers.DateTimeField(allow_null=True)
    last_message_text = serializers.CharField(allow_null=True, allow_blank=True, max_length=500)
    unread_team_count = serializers.IntegerField()
    unread_customer_count = serializers.IntegerField()
    session_id = serializers.CharField(allow_null=True, max_length=64)
    session_context = JsonObject()
    sla_due_at = serializers.DateTimeField(allow_null=True)
    snoozed_until = serializers.DateTimeField(allow_null=True)
    slack_channel_id = serializers.CharField(allow_null=True)
    slack_thread_ts = serializers.CharField(allow_null=True)
    slack_team_id = serializers.CharField(allow_null=True)
    email_subject = serializers.CharField(allow_null=True, max_length=500)
    email_from = serializers.EmailField(allow_null=True)
    email_to = serializers.CharField(allow_null=True)
    cc_participants = serializers.ListField(child=serializers.CharField())
    github_repo = serializers.CharField(allow_null=True)
    github_issue_number = serializers.IntegerField(allow_null=True)
    person = PosthogPerson(allow_null=True)
    tags = serializers.ListField(child=serializers.CharField())


class PosthogMessage(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    content = serializers.CharField(allow_blank=True)
    rich_content = JsonObject(allow_null=True)
    author_type = serializers.ChoiceField(choices=sorted(AUTHORS.words))
    author_name = serializers.CharField()
    is_private = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class PosthogUser(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    uuid = serializers.UUIDField()
    distinct_id = serializers.CharField()
    first_name = serializers.CharField(allow_blank=True)
    last_name = serializers.CharField(allow_blank=True)
    email = serializers.EmailField()
    is_email_verified = serializers.BooleanField(allow_null=True)
    hedgehog_config = JsonObject(allow_null=True)
    role_at_organization = serializers.CharField(allow_null=True)


class PosthogView(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    short_id = serializers.CharField()
    name = serializers.CharField(max_length=400)
    filters = JsonObject()
    visibility = serializers.ChoiceField(choices=Visibility.values)
    is_favorited = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    created_by = PosthogUser(allow_null=True)


class Page(serializers.Serializer[Any]):
    """A page of a list; `next` and `previous` are complete URLs."""

    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class PosthogTicketPage(Page):
    results = PosthogTicket(many=True)


class PosthogMessagePage(Page):
    results = PosthogMessage(many=True)


class PosthogViewPage(Page):
    results = PosthogView(many=True)


class PosthogUnread(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="Unread messages, over all tickets that are not resolved.")


class PosthogSource(serializers.Serializer[Any]):
    """An article, a macro or a resolved conversation; only the last has a `conversation` and a `number`."""

    type = serializers.ChoiceField(choices=[kind.value for kind in SourceKind])
    id = serializers.UUIDField()
    title = serializers.CharField()
    conversation = serializers.UUIDField(allow_null=True)
    number = serializers.IntegerField(allow_null=True)


class PosthogSuggestion(serializers.Serializer[Any]):
    """`suggestion` is the suggested reply. Without a match `found` is false and `suggestion` says so."""

    suggestion = serializers.CharField()
    found = serializers.BooleanField()
    engine = serializers.CharField()
    sources = PosthogSource(many=True)


ERROR_TYPES = ("validation_error", "unknown_error")


class PosthogSuggestionFailed(serializers.Serializer[Any]):
    detail = serializers.CharField()
    error_type = serializers.ChoiceField(choices=ERROR_TYPES)


class PosthogNoteRefused(serializers.Serializer[Any]):
    detail = serializers.CharField()
    error_type = serializers.ChoiceField(choices=["not_note_author", "not_private_note", "note_not_found"])


class PosthogUpdated(serializers.Serializer[Any]):
    updated = serializers.IntegerField(help_text="How many tickets were changed.")


class PosthogSent(serializers.Serializer[Any]):
    sent = serializers.IntegerField(help_text="How many conversations the answer went to.")
    messages = PosthogMessage(many=True)


class PosthogComposed(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    ticket_number = serializers.IntegerField()


class PosthogAssistantConversation(serializers.Serializer[Any]):
    """A conversation with the assistant. `user` is null if a key started it; it then belongs to the workspace."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[*ThreadStatus.values, "canceling"])
    title = serializers.CharField(max_length=250)
    topic = serializers.CharField(allow_null=True)
    user = PosthogUser(allow_null=True)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    type = serializers.ChoiceField(choices=["assistant", "deep_research"])
    is_internal = serializers.BooleanField()
    slack_thread_key = serializers.CharField(allow_null=True)
    slack_workspace_domain = serializers.CharField(allow_null=True)
    task = JsonObject(allow_null=True)
    handled_by = serializers.ChoiceField(choices=Handler.values, help_text="`people` after a hand-over.")
    ticket = serializers.UUIDField(allow_null=True, help_text="The ticket opened at the hand-over.")
    ai_resolved = serializers.BooleanField(help_text="Resolved by the assistant without a person.")


class PosthogApproval(serializers.Serializer[Any]):
    """A step that needs approval."""

    proposal_id = serializers.UUIDField()
    decision_status = serializers.ChoiceField(choices=ProposalStatus.values)
    tool_name = serializers.CharField()
    preview = serializers.CharField()
    payload = JsonObject()
    original_tool_call_id = serializers.CharField(allow_null=True)
    message_id = serializers.UUIDField(allow_null=True)


class PosthogAssistantMessage(serializers.Serializer[Any]):
    """`human` also has `ui_context` and `trace_id`, `ai` has `tool_calls`, `meta` and `sources`."""

    type = serializers.ChoiceField(choices=["human", "ai", "ai/failure"])
    id = serializers.UUIDField()
    content = serializers.CharField()
    parent_tool_call_id = serializers.CharField(allow_null=True)
    ui_context = AnyJson(required=False, allow_null=True)
    trace_id = serializers.UUIDField(required=False, allow_null=True)
    tool_calls = serializers.ListField(child=JsonObject(), required=False, allow_null=True)
    meta = JsonObject(required=False, allow_null=True)
    sources = PosthogSource(many=True, required=False)


class PosthogWholeConversation(PosthogAssistantConversation):
    """The same with its messages, oldest first."""

    messages = PosthogAssistantMessage(many=True)
    has_unsupported_content = serializers.BooleanField()
    agent_mode = serializers.CharField(allow_null=True)
    agent_runtime = serializers.ChoiceField(choices=["langgraph"])
    is_sandbox = serializers.BooleanField()
    pending_approvals = PosthogApproval(many=True)


class PosthogAssistantPage(Page):
    results = PosthogAssistantConversation(many=True)


class PosthogAppended(serializers.Serializer[Any]):
    id = serializers.UUIDField()


class PosthogQueueItem(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    content = serializers.CharField()
    created_at = serializers.DateTimeField()
    contextual_tools = JsonObject(allow_null=True)
    ui_context = serializers.JSONField(allow_null=True)
    billing_context = JsonObject(allow_null=True)
    agent_mode = serializers.CharField(allow_null=True)
    session_id = serializers.CharField(allow_null=True)


class PosthogQueue(serializers.Serializer[Any]):
    """Queued messages, the next one first."""

    messages = PosthogQueueItem(many=True)
    max_queue_messages = serializers.IntegerField()


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
