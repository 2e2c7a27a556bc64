"""A conversation with all that its page shows, in one query, in the open workspace scope."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from accounts.compiled import compiled
from accounts.errors import NotFound
from accounts.tenancy import viewer
from conversations.assistant import queries as assistant_queries
from conversations.models import Conversation, Follower, InboundMail, Mention, Message
from conversations.queries import outbox as outbox_queries
from conversations.queries.conversations import conversations
from tickets.models import Attribute, AttributeSubject

CARD = (
    *("workspace", "number", "subject", "channel", "handler", "status", "snoozed_until", "priority", "tags"),
    *("message_count", "unread_count", "last_message", "updated_at", "mailbox", "cc", "customer_seen_at"),
    *("last_inbound_at", "last_outbound_at"),
    *("follows__number", "joined_into__number"),
    *(f"contact__{name}" for name in ("name", "email", "external_id", "company", "is_verified", "created_at")),
    *("attributes", "contact__public_id", "contact__attributes", "contact__blocked_at", "contact__erased_at"),
    *("assignee__name", "assignee__email", "assignee__public_id", "assignee__picture", "team__name"),
    *(f"ticket__{name}" for name in ("number", "subject", "status", "priority", "escalation_reason")),
    *("ticket__sla_due_at", "ticket__tags", "ticket__team__name", "ticket__assignee__name", "ticket__assignee__email"),
    *(f"assistant_thread__{name}" for name in ("status", "taken_over_at", "ai_resolved", "deleted_at")),
)
"""What the page of a conversation prints of it."""


def with_ticket_card(number: int) -> Conversation:
    """By number, with all that its page shows. Raises NotFound.

    That is the ticket's owner and `ticket_conversations` (how many share the ticket), the assistant's thread, and
    `has_followers`; `has_new_mentions`: whether a mention of anybody has not been seen; `has_draft`: whether a drafted reply
    is still open; `has_outgoing`: whether the outbox has anything of it; `has_proposal`: whether the customer is asked about a
    hand-over.
    """
    found = _card.first(number=number)
    if found is None:
        raise NotFound("there is no such conversation")
    before = found.follows_id
    if before is not None and viewer() is not None and not Conversation.objects.filter(pk=before).exists():
        found.follows = None  # it is shown as one that follows nothing
    return found


def _attributes() -> QuerySet[Attribute, Any]:
    """The custom attributes of conversations and customers, in their order: read with the page, for there are few."""
    subjects = (AttributeSubject.CONVERSATION.value, AttributeSubject.CONTACT.value)
    rows = Attribute.objects.filter(subject__in=subjects, archived_at=None).order_by("position", "pk")
    names = ("id", "subject", "key", "name", "kind", "choices")
    return rows.values(row=JSONObject(**{name: name for name in names}))


@compiled
def _card(*, number: int) -> QuerySet[Conversation]:
    shared = Conversation.objects.filter(ticket=OuterRef("ticket")).order_by().values("ticket").annotate(n=Count("pk"))
    rows = conversations().select_related(
        "ticket__assignee", "ticket__team", "assistant_thread", "follows", "joined_into"
    )
    after = Conversation.objects.filter(follows=OuterRef("pk")).order_by("-pk").values("number")
    perhaps = InboundMail.objects.filter(conversation=OuterRef("pk"), suggested__isnull=False).order_by("pk")
    if viewer() is not None:
        perhaps = perhaps.filter(Exists(Conversation.objects.filter(pk=OuterRef("suggested"))))
    rows = rows.annotate(
        attribute_rows=ArraySubquery(_attributes()),
        continued_in=Subquery(after[:1]),
        suggested_number=Subquery(perhaps.values("suggested__number")[:1]),
        newest_message=Subquery(Message.objects.filter(conversation=OuterRef("pk")).order_by("-pk").values("pk")[:1]),
        ticket_conversations=Subquery(shared.values("n")),
        has_followers=Exists(Follower.objects.filter(conversation=OuterRef("pk"))),
        has_new_mentions=Exists(Mention.objects.filter(conversation=OuterRef("pk"), seen_at=None)),
        has_draft=Exists(assistant_queries.undecided_drafts().filter(conversation=OuterRef("pk"))),
        has_outgoing=Exists(outbox_queries.unsettled().filter(conversation=OuterRef("pk"))),
        has_proposal=Exists(assistant_queries.pending_proposals().filter(thread__conversation=OuterRef("pk"))),
    )
    return rows.filter(number=number).order_by("pk").only(*CARD)[:1]
