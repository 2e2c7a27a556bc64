"""The outbox: replies on their way to the other side, through every channel."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.conversation import Channel, Conversation
from conversations.models.mailbox import Mailbox
from conversations.models.message import Message


class DeliveryState(models.TextChoices):
    """Where a reply is on its way."""

    SCHEDULED = "scheduled", "Scheduled"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


class Delivery(TenantModel):
    """A reply that is to be delivered.

    Until it leaves it is scheduled and holds its own text and files; no message exists, so that nothing but the team's
    screens knows of it. When it leaves it becomes a message of the same public id, and is on its way through its channel.
    `held_at` is set where the thread had moved on by then: it waits for its writer.
    """

    seen_by = "conversation"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )
    message = models.OneToOneField(
        Message, null=True, on_delete=models.CASCADE, related_name="delivery", db_constraint=False
    )
    channel = models.CharField(max_length=10, choices=Channel.choices)
    mailbox = models.ForeignKey(
        Mailbox, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    state = models.CharField(max_length=9, choices=DeliveryState.choices, default=DeliveryState.SCHEDULED)
    writer = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    body = models.TextField(blank=True)
    then = models.CharField(max_length=10, blank=True, help_text="The status that the conversation gets with it.")
    # What its writer had seen: the last message of the thread.
    expected_last = models.BigIntegerField(null=True)
    # Whom the writer chose; null stands for the contact, and for those whom the conversation's mails go to besides.
    to = models.JSONField(null=True)
    cc = models.JSONField(null=True)
    bcc = models.JSONField(default=list)
    # In a chat, replies that the customer has not seen go in one mail: those after this message, up to its own.
    after = models.BigIntegerField(null=True)
    send_after = Moment(default=timezone.now)
    held_at = Moment(null=True)
    # The next attempt; while one is made, the moment until which it is this worker's.
    due_at = Moment(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    # Set as soon as an attempt may have been taken by the other side: after a crash that is looked up first.
    handed_at = Moment(null=True)
    channel_message_id = models.CharField(max_length=400, blank=True, help_text="The channel's own id of it.")
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True, help_text="Why it could not be delivered, in plain words.")
    created_at = Moment(default=timezone.now, editable=False)
    settled_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="delivery_public_id_unique_per_workspace"),
            models.CheckConstraint(name="delivery_state_is_known", condition=Q(state__in=DeliveryState.values)),
            models.CheckConstraint(
                name="delivery_has_a_message_once_it_has_left",
                condition=~Q(state__in=("sending", "sent")) | Q(message__isnull=False),
            ),
        ]
        indexes = [
            # The workers' look for what is due, in all workspaces.
            models.Index(
                fields=["due_at", "id"],
                name="delivery_due",
                condition=Q(state__in=("scheduled", "sending"), held_at=None),
            ),
            # What a thread shows beside its messages.
            models.Index(fields=["workspace", "conversation", "state", "id"], name="delivery_by_conversation"),
            # What was taken back and is no longer kept, in all workspaces; the view of what failed or is held.
            models.Index(
                fields=["settled_at", "id"], name="delivery_taken_back", condition=Q(state="cancelled", message=None)
            ),
            models.Index(
                fields=["workspace", "-id"],
                name="delivery_unsent",
                condition=Q(state="failed") | Q(state="scheduled", held_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.body[:60]}"

    @property
    def is_held(self) -> bool:
        return self.held_at is not None and self.state == DeliveryState.SCHEDULED


class DeliveryFile(TenantModel):
    """A file of a reply that has not left yet; it then becomes an attachment of the message."""

    seen_by = "delivery"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="files", db_index=False, db_constraint=False
    )
    file = models.FileField(max_length=300)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField(help_text="Bytes.")

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["workspace", "delivery", "id"], name="delivery_files")]

    def __str__(self) -> str:
        return self.name
