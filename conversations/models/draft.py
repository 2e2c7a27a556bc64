"""What members have written and not sent, and who is looking at a conversation at the moment."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import User
from accounts.moments import Moment
from accounts.tenancy import TenantModel, Viewer, seen
from conversations.models.conversation import Conversation


class DraftKind(models.TextChoices):
    """What it becomes when it is sent."""

    REPLY = "reply"
    NOTE = "note"
    MAIL = "mail"


class Draft(TenantModel):
    """An unsent reply or note of a member in a conversation. The team may read it; nothing ever sends it but its writer.

    A mail that begins a conversation has none yet: it is named by `public_id`, under which it is sent, belongs to its writer
    alone, and `forwards` is the conversation that it quotes.

    Each save counts `version` up. `tab` and `seq` name the page that saved last and its save: of one page, saves that are
    overtaken on the way are recognised by them. One that was discarded is kept for a while, so that it can be restored.
    """

    seen_by = "conversation"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False, null=True
    )
    public_id = models.UUIDField(null=True, editable=False)
    forwards = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False, null=True
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=5, choices=DraftKind.choices)
    body = models.TextField(blank=True)
    along = models.JSONField(default=dict, help_text="The recipients as they were typed; of a mail all of its fields.")
    version = models.PositiveIntegerField(default=1)
    tab = models.CharField(max_length=36, blank=True)
    seq = models.PositiveBigIntegerField(default=0)
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)
    discarded_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            # Also for the drafts of a conversation, which a thread shows.
            models.UniqueConstraint(
                fields=["workspace", "conversation", "user", "kind"], name="one_draft_per_person_and_kind"
            ),
            models.UniqueConstraint(fields=["workspace", "public_id"], name="draft_public_id_unique_per_workspace"),
            models.CheckConstraint(name="draft_kind_is_known", condition=Q(kind__in=DraftKind.values)),
            models.CheckConstraint(
                name="draft_of_a_mail_has_no_conversation",
                condition=Q(kind=DraftKind.MAIL, conversation=None, public_id__isnull=False)
                | (~Q(kind=DraftKind.MAIL) & Q(conversation__isnull=False)),
            ),
        ]
        indexes = [
            # What was discarded and is no longer kept, in all workspaces.
            models.Index(
                fields=["discarded_at", "id"], name="draft_discarded", condition=Q(discarded_at__isnull=False)
            ),
            # A member's own drafts, the latest first.
            models.Index(fields=["workspace", "user", "-updated_at", "-id"], name="draft_of_member"),
            # The mails that quote a conversation, which go with it.
            models.Index(fields=["workspace", "forwards"], name="draft_forwards", condition=Q(forwards__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.user_id}"

    @classmethod
    def visible_to(cls, viewer: Viewer) -> Q | Exists | None:
        """A mail: its writer, while they see what it quotes. Else as the conversation."""
        key = {"workspace": OuterRef("workspace"), "pk": OuterRef("forwards")}
        quoted = Exists(seen(Conversation.all_workspaces.filter(**key), viewer))  # of the row's own workspace
        own = Q(kind=DraftKind.MAIL, user=viewer.user_id) & (Q(forwards=None) | Q(quoted))
        inside = super().visible_to(viewer)
        return own | Q(inside) if inside is not None else own


class DraftFile(TenantModel):
    """A file that was uploaded for a draft; sent, it becomes an attachment of the message without being copied."""

    seen_by = "draft"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    draft = models.ForeignKey(
        Draft, on_delete=models.CASCADE, related_name="files", db_index=False, db_constraint=False
    )
    file = models.FileField(max_length=300)
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField(help_text="Bytes.")

    class Meta(TenantModel.Meta):
        constraints = [
            # An upload that is repeated finds the first one.
            models.UniqueConstraint(fields=["workspace", "public_id"], name="draft_file_public_id_unique_per_workspace")
        ]
        # The files of the drafts in a thread.
        indexes = [models.Index(fields=["workspace", "draft", "id"], name="draft_files")]

    def __str__(self) -> str:
        return self.name


class Presence(TenantModel):
    """A member who has a conversation open. The table is not logged: nothing is lost with it, and none of it is history.

    The pages of a member say so again and again; a row that none of them has renewed for a while stands for nobody.
    """

    seen_by = "conversation"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    writes = models.CharField(max_length=5, blank=True, choices=DraftKind.choices, help_text="What is being typed.")
    typed_at = Moment(null=True)
    seen_at = Moment(default=timezone.now)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "presence"
        # Also for those who are in a conversation.
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "conversation", "user"], name="one_presence_per_person_and_conversation"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.conversation_id}"
