"""What is printed: rows become the format's objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings

from accounts.models import User
from conversations.api.twins import Twins
from conversations.assistant import frames
from conversations.assistant.actions import messages as assistant_messages
from conversations.assistant.actions.queue import MOST_QUEUED
from conversations.models import (
    AssistantProposal,
    AssistantQueueItem,
    AssistantThread,
    Channel,
    Contact,
    Conversation,
    Message,
    MessageKind,
    SavedView,
    SenderKind,
)
from tickets.models import Ticket, TicketPriority, TicketStatus

RESEARCH = "research"
"""The mode that makes a conversation one of deep research, for as long as its last question was asked in it."""
FAILURE = "ai/failure"
"""The type of a message in which the assistant says that it failed."""
OF_A_QUESTION = ("ui_context", "trace_id")
"""What is printed of the metadata that a client gave with a question."""
SOURCES = Twins({"widget": (), "email": (Channel.EMAIL,), "slack": (), "teams": (), "github": ()}, otherwise="widget")
DETAILS = Twins(
    {
        "slack_channel_message": (),
        "slack_bot_mention": (),
        "slack_emoji_reaction": (),
        "teams_channel_message": (),
        "teams_bot_mention": (),
        "widget_embedded": (Channel.CHAT,),
        "widget_api": (),
        "github_issue": (),
        "": (Channel.EMAIL,),
    },
    otherwise="widget_api",
)
STATUSES = Twins({status: (status,) for status in TicketStatus.values}, otherwise=TicketStatus.OPEN)
PRIORITIES = Twins({priority: (priority,) for priority in TicketPriority.values}, otherwise=TicketPriority.MEDIUM)
AUTHORS = Twins(
    {
        "customer": (SenderKind.CUSTOMER,),
        "support": (SenderKind.AGENT, SenderKind.SYSTEM),
        "AI": (SenderKind.ASSISTANT,),
    },
    otherwise="support",
)
_NAMELESS = {"customer": "Customer", "AI": "Assistant", "support": "Support"}


def detail(channel: str) -> str | None:
    """Its `channel_detail` of one of the desk's channels."""
    return DETAILS.printed(channel) or None


def moment(value: datetime | None) -> str | None:
    """ISO 8601 in UTC with `Z`; fractions of a second, where there are any, to six digits."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def ticket(row: Ticket, primary: Conversation | None, *, with_person: bool = True) -> dict[str, Any]:
    """The ticket object. `primary` is its first conversation, which knows the customer."""
    contact = primary.contact if primary else None
    is_mail = row.channel == Channel.EMAIL
    return {
        "id": str(row.public_id),
        "ticket_number": row.number,
        "channel_source": SOURCES.printed(row.channel),
        "channel_detail": detail(row.channel),
        "distinct_id": contact.reference if contact else "",
        "status": STATUSES.printed(row.status),
        "priority": PRIORITIES.printed(row.priority) if row.priority else None,
        "assignee": assignee(row),
        "anonymous_traits": row.anonymous_traits,
        "ai_resolved": row.ai_resolved,
        "escalation_reason": row.escalation_reason,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
        "message_count": row.message_count,
        "last_message_at": moment(row.last_message_at),
        "last_message_text": row.last_message_text,
        "unread_team_count": row.unread_team_count,
        "unread_customer_count": row.unread_customer_count,
        "session_id": row.session_id,
        "session_context": row.session_context,
        "sla_due_at": moment(row.sla_due_at),
        "snoozed_until": moment(row.snoozed_until),
        "slack_channel_id": None,
        "slack_thread_ts": None,
        "slack_team_id": None,
        "email_subject": primary.subject[:500] if primary and is_mail else None,
        "email_from": contact.email or None if contact and is_mail else None,
        "email_to": parseaddr(settings.DEFAULT_FROM_EMAIL)[1] or None if is_mail else None,
        "cc_participants": [],
        "github_repo": None,
        "github_issue_number": None,
        "person": person(contact) if contact and with_person else None,
        "tags": row.tags,
    }


def assignee(row: Ticket) -> dict[str, Any] | None:
    """The member, or the team, which this format calls a role."""
    if row.assignee is not None:
        return {"id": row.assignee.pk, "type": "user", "user": {"email": row.assignee.email}, "role": None}
    if row.team is not None:
        return {"id": str(row.team.public_id), "type": "role", "user": None, "role": {"name": row.team.name}}
    return None


def person(contact: Contact) -> dict[str, Any]:
    """The customer, as PostHog has persons."""
    known = {"email": contact.email, "name": contact.name, "company": contact.company}
    return {
        "id": str(contact.public_id),
        "name": contact.display_name,
        "distinct_ids": [contact.reference],
        "properties": {**contact.traits, **{name: value for name, value in known.items() if value}},
        "created_at": moment(contact.created_at),
        "is_identified": contact.external_id is not None or (contact.is_verified and bool(contact.email)),
    }


def message(row: Message) -> dict[str, Any]:
    """A message, or a private note."""
    author = AUTHORS.printed(row.sender_kind)
    return {
        "id": str(row.public_id),
        "content": row.body or "",
        "rich_content": (row.metadata or {}).get("rich_content"),
        "author_type": author,
        "author_name": row.sender_name or row.sender_email or _NAMELESS[author],
        "is_private": row.kind == MessageKind.NOTE,
        "created_at": moment(row.created_at),
    }


def view(row: SavedView, *, is_favorited: bool) -> dict[str, Any]:
    """A saved view; `created_by` is null where a key made it."""
    return {
        "id": str(row.public_id),
        "short_id": row.short_id,
        "name": row.name,
        "filters": row.filters,
        "visibility": row.visibility,
        "is_favorited": is_favorited,
        "created_at": moment(row.created_at),
        "created_by": user(row.created_by) if row.created_by else None,
    }


def user(row: User) -> dict[str, Any]:
    """A member, as PostHog has its basic users."""
    first, _, last = row.name.partition(" ")
    return {
        "id": row.pk,
        "uuid": str(row.public_id),
        "distinct_id": str(row.public_id),
        "first_name": first,
        "last_name": last,
        "email": row.email,
        "is_email_verified": None,
        "hedgehog_config": None,
        "role_at_organization": None,
    }


def assistant_thread(row: AssistantThread) -> dict[str, Any]:
    """A conversation with the assistant, as lists and streams have it."""
    return {
        "id": str(row.public_id),
        "status": row.status,
        "title": row.title,
        "topic": None,
        "user": user(row.user) if row.user else None,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
        "type": "deep_research" if row.metadata.get("agent_mode") == RESEARCH else "assistant",
        "is_internal": False,
        "slack_thread_key": None,
        "slack_workspace_domain": None,
        "task": None,
        "handled_by": row.conversation.handler,
        "ticket": str(row.conversation.ticket.public_id) if row.conversation.ticket else None,
        "ai_resolved": row.ai_resolved,
    }


def whole_thread(
    row: AssistantThread, messages: Iterable[Message], pending: Iterable[AssistantProposal]
) -> dict[str, Any]:
    """The same with everything that was said, and what waits for the customer's leave."""
    return {
        **assistant_thread(row),
        "messages": [assistant_message(message) for message in messages],
        "has_unsupported_content": False,
        "agent_mode": row.metadata.get("agent_mode"),
        "agent_runtime": "langgraph",
        "is_sandbox": False,
        "pending_approvals": [approval(frames.Proposal.of(proposal)) for proposal in pending],
    }


def approval(proposal: frames.Proposal) -> dict[str, Any]:
    """A step that the customer is asked about."""
    return {
        "proposal_id": proposal.id,
        "decision_status": proposal.status,
        "tool_name": proposal.tool_name,
        "preview": proposal.preview,
        "payload": proposal.payload,
        "original_tool_call_id": None,
        "message_id": proposal.message_id,
    }


def assistant_message(row: Message) -> dict[str, Any]:
    """One message of such a conversation: `human`, `ai` or `ai/failure`."""
    known = row.metadata or {}
    common = {"id": str(row.public_id), "content": row.body or "", "parent_tool_call_id": None}
    if row.sender_kind == SenderKind.CUSTOMER:
        return {"type": "human", **common, **{name: known.get(name) for name in OF_A_QUESTION}}
    if assistant_messages.FAILURE in known:
        return {"type": FAILURE, **common}
    return {"type": "ai", **common, "tool_calls": None, "meta": None, "sources": known.get("sources", [])}


def queue(rows: Iterable[AssistantQueueItem]) -> dict[str, Any]:
    """What waits for the assistant."""
    return {
        "messages": [
            {
                "id": str(row.public_id),
                "content": row.content,
                "created_at": row.created_at.astimezone(UTC).isoformat(),
                "contextual_tools": row.metadata.get("contextual_tools"),
                "ui_context": row.metadata.get("ui_context"),
                "billing_context": row.metadata.get("billing_context"),
                "agent_mode": row.thread_metadata.get("agent_mode"),
                "session_id": row.metadata.get("session_id"),
            }
            for row in rows
        ],
        "max_queue_messages": MOST_QUEUED,
    }
