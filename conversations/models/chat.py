"""Live chat: the widgets of a workspace's websites, and the sessions of the visitors who write with them."""

from __future__ import annotations

import secrets
import string
import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.moments import Moment
from accounts.tenancy import TenantModel
from conversations.models.contact import Contact

KEY, WOES_KEY, POSTHOG_TOKEN = "plw_", "trovw_", "phc_"
"""How the keys of a widget begin: the desk's own, and those of the clients that it takes over."""


def new_key(beginning: str = KEY) -> str:
    """A public key, which nobody guesses and everybody who opens the website can read."""
    return beginning + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32))


class Position(models.TextChoices):
    """The lower corner in which the button is; they change sides where a page is read from right to left."""

    RIGHT = "right", _("Right")
    LEFT = "left", _("Left")


class Widget(TenantModel):
    """The chat of a website. Any of its keys opens it; each client has one in the form that it expects.

    `standard` says what is asked before the first message: of `name` and `email`, each "required" or "optional".
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, help_text="Shown to the team.")
    key = models.CharField(max_length=60, default=new_key, editable=False)
    woes_key = models.CharField(max_length=60, null=True, editable=False)
    posthog_token = models.CharField(max_length=60, null=True, editable=False)
    allowed_origins = ArrayField(models.CharField(max_length=300), default=list, blank=True)
    language = models.CharField(max_length=5, blank=True, help_text="Empty: that of the page, or the visitor's.")
    title = models.CharField(max_length=100, blank=True)
    greeting = models.CharField(max_length=1000, blank=True)
    offline_message = models.CharField(max_length=1000, blank=True)
    color = models.CharField(max_length=7, default="#1f5eff")
    position = models.CharField(max_length=5, choices=Position.choices, default=Position.RIGHT)
    launcher_text = models.CharField(max_length=60, blank=True, help_text="Beside the icon; empty for the icon alone.")
    standard = models.JSONField(default=dict, blank=True)
    follows_hours = models.BooleanField(default=True, help_text="Outside business hours it is offline.")
    assistant_first = models.BooleanField(default=False, help_text="The assistant answers until it hands over.")
    accepts_files = models.BooleanField(default=True)
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    is_active = models.BooleanField(default=True)
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "public_id"], name="widget_public_id_unique_per_workspace"),
            models.UniqueConstraint(fields=["key"], name="widget_key_unique"),
            models.UniqueConstraint(fields=["woes_key"], name="widget_woes_key_unique"),
            models.UniqueConstraint(fields=["posthog_token"], name="widget_posthog_token_unique"),
            models.CheckConstraint(name="widget_position_is_known", condition=Q(position__in=Position.values)),
        ]
        indexes = [models.Index(fields=["workspace", "name", "id"], name="widget_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def public_name(self) -> str:
        """What visitors read above the chat: its title, or the workspace's name."""
        return self.title or self.workspace.name

    @property
    def keys(self) -> list[str]:
        """All keys that open it."""
        return [key for key in (self.key, self.woes_key, self.posthog_token) if key]


class ChatSession(TenantModel):
    """A browser in which a visitor writes. Only the SHA-256 of its token is kept.

    Without a proof of who writes, the contact belongs to this session alone. `ended_at` is set when the token was replaced.
    """

    widget = models.ForeignKey(
        Widget, on_delete=models.CASCADE, related_name="sessions", db_index=False, db_constraint=False
    )
    token_hash = models.CharField(max_length=64, editable=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="chat_sessions", db_index=False, db_constraint=False
    )
    is_verified = models.BooleanField(default=False, help_text="The visitor has proven who they are.")
    language = models.CharField(max_length=5, blank=True)
    page = models.CharField(max_length=2000, blank=True, help_text="The page on which they write.")
    created_at = Moment(default=timezone.now, editable=False)
    last_seen_at = Moment(default=timezone.now, editable=False)
    ended_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "token_hash"], name="chat_session_token_unique_per_workspace")
        ]
        indexes = [
            # The sessions of a contact, the latest first.
            models.Index(fields=["workspace", "contact", "-last_seen_at", "-id"], name="chat_session_by_contact"),
            # The visitors of a widget, the latest first, for its health.
            models.Index(fields=["workspace", "widget", "-last_seen_at", "-id"], name="chat_session_by_widget"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} {self.last_seen_at:%Y-%m-%d %H:%M}"


class ChatRestore(TenantModel):
    """A link by mail with which a visitor finds their conversations on another browser. It works once, for an hour.

    Only the SHA-256 of its token is kept.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    widget = models.ForeignKey(
        Widget, on_delete=models.CASCADE, related_name="restores", db_index=False, db_constraint=False
    )
    email = models.CharField(max_length=254)
    token_hash = models.CharField(max_length=64, editable=False)
    page = models.CharField(max_length=2200, help_text="The link, with {token} in place of its token.")
    created_at = Moment(default=timezone.now, editable=False)
    expires_at = Moment(editable=False)
    used_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "token_hash"], name="chat_restore_token_unique_per_workspace")
        ]
        indexes = [
            # The links of an address, the latest first.
            models.Index(fields=["workspace", "email", "-created_at", "-id"], name="chat_restore_by_email")
        ]

    def __str__(self) -> str:
        return f"{self.email} {self.created_at:%Y-%m-%d %H:%M}"
