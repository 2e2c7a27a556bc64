"""Discord: the bot of a workspace, and which threads, messages and members there are which rows here."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts import sealed
from accounts.models import Team
from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.contact import Contact
from conversations.models.conversation import Conversation
from conversations.models.message import Message


class BotState(models.TextChoices):
    """Whether a bot is in use."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    DISCONNECTED = "disconnected", "Reconnect"


class DiscordBot(TenantModel):
    """The workspace's bot: its token (sealed), its server, and the channels whose threads are conversations.

    `channels` are objects with id, name, type, and for a forum its tags (id and name). Empty addresses stand for Discord's own.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=12, choices=BotState.choices, default=BotState.ACTIVE)
    sealed = models.TextField(blank=True, editable=False)
    api_url = models.CharField(max_length=300, blank=True)
    gateway_url = models.CharField(max_length=300, blank=True)
    user_id = models.BigIntegerField()
    name = models.CharField(max_length=100, blank=True)
    guild_id = models.BigIntegerField()
    guild_name = models.CharField(max_length=100, blank=True)
    channels = models.JSONField(default=list)
    # The text channel in which private threads are opened.
    private_channel = models.JSONField(null=True)
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )

    # What the process that runs it notes.
    leased_by = models.CharField(max_length=40, blank=True, editable=False)
    leased_until = Moment(null=True, editable=False)
    connected_at = Moment(null=True, editable=False)
    seen_at = Moment(null=True, editable=False)
    last_event_at = Moment(null=True, editable=False)
    failing_since = Moment(null=True, editable=False)
    failure = models.TextField(blank=True, editable=False)
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace"], name="one_discord_bot_per_workspace"),
            models.UniqueConstraint(
                fields=["workspace", "public_id"], name="discord_bot_public_id_unique_per_workspace"
            ),
            models.CheckConstraint(name="discord_bot_state_is_known", condition=Q(state__in=BotState.values)),
        ]

    def __str__(self) -> str:
        return self.name or str(self.user_id)

    @property
    def token(self) -> str:
        """Raises `sealed.Unreadable` where the key that sealed it is gone."""
        return str(sealed.opened(self.sealed).get("token", ""))

    @token.setter
    def token(self, value: str) -> None:
        self.sealed = sealed.seal({"token": value})

    @property
    def channel_ids(self) -> set[int]:
        """The channels whose threads are conversations, and the one of private threads."""
        return {int(one["id"]) for one in (*self.channels, *([self.private_channel] if self.private_channel else []))}

    def channel(self, id: int) -> dict[str, Any] | None:
        """One of its channels."""
        return next((one for one in self.channels if int(one["id"]) == id), None)


class DiscordThread(TenantModel):
    """A forum post or a thread. Its conversation begins with the first message of a person in it.

    `last_message_id` is the last message that was taken in: what comes after it is fetched when the connection was lost.
    """

    seen_by = "conversation"

    discord_id = models.BigIntegerField()
    parent_id = models.BigIntegerField()
    owner_id = models.BigIntegerField(null=True)
    name = models.CharField(max_length=400, blank=True)
    tags = models.JSONField(default=list, blank=True, help_text="The ids of the forum's tags on it.")
    is_private = models.BooleanField(default=False)
    is_archived = models.BooleanField(default=False)
    is_locked = models.BooleanField(default=False)
    last_message_id = models.BigIntegerField(default=0)
    conversation = models.ForeignKey(
        Conversation, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    created_at = Moment(default=timezone.now, editable=False)
    active_at = Moment(default=timezone.now, editable=False)
    deleted_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "discord_id"], name="discord_thread_unique_per_workspace")
        ]
        indexes = [
            # Where a reply goes.
            models.Index(
                fields=["workspace", "conversation", "-active_at", "-id"],
                name="discord_thread_by_conversation",
                condition=Q(conversation__isnull=False),
            ),
            # The threads of which messages may have been missed, the latest first.
            models.Index(fields=["workspace", "-active_at", "-id"], name="discord_thread_by_activity"),
        ]

    def __str__(self) -> str:
        return self.name


class DiscordMember(TenantModel):
    """A person on Discord, and the contact that they are. `linked_at` is set once they have proven to be that contact."""

    discord_id = models.BigIntegerField()
    name = models.CharField(max_length=400, blank=True)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    linked_at = Moment(null=True, editable=False)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "discord_id"], name="discord_member_unique_per_workspace")
        ]
        indexes = [models.Index(fields=["workspace", "contact", "id"], name="discord_member_by_contact")]

    def __str__(self) -> str:
        return self.name or str(self.discord_id)


class DiscordMessage(TenantModel):
    """A message there that is a message here; a long reply is several of them, numbered by `part`."""

    seen_by = "thread"

    discord_id = models.BigIntegerField()
    thread = models.ForeignKey(
        DiscordThread, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    is_ours = models.BooleanField(default=False)
    part = models.PositiveSmallIntegerField(default=0)
    edited_at = Moment(null=True)
    deleted_at = Moment(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "discord_id"], name="discord_message_unique_per_workspace")
        ]
        indexes = [
            # The latest of a thread, compared with what is there after the connection was lost.
            models.Index(fields=["workspace", "thread", "-discord_id"], name="discord_message_by_thread"),
            # The parts of a reply that have been posted.
            models.Index(fields=["workspace", "message", "part"], name="discord_message_parts"),
        ]

    def __str__(self) -> str:
        return str(self.discord_id)


class DiscordLink(TenantModel):
    """A link by which a member proves who they are, once, by a code that is mailed to the address they name."""

    seen_by = "thread"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    member = models.ForeignKey(
        DiscordMember, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    thread = models.ForeignKey(
        DiscordThread, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    email = models.CharField(max_length=254, blank=True)
    code_sent_at = Moment(null=True)
    mails = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Wrong codes since the last mail.")
    created_at = Moment(default=timezone.now, editable=False)
    expires_at = Moment()
    used_at = Moment(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "public_id"], name="discord_link_public_id_unique_per_workspace"
            )
        ]
        indexes = [models.Index(fields=["workspace", "member", "-id"], name="discord_link_by_member")]

    def __str__(self) -> str:
        return str(self.public_id)
