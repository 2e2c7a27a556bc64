"""The ledger of the assistant's work: what it wrote or tried to write, from which sources, at which cost, with which outcome."""

from __future__ import annotations

import uuid
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.assistant import AssistantRun
from conversations.models.conversation import Conversation
from conversations.models.message import Message
from tickets.models import Ticket


class SuggestionKind(models.TextChoices):
    """A draft is a suggestion for an agent; an answer went to the customer."""

    DRAFT = "draft", "Draft for an agent"
    ANSWER = "answer", "Answer of the assistant"


class Outcome(models.TextChoices):
    """What became of a suggestion.

    A draft is accepted when it is sent as it stands, edited when it is sent with changes, rejected when it is dismissed
    or another answer is sent. An answer is accepted when it settled the matter, and rejected when a person had to take
    over. A failed one has no text, and may have cost something all the same.
    """

    OPEN = "open", "Open"
    ACCEPTED = "accepted", "Accepted"
    EDITED = "edited", "Edited"
    REJECTED = "rejected", "Rejected"
    FAILED = "failed", "Failed"


class Suggestion(TenantModel):
    """One suggestion or answer, with its engine, its sources, its cost and its outcome. Costs are in the operator's currency."""

    seen_by = "conversation"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=6, choices=SuggestionKind.choices)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="suggestions", db_index=False)
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    run = models.ForeignKey(AssistantRun, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # The note that keeps a draft, or the message that is the answer.
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    engine = models.CharField(max_length=20)
    model = models.CharField(max_length=100, blank=True)
    text = models.TextField(blank=True)
    sources = models.JSONField(default=list)
    prompt_tokens = models.PositiveIntegerField(default=0)
    completion_tokens = models.PositiveIntegerField(default=0)
    cost = models.DecimalField(max_digits=14, decimal_places=6, default=Decimal(0))
    took_ms = models.PositiveIntegerField(default=0)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.OPEN)
    failure = models.CharField(max_length=40, blank=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    decided_at = Moment(null=True)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "public_id"], name="suggestion_public_id_unique_per_workspace"
            ),
            models.CheckConstraint(name="suggestion_kind_is_known", condition=Q(kind__in=SuggestionKind.values)),
            models.CheckConstraint(name="suggestion_outcome_is_known", condition=Q(outcome__in=Outcome.values)),
        ]
        indexes = [
            # The rates and the spending of a month; what the assistant did, newest first.
            models.Index(fields=["workspace", "-created_at", "-id"], name="suggestion_newest"),
            # What a reply in a conversation decides, and what its composer shows.
            models.Index(
                fields=["workspace", "conversation", "-id"], name="suggestion_undecided", condition=Q(outcome="open")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
