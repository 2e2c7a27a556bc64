"""Work being tracked: a number, a state, an owner, a deadline. Conversations point here, never the other way round."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, ClassVar, Self, cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Lower, Upper
from django.utils import timezone

from accounts.models import Team, User
from accounts.models.workspaces import of_viewer
from accounts.moments import Moment
from accounts.permissions import Visibility
from accounts.tenancy import TenantManager, TenantModel, TenantQuerySet, Viewer, seen
from tickets import hours
from tickets.hours import Hours


class TicketStatus(models.TextChoices):
    """Where the work stands."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    RESOLVED = "resolved"


class TicketPriority(models.TextChoices):
    """How much the work matters; a ticket may have none."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Tag(TenantModel):
    """A tag that the workspace uses, with its colour; conversations and tickets hold the texts verbatim."""

    name = models.CharField(max_length=100)
    hue = models.PositiveSmallIntegerField(help_text="Degrees on the colour circle, 0 to 359.")
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint("workspace", Lower("name"), name="tag_unique_per_workspace_in_any_case"),
            models.CheckConstraint(name="tag_hue_is_an_angle", condition=Q(hue__lt=360)),
        ]

    def __str__(self) -> str:
        return self.name


class AttributeSubject(models.TextChoices):
    """What a custom attribute describes."""

    CONTACT = "contact", "Contact"
    CONVERSATION = "conversation", "Conversation"
    TICKET = "ticket", "Ticket"
    COMPANY = "company", "Company"


class AttributeKind(models.TextChoices):
    """What a custom attribute holds. Stored in JSON: a decimal and a date as texts, a number as an integer of 64 bits."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    DECIMAL = "decimal", "Decimal"
    CHOICE = "choice", "Choice"
    BOOLEAN = "boolean", "Yes or no"
    DATE = "date", "Date"
    URL = "url", "URL"


class Attribute(TenantModel):
    """A custom attribute of the workspace. Its values stand under its key in the `attributes` of the rows that it describes."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    subject = models.CharField(max_length=12, choices=AttributeSubject.choices)
    key = models.CharField(max_length=50, help_text="Lower-case letters, digits and underscores; it never changes.")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=8, choices=AttributeKind.choices)
    choices = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    archived_at = Moment(null=True, blank=True, editable=False)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "subject", "key"], name="attribute_key_unique_per_subject"),
            models.CheckConstraint(name="attribute_subject_is_known", condition=Q(subject__in=AttributeSubject.values)),
            models.CheckConstraint(name="attribute_kind_is_known", condition=Q(kind__in=AttributeKind.values)),
        ]

    def __str__(self) -> str:
        return self.name


class TicketNumbers(TenantModel):
    """A workspace's running numbers: the last number given, and how many tickets stand in each status.

    Its row is the lock under which the next number is drawn; exact counts cost nothing to read.
    """

    last = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0, db_default=0)
    open = models.PositiveIntegerField(default=0, db_default=0)
    pending = models.PositiveIntegerField(default=0, db_default=0)
    on_hold = models.PositiveIntegerField(default=0, db_default=0)
    resolved = models.PositiveIntegerField(default=0, db_default=0)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_ticket_counter_per_workspace")]
        verbose_name_plural = "ticket numbers"

    def __str__(self) -> str:
        return str(self.last)

    def standing(self, statuses: Iterable[str] = TicketStatus.values) -> int:
        """How many tickets stand in any of the statuses: in all of them unless some are named."""
        return sum(int(getattr(self, status)) for status in {*statuses})


class BusinessHours(TenantModel):
    """The weekly hours in which a workspace answers; without a row it always does.

    `weekly` has the intervals of each day, as `tickets.hours` writes them.
    """

    time_zone = models.CharField(max_length=64)
    weekly = models.JSONField()
    updated_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_business_hours_per_workspace")]
        verbose_name_plural = "business hours"

    def __str__(self) -> str:
        return self.time_zone

    @property
    def hours(self) -> Hours:
        """When it is open."""
        return hours.parse_row(self.time_zone, self.weekly)


class TicketQuerySet(TenantQuerySet["Ticket"]):
    """The queues of work."""

    def with_people(self) -> Self:
        """Everything that any door prints of a ticket, in the same query."""
        return self.select_related("assignee", "team")


class Ticket(TenantModel):
    """One piece of work. Several conversations may point at it; a summary of their messages is kept on this row."""

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(editable=False)
    subject = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=TicketStatus.choices, default=TicketStatus.NEW)
    priority = models.CharField(max_length=10, choices=TicketPriority.choices, null=True, blank=True)
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    tags = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    # Values of the workspace's custom attributes, by their keys.
    attributes = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    escalation_reason = models.TextField(null=True, blank=True)
    ai_resolved = models.BooleanField(default=False)
    channel = models.CharField(max_length=20, default="api", editable=False)
    anonymous_traits = models.JSONField(default=dict, blank=True)
    session_id = models.CharField(max_length=64, null=True, blank=True)
    session_context = models.JSONField(default=dict, blank=True)
    sla_due_at = Moment(null=True, blank=True)
    snoozed_until = Moment(null=True, blank=True)
    message_count = models.PositiveIntegerField(default=0, editable=False)
    last_message_at = Moment(null=True, blank=True, editable=False)
    last_message_text = models.CharField(max_length=500, null=True, blank=True, editable=False)
    unread_team_count = models.PositiveIntegerField(default=0, editable=False)
    team_read_at = Moment(null=True, editable=False)
    unread_customer_count = models.PositiveIntegerField(default=0, editable=False)
    resolved_at = Moment(null=True, blank=True, editable=False)
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)

    objects: ClassVar[TenantManager[Self]] = TenantManager.from_queryset(TicketQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="ticket_number_unique_per_workspace"),
            models.UniqueConstraint(fields=["workspace", "public_id"], name="ticket_public_id_unique_per_workspace"),
            models.CheckConstraint(name="ticket_status_is_known", condition=Q(status__in=TicketStatus.values)),
            models.CheckConstraint(
                name="ticket_priority_is_known",
                condition=Q(priority=None) | Q(priority__in=TicketPriority.values),
            ),
            models.CheckConstraint(name="ticket_has_one_assignee", condition=Q(assignee=None) | Q(team=None)),
        ]
        indexes = [
            # The list of tickets, newest change first, whole and by status.
            models.Index(fields=["workspace", "-updated_at", "-id"], name="ticket_by_change"),
            models.Index(fields=["workspace", "status", "-updated_at", "-id"], name="ticket_by_status"),
            # The other orders of the list.
            models.Index(fields=["workspace", "created_at", "id"], name="ticket_by_creation"),
            models.Index(fields=["workspace", "sla_due_at", "id"], name="ticket_by_due_moment"),
            models.Index(fields=["workspace", "snoozed_until", "id"], name="ticket_by_snooze"),
            # The sum of what the team has not read.
            models.Index(
                fields=["workspace"],
                name="ticket_unread",
                include=["unread_team_count"],
                condition=Q(unread_team_count__gt=0) & ~Q(status=TicketStatus.RESOLVED),
            ),
            # A member's own queue.
            models.Index(fields=["workspace", "assignee", "status", "-updated_at"], name="ticket_by_assignee"),
            # Deadlines that are running.
            models.Index(
                fields=["workspace", "sla_due_at"],
                name="ticket_by_deadline",
                condition=~Q(status=TicketStatus.RESOLVED),
            ),
            # The minute job that ends snoozes, in all workspaces.
            models.Index(fields=["snoozed_until"], name="ticket_snoozed", condition=Q(snoozed_until__isnull=False)),
            GinIndex(fields=["tags"], name="ticket_by_tag"),
            # Any part of a title, or of what the customer of an API is called.
            GinIndex(
                F("workspace"),
                *(
                    OpClass(Upper(text), name="gin_trgm_ops")
                    for text in ("subject", KT("anonymous_traits__name"), KT("anonymous_traits__email"))
                ),
                name="ticket_texts",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}".strip()

    @classmethod
    def visible_to(cls, viewer: Viewer) -> Q:
        """One's own and one's teams', and those of conversations that the viewer sees; one without a conversation by itself."""
        conversations = cast(type[TenantModel], cls._meta.get_field("conversations").related_model)
        key: dict[str, Any] = {"workspace": OuterRef("workspace"), "ticket": OuterRef("pk")}
        linked = conversations.all_workspaces.filter(**key)  # of its own workspace
        found = of_viewer(viewer) | Q(Exists(seen(linked, viewer)))
        if viewer.visibility == Visibility.TEAMS_AND_UNASSIGNED:
            found |= Q(assignee=None, team=None) & ~Q(Exists(linked))
        return found


class TicketNote(TenantModel):
    """What the team notes about a ticket itself. The notes beside its conversations are messages of these."""

    seen_by = "ticket"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="notes", db_index=False, db_constraint=False
    )
    body = models.TextField()
    metadata = models.JSONField(null=True, blank=True)
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    author_name = models.CharField(max_length=400, blank=True, help_text="As it was when the note was written.")
    created_at = Moment(default=timezone.now, editable=False)
    edited_at = Moment(null=True, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "public_id"], name="ticket_note_public_id_unique_per_workspace"
            ),
        ]
        indexes = [
            # The notes of a ticket, the newest first.
            models.Index(fields=["workspace", "ticket", "-id"], name="ticket_note_by_ticket"),
            # Any part of a note.
            GinIndex(F("workspace"), OpClass(Upper("body"), name="gin_trgm_ops"), name="ticket_note_texts"),
        ]

    def __str__(self) -> str:
        return self.body[:80]


class TicketNoteVersion(TenantModel):
    """The text of a note before it was changed, which owners and admins may read."""

    seen_by = "note"

    note = models.ForeignKey(
        TicketNote, on_delete=models.CASCADE, related_name="versions", db_index=False, db_constraint=False
    )
    body = models.TextField()
    replaced_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    replaced_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        # The texts of a note before, the latest first.
        indexes = [models.Index(fields=["workspace", "note", "-id"], name="ticket_note_version_by_note")]

    def __str__(self) -> str:
        return self.body[:80]
