"""Hosted forms: pages on which customers write to the desk or ask for a call, and the calls that were asked for."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.moments import Moment
from accounts.tenancy import TenantManager, TenantModel, TenantQuerySet
from conversations.models.conversation import Channel, Conversation


def new_key() -> str:
    """The part of a form's address that nobody guesses."""
    return secrets.token_urlsafe(12)


class FormKind(models.TextChoices):
    """What customers do on a form."""

    CONTACT = "contact", _("Contact")
    CALLBACK = "callback", _("Callback")


class Form(TenantModel):
    """A page at `/f/<key>`, on its own or in a frame of other pages. `standard` says which of the usual fields it has
    ("required" or "optional"), `questions` holds its own ones: key, kind, text, is_required and choices.
    """

    key = models.CharField(max_length=32, default=new_key, editable=False)
    kind = models.CharField(max_length=8, choices=FormKind.choices, default=FormKind.CONTACT)
    name = models.CharField(max_length=100, help_text="Shown to the team.")
    language = models.CharField(max_length=5, default="en")
    title = models.CharField(max_length=200, blank=True)
    intro = models.TextField(blank=True)
    thanks = models.TextField(blank=True)
    standard = models.JSONField(default=dict, blank=True)
    questions = models.JSONField(default=list, blank=True)
    consent = models.TextField(blank=True)
    consent_url = models.URLField(max_length=2000, blank=True)
    country = models.CharField(max_length=2, blank=True, help_text="Whose phone numbers need no country code.")
    allowed_origins = ArrayField(models.CharField(max_length=300), default=list, blank=True)
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
            models.UniqueConstraint(fields=["key"], name="form_key_unique"),
            models.CheckConstraint(name="form_kind_is_known", condition=Q(kind__in=FormKind.values)),
        ]
        indexes = [models.Index(fields=["workspace", "name", "id"], name="form_by_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        """Where its page is."""
        return f"/f/{self.key}"

    @property
    def channel(self) -> Channel:
        """The channel of the conversations that it starts."""
        return Channel.CALLBACK if self.kind == FormKind.CALLBACK else Channel.FORM


class FormOutcome(models.TextChoices):
    """What became of something that was sent with a form."""

    ACCEPTED = "accepted", _("Became a conversation")
    REPEATED = "repeated", _("Sent twice, kept once")
    SPAM = "spam", _("Kept as spam: the hidden field was filled in")
    INVALID = "invalid", _("Shown again: fields missing or invalid")
    TOO_FAST = "too_fast", _("Shown again: sent within two seconds")
    EXPIRED = "expired", _("Shown again: the page was older than a day")
    RATE = "rate", _("Refused: too many at once")
    TOO_LARGE = "too_large", _("Refused: larger than an upload may be")
    NOT_STORED = "not_stored", _("Shown again: files could not be stored")


class FormCount(TenantModel):
    """How often something became of what was sent with a form on one day, in UTC."""

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="counts", db_index=False, db_constraint=False)
    day = Moment(help_text="Its beginning, in UTC.")
    outcome = models.CharField(max_length=10, choices=FormOutcome.choices)
    count = models.PositiveIntegerField(default=0)
    last_at = Moment(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "form", "day", "outcome"], name="form_count_unique_per_day"),
            models.CheckConstraint(name="form_outcome_is_known", condition=Q(outcome__in=FormOutcome.values)),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.day:%Y-%m-%d}: {self.count}"


ASAP_WITHIN = timedelta(hours=1)
"""A caller who named no time waits so long at most."""


class CallbackQuerySet(TenantQuerySet["CallbackRequest"]):
    """The questions about calls."""

    def to_call(self) -> Self:
        """Not called yet, the earliest first. Those of spam, and of what is in the Trash, are nobody's."""
        return self.filter(done_at=None).exclude(conversation__handler__in=("nobody", "trash")).order_by("due_at", "pk")

    def called(self) -> Self:
        """The latest first."""
        return self.exclude(done_at=None).exclude(conversation__handler="trash").order_by("-done_at", "-pk")

    def overdue(self, at: datetime) -> Self:
        """Their time is over."""
        late = Coalesce(F("window_end"), F("due_at") + ASAP_WITHIN, output_field=models.DateTimeField())
        return self.to_call().alias(late=late).filter(late__lt=at)


class CallbackRequest(TenantModel):
    """A call that a customer asked for. Without a window they named no time, or named it in words of their own."""

    seen_by = "conversation"

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="callbacks", db_index=False, db_constraint=False
    )
    phone = models.CharField(max_length=20, blank=True, help_text="In E.164, if it is a number that can be called.")
    phone_typed = models.CharField(max_length=100, help_text="As the caller typed it.")
    window_start = Moment(null=True, blank=True)
    window_end = Moment(null=True, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, help_text="The caller's.")
    preferred_time = models.CharField(max_length=200, blank=True, help_text="In the caller's own words.")
    due_at = Moment()
    done_at = Moment(null=True, blank=True)
    done_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    created_at = Moment(default=timezone.now, editable=False)

    objects: ClassVar[TenantManager[Self]] = TenantManager.from_queryset(CallbackQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "conversation"], name="one_callback_per_conversation"),
            models.CheckConstraint(
                name="callback_window_has_both_ends",
                condition=Q(window_start=None, window_end=None) | Q(window_start__lt=F("window_end")),
            ),
        ]
        indexes = [
            # The view of calls to be made, by when they are due; and those that were made, the latest first.
            models.Index(fields=["workspace", "due_at", "id"], name="callback_due", condition=Q(done_at=None)),
            models.Index(
                fields=["workspace", "-done_at", "-id"], name="callback_done", condition=Q(done_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.phone or self.phone_typed

    @property
    def late_at(self) -> datetime:
        """From when on it is overdue."""
        return self.window_end or self.due_at + ASAP_WITHIN
