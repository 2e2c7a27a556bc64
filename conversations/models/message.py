"""What was written in a conversation."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import User
from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.contact import Contact
from conversations.models.conversation import Conversation, EntryPoint
from conversations.models.searched import Day, Searched, TokensField, cut


class MessageKind(models.TextChoices):
    """A message goes to the other side; a note is internal; a status change is shown to both sides."""

    MESSAGE = "message"
    NOTE = "internal-note"
    STATUS_CHANGE = "status-change"


class SenderKind(models.TextChoices):
    """Which side wrote it."""

    CUSTOMER = "customer"
    AGENT = "agent"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class DeliveryStatus(models.TextChoices):
    """What became of a message on its way to the other side."""

    DELIVERED = "delivered"
    SENDING = "sending"
    FAILED = "failed"


class Message(Searched, TenantModel):
    """One entry of a thread. Who sent it is also kept as it was at the time: names and emails change, people leave."""

    seen_by = "conversation"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False)
    kind = models.CharField(max_length=16, choices=MessageKind.choices, default=MessageKind.MESSAGE)
    body = models.TextField(null=True, blank=True)
    sender_kind = models.CharField(max_length=10, choices=SenderKind.choices)
    sender_user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    sender_contact = models.ForeignKey(
        Contact, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    sender_reference = models.CharField(max_length=400, null=True, blank=True)
    sender_name = models.CharField(max_length=400, blank=True)
    sender_email = models.CharField(max_length=254, blank=True)
    entry_point = models.ForeignKey(
        EntryPoint, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    delivery_status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.DELIVERED)
    metadata = models.JSONField(null=True, blank=True)
    created_at = Moment(default=timezone.now, editable=False)
    tokens = TokensField(of=("body",))

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="message_public_id_unique_per_workspace"),
            models.CheckConstraint(name="message_kind_is_known", condition=Q(kind__in=MessageKind.values)),
            models.CheckConstraint(name="message_sender_kind_is_known", condition=Q(sender_kind__in=SenderKind.values)),
            models.CheckConstraint(
                name="message_has_a_body_unless_it_tells_of_a_status",
                condition=Q(body__isnull=False) | Q(kind=MessageKind.STATUS_CHANGE),
            ),
            models.CheckConstraint(
                name="note_never_leaves_the_desk",
                condition=~Q(kind=MessageKind.NOTE) | Q(entry_point=None, sender_contact=None),
            ),
        ]
        indexes = [
            # A thread, and its last page. The workspace is in it so that the planner prefers it to an index over
            # all messages of the workspace, which is slow for small conversations.
            models.Index(fields=["workspace", "conversation", "id"], name="message_by_conversation"),
            # The same in the order of a thread: of messages that were moved, the older may have the higher id.
            models.Index(fields=["workspace", "conversation", "created_at", "id"], name="message_in_order"),
            # Words in a workspace, also of some days. Each search reads what is not sorted in yet: half a megabyte at most.
            GinIndex(
                F("workspace"), Day("created_at"), F("tokens"), name="message_words_by_day", gin_pending_list_limit=512
            ),
            # Texts that the tokens may not hold to their end, for those that ask for any part of a text.
            models.Index(fields=["workspace", "conversation"], name="message_cut", condition=cut("body")),
            models.Index(fields=["id"], name="message_without_tokens", condition=Q(tokens=None)),
        ]

    def __str__(self) -> str:
        return (self.body or self.kind)[:80]

    @property
    def is_from_customer(self) -> bool:
        return self.sender_kind == SenderKind.CUSTOMER


class MessageVersion(TenantModel):
    """The text of a note before it was changed, which owners and admins may read."""

    seen_by = "message"

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="versions", db_index=False, db_constraint=False
    )
    body = models.TextField(blank=True)
    replaced_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    replaced_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        # The texts of a note before, the latest first.
        indexes = [models.Index(fields=["workspace", "message", "-id"], name="version_by_message")]

    def __str__(self) -> str:
        return self.body[:80]


class Attachment(Searched, TenantModel):
    """A file that came with a message, found by its name. Served through the desk alone, after its permission check."""

    seen_by = "message"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="attachments", db_index=False)
    file = models.FileField(max_length=300)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    # How the text of a mail names a picture that it shows.
    content_id = models.CharField(max_length=400, blank=True, default="", db_default="")
    is_inline = models.BooleanField(default=False, db_default=False)
    created_at = Moment(default=timezone.now, editable=False)
    tokens = TokensField(of=("name",))

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="attachment_public_id_unique_per_workspace")
        ]
        indexes = [
            # The files of the messages on one page of a thread.
            models.Index(fields=["workspace", "message", "id"], name="attachment_by_message"),
            # Words of the names of files in a workspace.
            GinIndex(fields=["workspace", "tokens"], name="attachment_words"),
            models.Index(fields=["id"], name="attachment_without_tokens", condition=Q(tokens=None)),
        ]

    def __str__(self) -> str:
        return self.name
