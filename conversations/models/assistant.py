"""Conversations with the assistant: who owns one, the runs that answer in it, and what a client may watch of a run."""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User
from accounts.moments import Moment
from accounts.tenancy import TenantManager, TenantModel, TenantQuerySet
from conversations.models.conversation import Channel, Conversation
from conversations.models.message import Message

TITLE_LIMIT = 250


class ThreadStatus(models.TextChoices):
    """Whether the assistant is at work in a thread."""

    IDLE = "idle"
    IN_PROGRESS = "in_progress"


class RunStatus(models.TextChoices):
    """What became of a run."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELED = "canceled"


class FrameKind(models.TextChoices):
    """What a frame shows; `assistant.frames` has the fields of each."""

    CONVERSATION = "conversation"
    TEXT = "text"
    MESSAGE = "message"
    FAILURE = "failure"
    STATUS = "status"
    PROPOSAL = "proposal"


class Audience(models.TextChoices):
    """On whose behalf knowledge is looked up: an answer uses only what the person who asked can read."""

    TEAM = "team"  # a member: everything that is published or solved, internal articles too
    KEY = "key"  # a server key that reads conversations: public articles, macros, solved conversations
    TICKETS = "tickets"  # a key that reads tickets alone: the same, but of conversations those that have a ticket
    CUSTOMER = "customer"  # a customer: public articles, and their own solved conversations


class ProposalStatus(models.TextChoices):
    """What became of a step for which the assistant asked approval."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    AUTO_REJECTED = "auto_rejected"


class AssistantThreadQuerySet(TenantQuerySet["AssistantThread"]):
    """The questions that clients ask of their conversations with the assistant."""

    def kept(self) -> Self:
        """Without the deleted ones."""
        return self.filter(deleted_at=None)

    def of_workspace(self) -> Self:
        """Those begun with a key: they are the workspace's, not one member's, and no visitor's."""
        return self.filter(user=None).of_programs()

    def of_programs(self) -> Self:
        """Those that programs and members have with it: without the chats of visitors."""
        return self.exclude(conversation__channel=Channel.CHAT)

    def newest_first(self) -> Self:
        return self.select_related("conversation__ticket", "user").order_by("-updated_at", "-pk")


class AssistantThread(TenantModel):
    """What a conversation with the assistant has besides its messages. Changes of the thread lock this row first."""

    seen_by = "conversation"

    conversation = models.OneToOneField(Conversation, on_delete=models.CASCADE, related_name="assistant_thread")
    title = models.CharField(max_length=TITLE_LIMIT)
    status = models.CharField(max_length=11, choices=ThreadStatus.choices, default=ThreadStatus.IDLE)
    # The member whose thread it is; null where a key began it.
    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # What came with the last question and concerns the whole conversation: opaque, kept for the client.
    metadata = models.JSONField(default=dict)
    # The assistant asked the customer a question, and has not answered since.
    is_asking = models.BooleanField(default=False, db_default=False)
    # When it was handed over; and when an agent took over, since when the assistant does not answer.
    handed_over_at = Moment(null=True)
    taken_over_at = Moment(null=True)
    # Why it was handed over, as `engine.Call` has it.
    call = models.CharField(max_length=6, null=True)
    # Resolved: the customer confirmed it, or it ended without an agent.
    ai_resolved = models.BooleanField(default=False, db_default=False)
    created_at = Moment(default=timezone.now, editable=False)
    updated_at = Moment(default=timezone.now, editable=False)
    deleted_at = Moment(null=True)

    objects: ClassVar[TenantManager[Self]] = TenantManager.from_queryset(AssistantThreadQuerySet)()

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(name="assistant_thread_status_is_known", condition=Q(status__in=ThreadStatus.values))
        ]
        # A client's list, latest change first.
        indexes = [models.Index(fields=["workspace", "-updated_at", "-id"], name="assistant_thread_newest")]

    def __str__(self) -> str:
        return self.title

    @property
    def public_id(self) -> uuid.UUID:
        """The id that clients know: the conversation's, which they may have chosen."""
        return self.conversation.public_id


class AssistantRun(TenantModel):
    """One run of the assistant: it answers a message and those queued behind it, one after the other.

    The worker of the run holds `token`; a second claim, a cancellation or a failure replaces it, so that the worker
    before can write nothing more.
    """

    seen_by = "thread"

    thread = models.ForeignKey(AssistantThread, on_delete=models.CASCADE, related_name="runs", db_index=False)
    question = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+", db_index=False)
    status = models.CharField(max_length=8, choices=RunStatus.choices, default=RunStatus.RUNNING)
    token = models.UUIDField(null=True, editable=False)
    # The session lock of the worker process that claimed it: PostgreSQL lets go of it when the process dies.
    worker = models.BigIntegerField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.KEY, db_default=Audience.KEY)
    started_at = Moment(default=timezone.now, editable=False)
    beat_at = Moment(default=timezone.now, editable=False)
    ended_at = Moment(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(name="assistant_run_status_is_known", condition=Q(status__in=RunStatus.values)),
            models.CheckConstraint(name="assistant_run_audience_is_known", condition=Q(audience__in=Audience.values)),
            models.CheckConstraint(
                name="assistant_run_has_an_end_unless_it_is_running",
                condition=Q(status="running", ended_at=None) | (~Q(status="running") & Q(ended_at__isnull=False)),
            ),
            models.UniqueConstraint(
                fields=["thread"], condition=Q(status="running"), name="one_assistant_run_per_thread_at_a_time"
            ),
        ]
        indexes = [
            # The latest run of a thread.
            models.Index(fields=["workspace", "thread", "-id"], name="assistant_run_latest"),
            # The workers' look for lost runs every few seconds, in all workspaces.
            models.Index(fields=["beat_at"], name="assistant_run_beats", condition=Q(status="running")),
        ]

    def __str__(self) -> str:
        return f"run {self.pk}"

    @property
    def is_over(self) -> bool:
        return self.status != RunStatus.RUNNING


class AssistantFrame(TenantModel):
    """One thing that a watcher of a run is shown. Frames are written under the thread's lock: their ids grow in order."""

    seen_by = "run"

    run = models.ForeignKey(AssistantRun, on_delete=models.CASCADE, related_name="frames", db_index=False)
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=FrameKind.choices)
    body = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(name="assistant_frame_kind_is_known", condition=Q(kind__in=FrameKind.values)),
            models.UniqueConstraint(fields=["run", "sequence"], name="assistant_frame_sequence_unique_per_run"),
        ]

    def __str__(self) -> str:
        return f"{self.sequence} {self.kind}"


class AssistantQueueItem(TenantModel):
    """A message that waits until the assistant has answered the one before."""

    seen_by = "thread"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(AssistantThread, on_delete=models.CASCADE, related_name="queue", db_index=False)
    content = models.TextField()
    # What came with it, opaque: it goes on to the message, and to the conversation, when its turn comes.
    metadata = models.JSONField(default=dict)
    thread_metadata = models.JSONField(default=dict)
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.KEY, db_default=Audience.KEY)
    created_at = Moment(default=timezone.now, editable=False)

    class Meta(TenantModel.Meta):
        # What waits in a thread, in order.
        indexes = [models.Index(fields=["workspace", "thread", "id"], name="assistant_queue_by_thread")]

    def __str__(self) -> str:
        return self.content[:80]


class AssistantProposal(TenantModel):
    """A step for which the assistant asks approval before it takes it."""

    seen_by = "thread"

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    thread = models.ForeignKey(AssistantThread, on_delete=models.CASCADE, related_name="proposals", db_index=False)
    # The message with which it asked.
    message = models.ForeignKey(Message, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    tool_name = models.CharField(max_length=40)
    preview = models.TextField()
    payload = models.JSONField(default=dict)
    status = models.CharField(max_length=13, choices=ProposalStatus.choices, default=ProposalStatus.PENDING)
    created_at = Moment(default=timezone.now, editable=False)
    decided_at = Moment(null=True)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "public_id"], name="assistant_proposal_public_id_unique_per_workspace"
            ),
            models.CheckConstraint(
                name="assistant_proposal_status_is_known", condition=Q(status__in=ProposalStatus.values)
            ),
            models.UniqueConstraint(
                fields=["thread"], condition=Q(status="pending"), name="one_pending_assistant_proposal_per_thread"
            ),
        ]
        # A thread's proposals, in order.
        indexes = [models.Index(fields=["workspace", "thread", "id"], name="assistant_proposal_by_thread")]

    def __str__(self) -> str:
        return f"{self.tool_name} {self.status}"
