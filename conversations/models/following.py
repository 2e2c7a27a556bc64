"""Who follows a conversation, and who was mentioned in one of its notes."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from accounts.models import User
from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.conversation import Conversation
from conversations.models.message import Message


class Follower(TenantModel):
    """A member who is notified of what happens in a conversation."""

    seen_by = "conversation"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            # Also for the followers of a conversation.
            models.UniqueConstraint(
                fields=["workspace", "conversation", "user"], name="one_follower_per_person_and_conversation"
            )
        ]
        # What a member follows.
        indexes = [models.Index(fields=["workspace", "user", "-id"], name="follower_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id} follows {self.conversation_id}"


class Mention(TenantModel):
    """A member who was mentioned in a note; `seen_at` is when they opened the conversation afterwards."""

    seen_by = "conversation"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="mentions", db_index=False, db_constraint=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    created_at = Moment(default=timezone.now, editable=False)
    seen_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "message", "user"], name="one_mention_per_person_and_note")
        ]
        indexes = [
            # The conversations in which a member was mentioned, newest first; and those that they have not seen.
            models.Index(fields=["workspace", "user", "-created_at", "-id"], name="mention_by_user"),
            models.Index(
                fields=["workspace", "user", "-created_at", "-id"],
                name="mention_unseen",
                condition=models.Q(seen_at=None),
            ),
            # Who was mentioned in a conversation.
            models.Index(fields=["workspace", "conversation", "user"], name="mention_by_conversation"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"
