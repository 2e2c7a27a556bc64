"""People talking: a contact, a channel, and whose turn it is."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar, Self, cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from accounts.models.workspaces import of_viewer
from accounts.moments import Moment
from accounts.permissions import Visibility
from accounts.tenancy import TenantManager, TenantModel, TenantQuerySet, Viewer
from conversations.models.contact import Contact
from conversations.models.mailbox import Mailbox
from conversations.models.searched import Searched, TokensField, cut
from tickets.models import Ticket


class Status(models.TextChoices):
    """Whose turn it is: ours (open), the customer's (pending), nobody's (resolved, closed)."""

    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Channel(models.TextChoices):
    """The channel through which a conversation began; `manual` is one that an agent began."""

    CHAT = "chat", _("Chat")
    EMAIL = "email", _("Email")
    DISCORD = "discord", "Discord"
    API = "api", _("API")
    CALLBACK = "callback", _("Callback")
    FORM = "form", _("Web form")
    MANUAL = "manual", _("Manual")


class Handler(models.TextChoices):
    """Who answers at present: nobody answers spam, and what is in the Trash is as if it had been deleted."""

    PEOPLE = "people"
    ASSISTANT = "assistant"
    NOBODY = "nobody"
    TRASH = "trash"


UNTIL_REPLY = datetime(9999, 1, 1, tzinfo=UTC)
"""The moment of a snooze that only a message of the customer ends."""


NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""The deadline of conversations that have none: they come last."""


@deconstructible(path="conversations.models.conversation.NextDeadline")
class NextDeadline(models.Func):
    """When the next reply to a customer is due: the sooner of the two deadlines that run, or NEVER."""

    output_field = Moment()

    def __init__(self) -> None:
        super().__init__("first_response_at", "first_response_due_at", "next_response_due_at")

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> Any:  # type: ignore[override]
        answered, first, following = (compiler.compile(column)[0] for column in self.get_source_expressions())
        # Without parameters: an index is used for an expression that a statement has literally.
        never = f"TIMESTAMPTZ '{NEVER:%Y-%m-%d %H:%M:%S}+00'"
        return f"COALESCE(LEAST(CASE WHEN {answered} IS NULL THEN {first} END, {following}), {never})", []


class ConversationQuerySet(TenantQuerySet["Conversation"]):
    """The questions an agent asks of the inbox, in words that chain.

    What a partial index is for stands in the statement literally: a prepared one is planned for any value, and would go through
    the whole table.
    """

    def for_people(self) -> Self:
        """Without those that the assistant still handles."""
        return self.filter(handler=Handler.PEOPLE)

    def with_the_assistant(self) -> Self:
        """Those that the assistant handles, without those whose client deleted them."""
        return self.filter(handler__literally=Handler.ASSISTANT, assistant_thread__deleted_at=None)

    def spam(self) -> Self:
        """Those that nobody answers: in no list, count or format until somebody says that they are not spam."""
        return self.filter(handler__literally=Handler.NOBODY)

    def open(self) -> Self:
        """It is our turn, now: open and not snoozed."""
        return self.filter(status__literally=Status.OPEN, snoozed_until=None)

    def waiting_on_customer(self) -> Self:
        return self.filter(status__literally=Status.PENDING, snoozed_until=None)

    def snoozed(self) -> Self:
        return self.filter(status__in=(Status.OPEN, Status.PENDING), snoozed_until__isnull=False)

    def done(self) -> Self:
        """Resolved or closed."""
        return self.filter(status__in=(Status.RESOLVED, Status.CLOSED))

    def closed_with_unread(self) -> Self:
        """Closed, and the customer has written since."""
        return self.filter(status__literally=Status.CLOSED, unread_count__is_positive=True)

    def assigned_to(self, user: User) -> Self:
        return self.filter(assignee=user)

    def unassigned(self) -> Self:
        return self.filter(assignee=None)

    def with_people(self) -> Self:
        """Everything that any door prints of a conversation, in the same query."""
        return self.select_related("contact", "assignee", "team", "ticket")


class ConversationManager(TenantManager["Conversation"].from_queryset(ConversationQuerySet)):  # type: ignore[misc]
    """The conversations of the open scope's workspace, without those in the Trash."""

    def get_queryset(self) -> ConversationQuerySet:
        return cast(ConversationQuerySet, super().get_queryset().exclude(handler=Handler.TRASH))


class TrashManager(TenantManager["Conversation"].from_queryset(ConversationQuerySet)):  # type: ignore[misc]
    """The conversations in the Trash of the open scope's workspace."""

    def get_queryset(self) -> ConversationQuerySet:
        return cast(ConversationQuerySet, super().get_queryset().filter(handler=Handler.TRASH))


class Conversation(Searched, TenantModel):
    """One thread with one contact. All that the inbox filters or sorts by is on this row.

    The last message is kept three times, since products disagree on what counts: `last_message_*` for messages
    between people, `last_visible_*` for all that a customer may see (status changes too), and `last_activity_*` for
    everything, notes included. The moments are never null: before there is any message they are the creation.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    number = models.PositiveIntegerField(editable=False)
    external_id = models.CharField(max_length=255, null=True, blank=True, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="conversations", db_index=False)
    subject = models.TextField()
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.API)
    handler = models.CharField(max_length=10, choices=Handler.choices, default=Handler.PEOPLE, editable=False)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    snoozed_until = Moment(null=True, blank=True)
    # Kept verbatim: one documented product lets callers invent their own. See priorities.py.
    priority = models.CharField(max_length=32, default="normal")
    priority_rank = models.SmallIntegerField(default=2, editable=False)
    tags = ArrayField(models.CharField(max_length=100, blank=True), default=list, blank=True)
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # An assignee as an API caller gave it, beside the member it names, if any.
    assignee_reference = models.TextField(null=True, blank=True, editable=False)
    assignee_label = models.TextField(null=True, blank=True, editable=False)
    ticket = models.ForeignKey(
        Ticket, null=True, blank=True, on_delete=models.RESTRICT, related_name="conversations", db_index=False
    )
    # The conversation that was linked first is the ticket's primary one, which names its customer and takes its replies.
    ticket_linked_at = Moment(null=True, editable=False)
    metadata = models.JSONField(default=dict, blank=True)
    # Values of the workspace's custom attributes, by their keys.
    attributes = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()), blank=True)
    # The mailbox whose mail began it, or that its mails leave by; and whom they go to beside the contact.
    mailbox = models.ForeignKey(
        Mailbox, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    cc = ArrayField(models.CharField(max_length=254), default=list, db_default=[], blank=True)
    # The closed conversation that this one goes on from.
    follows = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )
    # The conversation that has its messages: it is empty and closed, and what is written to it lands there.
    joined_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False, db_constraint=False
    )

    # What the customer has seen in a chat: the moment of the last message that was shown to them.
    customer_seen_at = Moment(null=True, editable=False)
    message_count = models.PositiveIntegerField(default=0, editable=False)
    unread_count = models.PositiveIntegerField(default=0, editable=False)
    preview = models.CharField(max_length=280, blank=True, editable=False)
    last_message = models.ForeignKey(
        "conversations.Message", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    last_visible = models.ForeignKey(
        "conversations.Message", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    last_activity = models.ForeignKey(
        "conversations.Message", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False, editable=False
    )
    last_message_at = Moment(editable=False)
    last_visible_at = Moment(editable=False)
    last_activity_at = Moment(editable=False)
    last_inbound_at = Moment(null=True, editable=False)
    last_outbound_at = Moment(null=True, editable=False)
    waiting_since = Moment(editable=False)
    first_response_due_at = Moment(null=True, blank=True, editable=False)
    first_response_at = Moment(null=True, blank=True, editable=False)
    next_response_due_at = Moment(null=True, blank=True, editable=False)
    closed_at = Moment(null=True, editable=False)
    # When it was put into the Trash, and by whom.
    trashed_at = Moment(null=True, editable=False)
    trashed_by = models.ForeignKey(
        User,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        db_constraint=False,
        editable=False,
    )
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)
    tokens = TokensField(of=("subject",))

    objects: ClassVar[TenantManager[Self]] = ConversationManager()
    trash: ClassVar[TenantManager[Self]] = TrashManager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "public_id"], name="conversation_public_id_unique_per_workspace"
            ),
            models.UniqueConstraint(fields=["workspace", "number"], name="conversation_number_unique_per_workspace"),
            models.UniqueConstraint(
                fields=["workspace", "external_id"], name="conversation_external_id_unique_per_workspace"
            ),
            models.CheckConstraint(name="conversation_status_is_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(name="conversation_channel_is_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(name="conversation_priority_is_not_empty", condition=~Q(priority="")),
            models.CheckConstraint(
                name="conversation_closed_at_tells_that_it_is_done",
                condition=Q(status__in=("resolved", "closed"), closed_at__isnull=False)
                | Q(status__in=("open", "pending"), closed_at=None),
            ),
        ]
        indexes = [
            # A wire format's list, newest message first: whole, by status, by customer. Searches walk along the first without
            # reading the rows that people do not handle, or that do not hold what is wanted.
            models.Index(fields=["workspace", "-last_message_at", "-id"], include=["handler"], name="conv_newest_list"),
            models.Index(fields=["workspace", "status", "-last_message_at", "-id"], name="conv_status_newest"),
            models.Index(fields=["workspace", "contact", "-last_message_at", "-id"], name="conv_contact_newest"),
            # The inbox's queues, longest waiting first.
            models.Index(fields=["workspace", "status", "waiting_since", "id"], name="conv_queue"),
            models.Index(fields=["workspace", "assignee", "status", "waiting_since", "id"], name="conv_mine"),
            # A wire format's list of one channel, newest message first: also of a channel that hardly anybody uses.
            models.Index(fields=["workspace", "channel", "-last_message_at", "-id"], name="conv_channel_newest"),
            # Lists by activity, as agents and as customers see it. What the lists filter by is in the index, so that a
            # page far from the beginning is found without reading the rows before it.
            models.Index(
                fields=["workspace", "-last_activity_at", "-id"],
                include=["handler", "status"],
                name="conv_activity_list",
            ),
            models.Index(fields=["workspace", "contact", "-last_visible_at", "-id"], name="conv_contact_visible"),
            # Lists by creation, as above.
            models.Index(
                fields=["workspace", "-created_at", "-id"], include=["handler", "status"], name="conv_created_list"
            ),
            # All conversations of a ticket.
            models.Index(fields=["workspace", "ticket", "id"], name="conv_ticket", condition=Q(ticket__isnull=False)),
            # The inbox's queue of snoozed ones, longest waiting first; and the minute job that unsnoozes, in all
            # workspaces, which goes through it whole: it is small.
            models.Index(
                fields=["workspace", "waiting_since", "id", "snoozed_until"],
                name="conv_snoozed_queue",
                condition=Q(snoozed_until__isnull=False),
            ),
            # The unassigned queue in its order: PostgreSQL sorts what it finds by "assignee is null" in an index of assignees.
            models.Index(
                fields=["workspace", "status", "waiting_since", "id"],
                name="conv_unassigned_queue",
                condition=Q(assignee=None),
            ),
            # The inbox's "Replied after closing" in both of its orders: small, and looked at all day.
            models.Index(
                fields=["workspace", "waiting_since", "id"],
                name="conv_news_queue",
                condition=Q(status="closed", unread_count__gt=0),
            ),
            models.Index(
                fields=["workspace", "-last_message_at", "-id"],
                name="conv_news_newest",
                condition=Q(status="closed", unread_count__gt=0),
            ),
            # The inbox's queues by the deadline of the next reply; conversations without one come last.
            models.Index(
                F("workspace"),
                F("status"),
                NextDeadline(),
                F("id"),
                name="conv_deadline_queue",
                condition=Q(status__in=("open", "pending")),
            ),
            # What is open of a team, longest waiting first.
            models.Index(
                fields=["workspace", "team", "status", "waiting_since", "id"],
                name="conv_team_queue",
                condition=Q(team__isnull=False),
            ),
            # What a member has resolved today.
            models.Index(
                fields=["workspace", "assignee", "-closed_at", "-id"],
                name="conv_resolved_by",
                condition=Q(assignee__isnull=False, closed_at__isnull=False),
            ),
            # What has a tag.
            GinIndex(fields=["workspace", "tags"], name="conv_tags"),
            # What is spam, newest message first.
            models.Index(
                fields=["workspace", "-last_message_at", "-id"], name="conv_spam", condition=Q(handler="nobody")
            ),
            # What is in the Trash, what was put there last first; and the job that deletes what has been there for long, in all
            # workspaces, which goes through it whole: it is small.
            models.Index(fields=["workspace", "-trashed_at", "-id"], name="conv_trash", condition=Q(handler="trash")),
            # The one that goes on from a closed one.
            models.Index(
                fields=["workspace", "follows", "id"], name="conv_follows", condition=Q(follows__isnull=False)
            ),
            # What the assistant handles, newest message first.
            models.Index(
                fields=["workspace", "-last_message_at", "-id"], name="conv_assistant", condition=Q(handler="assistant")
            ),
            # Words of subjects in a workspace, and subjects that the tokens may not hold to their end.
            GinIndex(fields=["workspace", "tokens"], name="conv_words"),
            models.Index(fields=["workspace", "id"], name="conv_cut", condition=cut("subject")),
            models.Index(fields=["id"], name="conv_without_tokens", condition=Q(tokens=None)),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject[:80]}"

    @classmethod
    def visible_to(cls, viewer: Viewer) -> Q:
        """One's own and one's teams', and with that view those of nobody."""
        found = of_viewer(viewer)
        if viewer.visibility == Visibility.TEAMS_AND_UNASSIGNED:
            found |= Q(assignee=None, team=None)
        return found

    @property
    def is_done(self) -> bool:
        """Resolved or closed."""
        return self.status in (Status.RESOLVED, Status.CLOSED)

    @property
    def is_set_aside(self) -> bool:
        """Nobody answers it: it is spam, or in the Trash."""
        return self.handler in (Handler.NOBODY, Handler.TRASH)

    @property
    def is_snoozed_until_reply(self) -> bool:
        """Snoozed until its customer writes, without a date."""
        return self.snoozed_until == UNTIL_REPLY

    @property
    def is_unassigned(self) -> bool:
        """Whether it belongs to no person: neither a member nor somebody whom an API caller named."""
        return self.assignee_id is None and not self.assignee_reference and not self.assignee_label


class Tally(TenantModel):
    """A workspace's running numbers: the last number given, and how many conversations stand in each status.

    One row and one update per change, so that exact counts cost nothing to read. Conversations that the assistant
    handles are not in it until they are handed over.
    """

    last_number = models.PositiveIntegerField(default=0)
    open = models.PositiveIntegerField(default=0)
    pending = models.PositiveIntegerField(default=0)
    resolved = models.PositiveIntegerField(default=0)
    closed = models.PositiveIntegerField(default=0)

    class Meta(TenantModel.Meta):
        verbose_name_plural = "tallies"
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_tally_per_workspace")]

    def __str__(self) -> str:
        return f"{self.total} conversations"

    @property
    def total(self) -> int:
        """How many conversations there are in all."""
        return self.open + self.pending + self.resolved + self.closed


class EntryPoint(TenantModel):
    """A door that a conversation has used: where it began (`is_entry_point`), or one that joined later."""

    seen_by = "conversation"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="entry_points", db_index=False
    )
    channel = models.CharField(max_length=10, choices=Channel.choices)
    adapter = models.CharField(max_length=64, help_text="Which integration, such as support-chat.")
    external_channel_id = models.CharField(max_length=400, null=True, blank=True)
    is_entry_point = models.BooleanField(default=True)
    metadata = models.JSONField(null=True, blank=True)
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(name="entry_point_channel_is_known", condition=Q(channel__in=Channel.values))
        ]
        # The doors of one conversation, in the order in which they were used.
        indexes = [models.Index(fields=["workspace", "conversation", "id"], name="entry_by_conversation")]

    def __str__(self) -> str:
        return f"{self.channel}/{self.adapter}"
