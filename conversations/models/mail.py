"""Mails that came in: their bytes, what became of each, and the ids by which later ones find their conversation."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.conversation import Conversation
from conversations.models.mailbox import Mailbox
from conversations.models.message import Message


class MailSource(models.TextChoices):
    """The way a mail came."""

    IMAP = "imap"
    INGRESS = "ingress"
    DOOR = "door"
    COMMAND = "command"


class MailState(models.TextChoices):
    """What became of a mail: kept but not yet read, a message of a conversation, set aside, or nothing for people."""

    STORED = "stored", "Waiting"
    READ = "read", "Delivered"
    QUARANTINED = "quarantined", "Quarantined"
    IGNORED = "ignored", "Ignored"


class Proof(models.TextChoices):
    """Why a mail joined its conversation."""

    REPLY_ADDRESS = "reply_address", _("the reply address")
    IN_REPLY_TO = "in_reply_to", "In-Reply-To"
    REFERENCES = "references", "References"
    MARKER = "marker", _("the reference in its text")
    NEW = "new", "nothing: it began a conversation"
    MOVED = "moved", "a member's decision"


class InboundMail(TenantModel):
    """A mail as it came in. Its bytes are kept before anything is read from them.

    `reason` says in plain words why it was set aside, ignored or marked; `code` is the machine's word for it. What a screen
    shows of it is read once, in the worker.
    """

    seen_by = "conversation"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    mailbox = models.ForeignKey(
        Mailbox, on_delete=models.CASCADE, related_name="mails", db_index=False, db_constraint=False
    )
    source = models.CharField(max_length=8, choices=MailSource.choices)
    raw = models.FileField(max_length=300)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the bytes.")
    is_cut = models.BooleanField(
        default=False, help_text="Too large to be kept: its headers and its beginning are here."
    )
    identifier = models.TextField(blank=True, help_text="Its Message-ID, without brackets.")
    message_key = models.CharField(max_length=64, blank=True, help_text="SHA-256 of its Message-ID.")
    uid_validity = models.BigIntegerField(null=True)
    uid = models.BigIntegerField(null=True)
    internal_at = Moment(null=True)
    state = models.CharField(max_length=11, choices=MailState.choices, default=MailState.STORED)
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    proof = models.CharField(max_length=13, choices=Proof.choices, blank=True)
    conversation = models.ForeignKey(
        Conversation, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    suggested = models.ForeignKey(
        Conversation, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    message = models.OneToOneField(
        Message, null=True, on_delete=models.SET_NULL, related_name="mail", db_constraint=False
    )
    # What is shown of it.
    from_name = models.CharField(max_length=400, blank=True)
    from_address = models.CharField(max_length=254, blank=True)
    to = models.JSONField(default=list)
    cc = models.JSONField(default=list)
    subject = models.TextField(blank=True)
    text = models.TextField(blank=True, help_text="Its whole text, where the message holds less.")
    quoted = models.TextField(blank=True)
    signature = models.TextField(blank=True)
    html = models.TextField(blank=True, help_text="Sanitised.")
    remote_images = models.PositiveIntegerField(default=0)
    invitation = models.JSONField(null=True)
    problems = models.JSONField(default=list)
    is_verified = models.BooleanField(null=True, help_text="Whether the sender's domain vouches for it.")
    is_stranger = models.BooleanField(default=False, help_text="Its sender is not the contact of its conversation.")
    received_at = Moment(default=timezone.now, editable=False)
    processed_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="mail_public_id_unique_per_workspace"),
            models.UniqueConstraint(fields=["mailbox", "uid_validity", "uid"], name="mail_fetched_once_per_mailbox"),
            models.CheckConstraint(name="mail_state_is_known", condition=Q(state__in=MailState.values)),
            models.CheckConstraint(name="mail_source_is_known", condition=Q(source__in=MailSource.values)),
            models.CheckConstraint(name="mail_proof_is_known", condition=Q(proof="") | Q(proof__in=Proof.values)),
        ]
        indexes = [
            # The health of a mailbox: its mails of each kind, newest first.
            models.Index(fields=["workspace", "mailbox", "state", "-id"], name="mail_by_mailbox"),
            # Whether a mail has come before.
            models.Index(fields=["workspace", "message_key"], name="mail_by_message_id", condition=~Q(message_key="")),
            # How many mails a sender has sent of late.
            models.Index(fields=["workspace", "mailbox", "from_address", "-id"], name="mail_by_sender"),
            # Whether the same bytes have come before.
            models.Index(fields=["workspace", "mailbox", "digest"], name="mail_by_digest"),
            # What a mail of a conversation may belong to, as its page asks.
            models.Index(
                fields=["workspace", "conversation", "id"],
                name="mail_suggested",
                condition=Q(suggested__isnull=False),
            ),
            # What was kept and not read: by a worker that died, in all workspaces.
            models.Index(fields=["id"], name="mail_waiting", condition=Q(state="stored")),
        ]

    def __str__(self) -> str:
        return f"{self.from_address} {self.subject[:60]}".strip()


class MailReference(TenantModel):
    """A Message-ID that the desk knows: of a mail of its own, of one that came in, or only named in one."""

    seen_by = "conversation"

    key = models.CharField(max_length=64, help_text="SHA-256 of the Message-ID.")
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    message = models.ForeignKey(
        Message, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    is_ours = models.BooleanField(default=False)
    is_named_only = models.BooleanField(default=False, help_text="No such mail came in: others name it.")

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["workspace", "key"], name="mail_reference_unique_per_workspace")]
        # The ids of a message, and those of a conversation that follow it elsewhere.
        indexes = [models.Index(fields=["workspace", "conversation", "message"], name="mail_reference_of")]

    def __str__(self) -> str:
        return self.key
